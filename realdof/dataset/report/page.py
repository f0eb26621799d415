"""Write the report page of a built data set: a table of its scenes, and pictures to check each scene by."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jinja2
import markupsafe
import numpy as np

from realdof.common.files import atomic_path, write_text
from realdof.common.look.style import style_sheet
from realdof.dataset.layout import PAIR, REFERENCE, REPORT, Role, picture_path
from realdof.dataset.manifest import Manifest, SceneRecord, SceneVerdict, read_manifest, read_record
from realdof.dataset.report.displacement import ArrowField, ShiftMap, arrow_field, shift_map
from realdof.dataset.report.flip import flip
from realdof.dataset.report.pictures import ColourMap, colour_map, detail, detail_corner, thumbnail
from realdof.images.files import read_pixels


@dataclass(frozen=True)
class Column:
    """A column of the table: its heading, its full meaning, and the format of its figures."""

    key: str
    heading: str
    meaning: str
    form: str


COLUMNS = (
    Column("shift", "shift, px", "median residual displacement of the aligned reference pair", "{:.3f}"),
    Column("corner", "corner, px", "largest displacement left at a corner of the image", "{:.3f}"),
    Column("psnr", "PSNR, dB", "of the aligned reference pair, over red, green and blue", "{:.2f}"),
    Column("ssim", "SSIM", "of the aligned reference pair, luma", "{:.3f}"),
    Column("gain", "gain", "green: what the all-in-focus image was multiplied with", "{:.3f}"),
    Column("exposure", "exposure, %", "residual exposure error of the target pair, its worst channel", "{:.2f}"),
    Column("blur", "blur, px", "of the defocused image, standard deviation of a Gaussian: 95 % have less", "{:.2f}"),
    Column("clipped", "clipped, %", "pixels of the defocused image with a clipped channel", "{:.2f}"),
)


@dataclass(frozen=True)
class SceneView:
    """The content of the page about one scene; ``pictures`` lacks those for which there is no image."""

    name: str
    verdict: SceneVerdict
    reason: str
    doubts: tuple[str, ...]
    figures: dict[str, float]
    facts: tuple[str, ...]
    pictures: dict[str, str]
    field: ArrowField | None
    shift: ShiftMap | None
    blur: ColourMap | None
    exposure: ColourMap | None

    @property
    def cells(self) -> list[tuple[str, str]]:
        """The figure to sort by and the printed figure of each column."""
        known = [(self.figures.get(column.key), column.form) for column in COLUMNS]
        return [("", "") if value is None else (repr(value), form.format(value)) for value, form in known]


def write_report(out: Path, report: Callable[[int, int], None] = lambda done, total: None) -> Path:
    """Write ``report.html``, a page without external files, into a built data set.

    The flip and the displacement map of each scene are also written to ``pictures``.

    Parameters
    ----------
    out
        A folder that ``realdof build`` has finished.
    report
        Progress callback (scenes done, scenes in total).

    Raises
    ------
    InputError
        The folder holds no built data set, or one of its images cannot be read.
    """
    manifest = read_manifest(out)
    views = []
    for done, scene in enumerate(manifest.scenes, start=1):
        record = scene if scene.verdict == "failed" else read_record(out, scene.name)
        view = view_of(out, record, manifest.doubts.get(scene.name, ()))
        _write_pictures(out, view)
        views.append(view)
        report(done, len(manifest.scenes))
    page = _page(out.resolve().name, manifest, views)
    path = out / REPORT
    write_text(path, page)
    return path


def view_of(out: Path, record: SceneRecord, doubts: tuple[str, ...]) -> SceneView:
    """Collect the content of the page about one scene."""
    images = {role: read_pixels(out / file.file) for role, file in record.outputs.items()}
    quality = record.quality
    exposure = [] if quality is None else quality.residual_exposure.map
    return SceneView(
        name=record.name,
        verdict=record.verdict,
        reason=record.reason,
        doubts=doubts,
        figures=_figures(record),
        facts=_facts(record),
        pictures=_pictures(images),
        field=_field(record, images),
        shift=_shift(record, images),
        blur=None if quality is None else colour_map(quality.blur_sigma, signed=False),
        exposure=colour_map([[block[1] if block else None for block in row] for row in exposure], signed=True),
    )


def _write_pictures(out: Path, view: SceneView) -> None:
    pictures = {"flip": view.pictures.get("flip"), "displacement": None if view.shift is None else view.shift.picture}
    for name, uri in pictures.items():
        if uri is not None:
            path = picture_path(out, view.name, name)
            with atomic_path(path) as temporary:
                temporary.write_bytes(base64.b64decode(uri.partition("base64,")[2]))


def _pictures(images: dict[Role, np.ndarray]) -> dict[str, str]:
    pictures = {role.value: thumbnail(pixels) for role, pixels in images.items()}
    for sharpest, roles in ((Role.REFERENCE_FIXED, REFERENCE), (Role.TARGET, PAIR)):
        if sharpest in images:
            corner = detail_corner(images[sharpest])
            pictures |= {f"{role}_detail": detail(images[role], corner) for role in roles if role in images}
    if all(role in images for role in PAIR):
        pictures["flip"] = flip(*(images[role] for role in PAIR))
    return pictures


def _field(record: SceneRecord, images: dict[Role, np.ndarray]) -> ArrowField | None:
    if record.quality is None or Role.REFERENCE_FIXED not in images:
        return None
    height, width = images[Role.REFERENCE_FIXED].shape[:2]
    return arrow_field(record.quality.residual_shift.field, height, width)


def _shift(record: SceneRecord, images: dict[Role, np.ndarray]) -> ShiftMap | None:
    if record.quality is None or Role.REFERENCE_FIXED not in images:
        return None
    return shift_map(images[Role.REFERENCE_FIXED], record.quality.residual_shift.field)


def _figures(record: SceneRecord) -> dict[str, float]:
    """Return the figures that are known, by column."""
    found: dict[str, float | None] = {}
    if record.photometry is not None:
        found["gain"] = record.photometry.gain[1]
    if (quality := record.quality) is not None:
        error = quality.residual_exposure.error
        found |= {
            "shift": quality.residual_shift.median,
            "corner": quality.residual_shift.corner,
            "psnr": quality.reference_psnr,
            "ssim": quality.reference_ssim,
            "exposure": 100 * max(error) if error else None,
            "blur": quality.blur_percentile_95,
            "clipped": 100 * quality.clipped_defocused,
        }
    return {key: value for key, value in found.items() if value is not None}


def _facts(record: SceneRecord) -> tuple[str, ...]:
    """Return the facts that have no column, one sentence each."""
    facts = []
    if record.defocused_camera:
        facts.append(f"Camera {record.defocused_camera} is the defocused one; its grid is kept.")
    if (alignment := record.alignment) is not None:
        mirrored = "mirrored" if alignment.mirrored else "not mirrored"
        facts.append(
            f"The other camera's image is {mirrored}; {alignment.method} from start {alignment.start}, "
            f"{alignment.iterations} iterations, correlation {alignment.correlation:.4f}, of detail "
            f"{alignment.detail_correlation:.4f}; {alignment.matched_tiles} of {alignment.textured_tiles} "
            "textured tiles match."
        )
    if (model := record.photometry) is not None:
        gains, offsets = (" / ".join(f"{value:.4f}" for value in values) for values in (model.gain, model.offset))
        facts.append(
            f"Exposure by {model.method} on the {model.pair} pair: gain {gains}, offset {offsets} ({model.domain})."
        )
    if record.grid and (region := record.region) is not None:
        facts.append(
            f"Valid region {region.width}x{region.height} of {record.grid[1]}x{record.grid[0]}, "
            f"from ({region.left}, {region.top})."
        )
    return tuple(facts)


def _page(name: str, manifest: Manifest, views: list[SceneView]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("realdof.dataset.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    return environment.get_template("report.html.j2").render(
        # The package's own style sheet contains no user input.
        style=markupsafe.Markup(style_sheet()),  # nosec B704
        name=name,
        manifest=manifest,
        settings=manifest.build.settings,
        counts=manifest.counts,
        columns=COLUMNS,
        scenes=views,
    )
