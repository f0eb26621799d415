"""Doubts about a run's outputs and pairs, from the signs in its records."""

from collections.abc import Collection, Iterable, Iterator
from statistics import median

from benchmark.results.record import Record
from benchmark.suspicion.signs import Sign

FAR_BELOW_DB = -3.0
"""Median PSNR gain over the input, dB, below which a run is doubted: no working method loses so much."""
CHANNELS_DB = 1.0
"""Least PSNR gain from reversed channels, dB, for a warning."""
SCALE = 1.25
"""A scale factor outside 1 / SCALE to SCALE gives a warning."""
BLURRIER = 0.8
"""Ratio of the target's detail to the input's below which the target counts as blurrier."""
SHIFTED_PX = 0.75
STEADY_PX = 0.3
"""px; a shift is constant if most images have it to within this."""
MOST = 0.8
"""Least share of the images that must show the same sign."""
OUTSIDE = 0.5
"""Distance beyond [0, 1] of the median lowest or highest output value above which the range counts as wrong."""
CLIPPED = 0.1
"""Median share of pixels clipped to 0 or 1 in the output alone, above which a run is doubted."""
UNLIKE = 0.5
"""Median correlation of input and target below which they count as different scenes."""


def doubts_about_run(records: Iterable[Record]) -> list[str]:
    """List doubts about the run, one sentence each; none for records of releases that kept no signs."""
    done = [record for record in records if record.status == "ok" and record.signs]
    return [sentence for find in _FINDERS for sentence in find(done)] if done else []


def _far_below(records: Collection[Record]) -> Iterator[str]:
    gains = _values(records, Sign.GAIN)
    if not gains or median(gains) > FAR_BELOW_DB:
        return
    channels, scale = median(_values(records, Sign.SWAPPED)), median(_values(records, Sign.SCALE))
    causes = []
    if channels > CHANNELS_DB:
        causes.append(f"with its channels reversed it would gain {channels:.1f} dB, so it is BGR, not RGB")
    if not 1 / SCALE < scale < SCALE:
        causes.append(f"{scale:.3g} times its values lie nearest to the truth, so its scale is wrong")
    cause = " and ".join(causes) or "look at its channel order (RGB) and its scale (0 to 1)"
    yield f"the output is {-median(gains):.1f} dB below the input (median): {cause}"


def _swapped(records: Collection[Record]) -> Iterator[str]:
    details = _values(records, Sign.DETAIL)
    blurrier = sum(detail < BLURRIER for detail in details)
    if details and blurrier >= MOST * len(details):
        yield (f"the target is blurrier than the input in {blurrier} of {len(details)} images: they look swapped")


def _shifted(records: Collection[Record]) -> Iterator[str]:
    shifts = list(zip(_values(records, Sign.SHIFT_X), _values(records, Sign.SHIFT_Y), strict=True))
    if len(shifts) < MOST * len(records):
        return
    x, y = (median(axis) for axis in zip(*shifts, strict=True))
    steady = sum(max(abs(one[0] - x), abs(one[1] - y)) <= STEADY_PX for one in shifts)
    if max(abs(x), abs(y)) >= SHIFTED_PX and steady >= MOST * len(records):
        yield (
            f"the output lies ({x:+.1f}, {y:+.1f}) px from the target in {steady} of {len(records)} images: look at "
            "how it is padded and cropped, or at the data set's alignment"
        )


def _range(records: Collection[Record]) -> Iterator[str]:
    low, high = median(_values(records, Sign.LOWEST)), median(_values(records, Sign.HIGHEST))
    if low < -OUTSIDE or high > 1 + OUTSIDE:
        yield f"outputs run from {low:.3g} to {high:.3g} (median): they must lie in [0, 1], the rest is clipped"
    elif (share := median(_values(records, Sign.SATURATED))) > CLIPPED:
        yield f"{share:.0%} of the pixels (median) are clipped to 0 or 1 in the output alone: look at its range"


def _unlike(records: Collection[Record]) -> Iterator[str]:
    alike = _values(records, Sign.LIKENESS)
    if alike and median(alike) < UNLIKE:
        found = f"correlation {median(alike):.2f}, median"
        yield f"input and target do not show the same ({found}): look at how they are paired"


_FINDERS = (_far_below, _swapped, _shifted, _range, _unlike)


def _values(records: Iterable[Record], sign: str) -> list[float]:
    return [record.signs[sign] for record in records if sign in record.signs]
