"""What the tests of building share: captures of two good scenes and one of sky, and `realdof` as a user runs it."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from realdof.simulation.parameters import Simulation
from realdof.simulation.simulate import simulate_scene

SIMULATION = Simulation(size="small", largest_shift=20, largest_rotation=0.5, noisy_narrow=False)
"""Small displacements and little noise, so that the scenes are known exactly on 400x266 px."""

MEMBERS = ("reference/A.ARW", "reference/B.ARW", "target/A.ARW", "target/B.ARW")


def simulate_three_scenes(folder: Path) -> Path:
    """Two scenes that are accepted, and one that is rejected."""
    simulate_scene(folder / "001", SIMULATION, 1, "textured")
    # The sixth draw: the third is known too inexactly on so few tiles.
    simulate_scene(folder / "003", SIMULATION, 6, "textured")
    simulate_scene(folder / "sky", SIMULATION, 4, "sky")
    return folder


def link_scene(source: Path, folder: Path) -> None:
    """Make a scene of another one's shots."""
    for member in MEMBERS:
        (folder / member).parent.mkdir(parents=True, exist_ok=True)
        os.link(source / member, folder / member)


def realdof(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line, whatever its status."""
    return subprocess.run(realdof_command(*arguments), capture_output=True, text=True, check=False, timeout=300)


def realdof_command(*arguments: object) -> list[str]:
    """The command line as a list of words."""
    return [sys.executable, "-c", "from realdof.cli import main; main()", *map(str, arguments)]


def sentences(done: subprocess.CompletedProcess[str]) -> str:
    """All that a command said, on one line, as a narrow terminal would not."""
    return " ".join((done.stdout + done.stderr).split())


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder, hidden ones too, and a hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
