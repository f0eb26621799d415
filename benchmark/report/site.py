"""Write a report as a folder of pages, which open from disk without a network."""

import json
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from benchmark.leaderboards.render.tables import templates
from benchmark.report import views
from benchmark.report.contents import Board, Contents, Entrant, ImageSet
from benchmark.report.drawing import Drawn, draw
from realdof.common.errors import InputError
from realdof.common.files import write_text
from realdof.common.look.style import style_sheet

HOME = "index.html"
MARKER = "ifan-bench-report.json"
"""File that marks a folder as an earlier report, which may be replaced."""
LARGEST = 150.0
"""Default limit on the size of a report's pictures, MB."""
_ASSETS = ("viewer.js", "tables.js", "charts.js")
_SHOWN = 3
"""Number of best and of worst images on a method's page."""


def write_site(
    contents: Contents,
    out: Path,
    *,
    megabytes: float = LARGEST,
    most: int | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write a report, and return the path of its first page.

    Parameters
    ----------
    out
        Folder of the report: new, empty, or with an earlier report, which is replaced.
    megabytes
        Largest total size of the pictures, MB.
    most
        Largest number of images per set that get a page; None for all, 0 for none.
    report
        Progress callback (images drawn, images in total).

    Raises
    ------
    InputError
        The folder holds something else or cannot be written to, or the pictures exceed the limit.
    """
    claim(out)
    drawn = {one.slug: list[Drawn]() for one in contents.sets}
    if most != 0:
        drawn = draw(contents.sets, out, megabytes * 1e6, most, report)
    style = style_sheet() + files(__package__).joinpath("assets", "report.css").read_text(encoding="utf-8")
    write_text(out / "assets" / "report.css", style)
    for name in _ASSETS:
        write_text(out / "assets" / name, files(__package__).joinpath("assets", name).read_text(encoding="utf-8"))
    for address, text in _pages(contents, drawn):
        write_text(out / address, text)
    return out / HOME


def claim(out: Path) -> None:
    """Mark a folder as a report, and remove an earlier report from it.

    Raises
    ------
    InputError
        The folder holds something else.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; name a folder for the report")
    if out.is_dir() and any(out.iterdir()):
        if not (out / MARKER).is_file():
            raise InputError(f"{out} holds files that are no report; name a new folder")
        # The marker stays, so that the remains can still be recognised as a report if this process is killed.
        for path in out.iterdir():
            if path.name != MARKER:
                _remove(path)
    write_text(out / MARKER, json.dumps({"format": 1}) + "\n")


def _remove(path: Path) -> None:
    try:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as error:
        raise InputError(f"cannot remove {path}: {error.strerror}; name a new folder for the report") from error


def _pages(contents: Contents, drawn: dict[str, list[Drawn]]) -> Iterator[tuple[str, str]]:
    """Yield the address of each page, relative to the report's folder, and its HTML."""
    by_page: dict[str, list[tuple[Board, Entrant]]] = {}
    for board in contents.boards:
        for entrant in board.entrants:
            by_page.setdefault(entrant.page, []).append((board, entrant))
    shared = {"boards": contents.boards}
    yield HOME, _rendered("home.html", "", shared, _home(contents, drawn, by_page))
    for page, found in by_page.items():
        gained = views.gains(contents.sets, drawn, page)
        content = {
            "label": found[0][1].label, "facts": views.method_facts(found[0][1]), "found": found, "gained": gained,
            "best": gained[:_SHOWN], "worst": gained[_SHOWN:][-_SHOWN:][::-1],
            "harmed": sum(one.gain < 0 for one in gained),
        }  # fmt: skip
        yield f"methods/{page}.html", _rendered("method.html", "../", shared, content)
    for images in contents.sets:
        for board in images.boards:
            found_charts = views.charts(board, images, drawn[images.slug], "../")
            content = {"board": board, "charts": found_charts, "data": _json(found_charts.scatter)}
            yield f"charts/{board.slug}.html", _rendered("charts.html", "../", shared, content)
        for at, image in enumerate(drawn[images.slug]):
            neighbours = drawn[images.slug]
            content = {
                "set": images, "image": image, "at": at, "total": len(neighbours),
                "before": neighbours[at - 1] if at else None,
                "after": neighbours[at + 1] if at + 1 < len(neighbours) else None,
                "viewer": _viewer(images, image, "../../"),
                "scores": [views.image_scores(board, image.name) for board in images.boards],
            }  # fmt: skip
            yield f"images/{images.slug}/{image.slug}.html", _rendered("image.html", "../../", shared, content)


def _home(
    contents: Contents, drawn: dict[str, list[Drawn]], by_page: dict[str, list[tuple[Board, Entrant]]]
) -> dict[str, Any]:
    lines = {board.slug: views.measured_lines(board) for board in contents.boards}
    every = [line for found in lines.values() for line in found]
    return {
        "contents": contents,
        "sentences": views.sentences(contents, drawn),
        "drawn": drawn,
        "hero": _hero(contents, drawn),
        "lines": lines,
        "published": {board.slug: views.published_lines(board) for board in contents.boards},
        "choices": {
            "set": sorted({board.table.dataset for board in contents.boards}),
            "protocol": sorted({board.table.protocol for board in contents.boards}),
            "inputs": sorted({line.inputs for line in every}),
            "weights": sorted({line.weights for line in every if line.weights}),
        },
        "methods": [(page, found[0][1].label) for page, found in by_page.items()],
    }


def _hero(contents: Contents, drawn: dict[str, list[Drawn]]) -> dict[str, Any] | None:
    """Choose the image on which the best method gains most, or else the first image."""
    for images in contents.sets:
        if not drawn[images.slug]:
            continue
        pages = [entrant.page for entrant in images.outputs.values()]
        gained = [one for one in views.gains([images], drawn, pages[0]) if one.gain > 0] if pages else []
        image = gained[0].image if gained else drawn[images.slug][0]
        return {"set": images, "image": image, "viewer": _viewer(images, image, "")}
    return None


def _viewer(images: ImageSet, image: Drawn, root: str) -> dict[str, Any]:
    content = views.viewer(images, image, root)
    by_key = {picture["key"]: picture for picture in content["pictures"]}
    return content | {"json": _json(content), "first": by_key[content["left"]], "second": by_key[content["right"]]}


def _json(content: Any) -> Markup:
    """Return JSON that is safe in a script element, whatever names it contains."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # The escapes prevent it from ending the script element and from beginning a tag or an entity.
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # nosec B704


def _rendered(template: str, root: str, shared: dict[str, Any], content: dict[str, Any]) -> str:
    return templates(__package__).get_template(template).render(root=root, **shared, **content)
