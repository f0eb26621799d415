"""The report's charts as shapes for SVG: box plots of scores, and gain against blur. Positions are in percent."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.protocols.stratified import BANDS
from benchmark.report.drawing import Drawn
from benchmark.report.layers import INPUT

Errors = Mapping[str, Mapping[str, float]]
"""Share and mean squared error of each band of blur, by key of the picture, for one image."""
BLURRED = BANDS[:-1]
"""The bands of blur, without the band of pixels whose blur is unknown for want of texture."""


@dataclass(frozen=True)
class Tick:
    """A tick of an axis: its position in percent, and its label."""

    at: float
    text: str


@dataclass(frozen=True)
class Point:
    """An image's score in a box plot: its position in percent, its text and the address of its page."""

    at: float
    text: str
    href: str


@dataclass(frozen=True)
class Box:
    """One method's box: whisker ends, quartiles and median in percent, a description, and the points beyond."""

    label: str
    low: float
    quarter: float
    median: float
    three_quarters: float
    high: float
    text: str
    outside: tuple[Point, ...]


@dataclass(frozen=True)
class BoxPlot:
    """A box plot of one metric, with a box per method."""

    key: str
    title: str
    ticks: tuple[Tick, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Line:
    """One method's gain by band: position in percent from left and top, gain in dB; None for an unknown gain."""

    label: str
    points: tuple[tuple[float, float, float] | None, ...]

    @property
    def pieces(self) -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
        """The pairs of neighbouring points that both exist."""
        return [(a, b) for a, b in zip(self.points, self.points[1:], strict=False) if a and b]


@dataclass(frozen=True)
class LineChart:
    """A chart of the gain over the input against blur."""

    ticks: tuple[Tick, ...]
    bands: tuple[Tick, ...]
    zero: float
    lines: tuple[Line, ...]


def box_plot(
    key: str, title: str, decimals: int, scores: Mapping[str, Mapping[str, float]], pages: Mapping[str, str]
) -> BoxPlot | None:
    """Make the box plot of one metric; whiskers reach at most 1.5 interquartile ranges beyond the box (Tukey).

    Parameters
    ----------
    scores
        Scores by the method's label and the image's name.
    pages
        Address of each image's page, by name; images without a page are absent.

    Returns
    -------
    BoxPlot or None
        None if no image has a finite score.
    """
    finite = {
        label: {name: value for name, value in one.items() if math.isfinite(value)} for label, one in scores.items()
    }
    finite = {label: one for label, one in finite.items() if one}
    if not finite:
        return None
    place, ticks = _axis([value for one in finite.values() for value in one.values()])
    boxes = []
    for label, one in finite.items():
        values = np.array(list(one.values()))
        quarter, median, three = np.percentile(values, [25, 50, 75])
        reach = 1.5 * (three - quarter)
        low = values[values >= quarter - reach].min()
        high = values[values <= three + reach].max()
        outside = [
            Point(place(value), f"{name}: {value:.{decimals}f}", pages.get(name, ""))
            for name, value in one.items()
            if not low <= value <= high
        ]
        quartiles = f"{quarter:.{decimals}f} and {three:.{decimals}f}"
        text = f"median {median:.{decimals}f}, quartiles {quartiles}, {len(values)} images"
        at = [place(float(value)) for value in (low, quarter, median, three, high)]
        boxes.append(Box(label, at[0], at[1], at[2], at[3], at[4], text, tuple(outside)))
    return BoxPlot(key, title, ticks, tuple(boxes))


def gain_by_blur(drawn: Iterable[Drawn], labels: Mapping[str, str]) -> LineChart | None:
    """Make the chart of the gain in PSNR over the defocused image, over all pixels in each band of its blur.

    Parameters
    ----------
    labels
        Labels of the methods' outputs, by key.

    Returns
    -------
    LineChart or None
        None if no gain is known, for instance without all-in-focus images.
    """
    images = [one.errors for one in drawn]
    gains = {label: [gain_in(images, key, band) for band in BLURRED] for key, label in labels.items()}
    known = [value for one in gains.values() for value in one if value is not None and math.isfinite(value)]
    if not known:
        return None
    place, ticks = _axis([*known, 0.0])
    steps = [100 * (number + 0.5) / len(BLURRED) for number in range(len(BLURRED))]
    lines = [
        Line(label, tuple(
            None if value is None or not math.isfinite(value) else (at, 100 - place(value), value)
            for at, value in zip(steps, one, strict=True)
        ))
        for label, one in gains.items()
        if any(value is not None for value in one)
    ]  # fmt: skip
    upright = tuple(Tick(100 - tick.at, tick.text) for tick in ticks)
    bands = tuple(Tick(at, band.removesuffix("-") + (" and more" if band.endswith("-") else "") + " px")
                  for at, band in zip(steps, BLURRED, strict=True))  # fmt: skip
    return LineChart(upright, bands, 100 - place(0.0), tuple(lines))


def gain_in(images: Sequence[Errors], key: str, band: str | None = None) -> float | None:
    """Return the gain in dB over the defocused image in one band, or over all pixels; None if unknown.

    Only images that have this output are included.
    """
    bands = BANDS if band is None else (band,)
    shared = [one for one in images if key in one and INPUT in one]
    before, after = (
        sum(e[which][f"share@{b}"] * e[which].get(f"mse@{b}", 0.0) for e in shared for b in bands)
        for which in (INPUT, key)
    )
    if before <= 0:
        return None
    return math.inf if after <= 0 else 10 * math.log10(before / after)


def _axis(values: Sequence[float]) -> "tuple[_Place, tuple[Tick, ...]]":
    low, high = min(values), max(values)
    room = 0.05 * (high - low or 1.0)
    low, high = low - room, high + room
    place = _Place(low, high)
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(times * power for times in (1, 2, 5, 10, 20) if (high - low) / (times * power) <= 6)
    decimals = max(0, -math.floor(math.log10(step)))
    first, last = math.ceil(low / step), math.floor(high / step)
    return place, tuple(Tick(place(n * step), f"{n * step:.{decimals}f}") for n in range(first, last + 1))


@dataclass(frozen=True)
class _Place:
    """Function that maps values between two limits to percent."""

    low: float
    high: float

    def __call__(self, value: float) -> float:
        return 100 * (value - self.low) / (self.high - self.low)
