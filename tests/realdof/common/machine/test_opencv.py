"""A bare server lacks libraries that OpenCV links to: one sentence says so, whichever module needs OpenCV first."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import realdof.common

ROOT = Path(realdof.common.__path__[0]).parent
# One of each room that uses OpenCV.
MODULES = (
    "realdof.images.files",
    "realdof.geometry.warp",
    "realdof.alignment.estimate",
    "realdof.matching.photometry",
    "realdof.raw.half_size",
    "realdof.simulation.views",
    "realdof.optics.rendering",
    "realdof.common.machine.software",
)


def imported_without(tmp_path: Path, module: str, words: str) -> str:
    """What Python says when a module is imported and importing OpenCV fails with these words."""
    (tmp_path / "cv2.py").write_text(f"raise ImportError({words!r})")
    code = f"import sys; sys.path.insert(0, sys.argv[1]); import {module}"
    return subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("module", MODULES)
def test_a_missing_system_library_is_named_with_its_remedy_whatever_is_imported_first(
    tmp_path: Path, module: str
) -> None:
    said = imported_without(tmp_path, module, "libGL.so.1: cannot open shared object file: No such file or directory")
    assert "InputError: OpenCV cannot start because libGL.so.1 is missing" in said
    assert "apt-get install libgl1 libglib2.0-0" in said


def test_another_import_error_is_not_explained_by_a_missing_library(tmp_path: Path) -> None:
    said = imported_without(tmp_path, "realdof.images.files", "numpy.core.multiarray failed to import")
    assert "apt-get" not in said
    assert "ImportError: numpy.core.multiarray failed to import" in said


def test_an_opencv_that_another_package_took_along_when_it_was_uninstalled_is_named_with_its_remedy(
    tmp_path: Path,
) -> None:
    """What is left of cv2 then is a folder without its library, which imports as an empty package."""
    (tmp_path / "cv2").mkdir()
    code = "import sys; sys.path.insert(0, sys.argv[1]); import cv2; import realdof.images.files"
    # An empty folder is found only if no whole cv2 stands anywhere on the path, so it is given a module of its own.
    (tmp_path / "cv2" / "__init__.py").write_text("")
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert "InputError: OpenCV is incomplete" in done.stderr
    assert "pip install --force-reinstall --no-deps opencv-python" in done.stderr


def test_no_other_module_of_the_package_imports_opencv_itself() -> None:
    direct = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.split(".")[0] == "cv2" for name in names):
                direct.append(path.relative_to(ROOT).as_posix())
    assert direct == ["common/machine/opencv.py"]
