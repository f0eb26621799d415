"""Print tables: the scenes of captures, and the scenes of a built data set."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.table import Column, Table

from realdof.common.console import draw, say

if TYPE_CHECKING:
    from realdof.captures.scene import Complaint, Scene
    from realdof.dataset.manifest import Manifest

_COLOURS = {"accepted": "green", "doubtful": "yellow", "rejected": "red", "failed": "red"}


def show_captures(found: "list[Scene]", complaints: "list[Complaint]") -> None:
    """Print the scenes of captures and the complaints about them; exit with status 1 if one cannot be used."""
    table = Table("scene", "defocused camera", "reference pair", "target pair", title=f"{len(found)} scenes")
    for scene in found:
        pairs = [f"{pair.a.path.name}, {pair.b.path.name}" for pair in (scene.reference, scene.target)]
        table.add_row(*map(escape, (scene.name, scene.defocused, *pairs)))
    draw(table)
    for complaint in complaints:
        word, style = ("unusable", "red") if complaint.fatal else ("doubtful", "yellow")
        say(str(complaint), before=word, style=style)
    if any(complaint.fatal for complaint in complaints):
        raise typer.Exit(1)


def show_data_set(out: Path, manifest: "Manifest") -> None:
    """Print the scenes of a built data set, the reasons for verdicts other than accepted, and the doubts to check."""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in manifest.counts.items() if count)
    columns = ("verdict", "shift, px", "at corners, px", "PSNR, dB", "gain")
    table = Table(Column("scene", no_wrap=True), *columns, title=escape(f"{out}: {counts}"))
    for scene in manifest.scenes:
        shift = scene.quality.residual_shift if scene.quality else None
        gain = scene.photometry.gain if scene.photometry else None
        table.add_row(
            escape(scene.name),
            f"[{_COLOURS[scene.verdict]}]{scene.verdict}[/]",
            _figure(shift.median if shift else None, 3),
            _figure(shift.corner if shift else None, 3),
            _figure(scene.quality.reference_psnr if scene.quality else None, 1),
            _figure(sum(gain) / 3 if gain else None, 3),
        )
    draw(table)
    for scene in manifest.scenes:
        if scene.verdict != "accepted":
            say(f"scene {scene.name}: {scene.reason}", before=scene.verdict, style=_COLOURS[scene.verdict])
    for name, sentences in manifest.doubts.items():
        for sentence in sentences:
            say(f"scene {name}: {sentence}", before="look at", style="yellow")


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
