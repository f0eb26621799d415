"""A report as a folder of pages that opens from disk, without a network."""

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
"""Says that a folder was written by this command, so that it may be written anew."""
LARGEST = 150.0
"""MB that the pictures of a report take at most by default."""
_ASSETS = ("viewer.js", "tables.js", "charts.js")
_SHOWN = 3
"""Best and worst images on a method's page."""


def write_site(
    contents: Contents,
    out: Path,
    *,
    megabytes: float = LARGEST,
    most: int | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write a report, and give the address of its first page.

    Parameters
    ----------
    out
        The folder; it is new, empty, or an earlier report, which is replaced.
    megabytes
        What all pictures may take, MB.
    most
        How many images of each set have a page at most; None for all, 0 for none.
    report
        Progress callback (images drawn, images in total).

    Raises
    ------
    InputError
        The folder holds something else or cannot be written to, or the pictures take more than they may.
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
    """Empty a folder that holds an earlier report, and mark it as one.

    Raises
    ------
    InputError
        It holds something else.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; name a folder for the report")
    if out.is_dir() and any(out.iterdir()):
        if not (out / MARKER).is_file():
            raise InputError(f"{out} holds files that are no report; name a new folder")
        # The mark stays: without it what is left, if this process is killed, would be no report's.
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
    """Address below the report's folder and text of every page."""
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
    """The image where the first method of the tables gains most, or the first image."""
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
    """JSON that can stand in a script element, whatever names it holds."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # Nothing is left in it that ends a script element or begins a tag or an entity.
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # nosec B704


def _rendered(template: str, root: str, shared: dict[str, Any], content: dict[str, Any]) -> str:
    return templates(__package__).get_template(template).render(root=root, **shared, **content)
