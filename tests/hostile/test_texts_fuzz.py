"""Random damage to archives, manifests, lists, studies and tables: read, or refused in one sentence."""

import io
import json
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from build_helpers import SIMULATION
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from mutations import NAMES, RAW, changed_bytes, json_files
from watch import outcome

from benchmark.datasets.get.archive import Limits, unpack
from benchmark.datasets.subset import read_names
from benchmark.leaderboards.published import published_file, read_figures
from benchmark.leaderboards.published_lint import lint
from benchmark.results.settings import check_name
from benchmark.studies.file import read_study
from ifan.network import IFAN
from ifan.sharing.hub import CONFIG, Configuration
from realdof.captures.folder import find_scenes
from realdof.captures.scene_list import read_scene_list
from realdof.common.decode import read_json
from realdof.common.files import inside
from realdof.dataset.croissant import write_croissant
from realdof.dataset.layout import BUILD, CROISSANT, MANIFEST
from realdof.dataset.manifest import VERSION, read_build, read_manifest, read_record
from realdof.dataset.report.page import write_report
from realdof.dataset.verify import faults
from realdof.pipeline import build_dataset
from realdof.settings import Settings
from realdof.simulation.simulate import simulate_scene

pytestmark = pytest.mark.slow
LIMITS = Limits(2**22, 50)


def zipped(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


MEMBERS = {"set/source/a.png": b"a" * 300, "set/target/a.png": bytes(500), "set/": b""}
PLAIN = {name: content for name, content in MEMBERS.items() if content}
ARCHIVES = (
    zipped(MEMBERS), zipped(PLAIN, zipfile.ZIP_STORED), zipped(PLAIN, zipfile.ZIP_LZMA), tarred(PLAIN),
    tarred(PLAIN, "w:gz"),
    tarred(PLAIN, "w:xz"), tarred(PLAIN, "w:bz2"),
)  # fmt: skip


def unpacked(root: Path, content: bytes) -> None:
    folder = root / "into"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (root / "a.archive").write_bytes(content)
    outcome("archive", folder, lambda: unpack(root / "a.archive", folder, LIMITS))
    found = list(folder.rglob("*"))
    assert all(path.is_file() or path.is_dir() for path in found), "something else than files was made"
    assert not any(path.is_symlink() for path in found)
    assert sum(path.stat().st_size for path in found if path.is_file()) <= LIMITS.bytes


@cases(3000)
@given(content=changed_bytes(ARCHIVES))
def test_archives(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    unpacked(tmp_path_factory.getbasetemp(), content)


@st.composite
def odd_archives(draw: st.DrawFn) -> bytes:
    """Archives of members with any name, kind and size."""
    names = draw(st.lists(st.sampled_from(NAMES) | st.text(max_size=20), min_size=1, max_size=4))
    made = io.BytesIO()
    if draw(st.booleans()):
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                info = zipfile.ZipInfo("x")
                info.filename = name.encode("utf-8", "replace").decode()
                info.external_attr = (
                    draw(st.sampled_from((0o644, stat.S_IFLNK | 0o777, stat.S_IFCHR, stat.S_IFDIR))) << 16
                )
                archive.writestr(info, draw(st.sampled_from((b"", b"../../victim", bytes(10_000)))))
        return made.getvalue()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in names:
            info = tarfile.TarInfo(name.encode("utf-8", "replace").decode())
            info.type = draw(
                st.sampled_from(
                    (
                        tarfile.REGTYPE,
                        tarfile.SYMTYPE,
                        tarfile.LNKTYPE,
                        tarfile.CHRTYPE,
                        tarfile.FIFOTYPE,
                        tarfile.DIRTYPE,
                        tarfile.GNUTYPE_SPARSE,
                        b"z",
                    )
                )
            )
            info.linkname = draw(st.sampled_from(("", "/etc/passwd", "../../victim", "set/a")))
            info.mode = draw(st.sampled_from((0o644, 0o6777, 0)))
            archive.addfile(info)
    return made.getvalue()


@cases(1500)
@given(content=odd_archives())
def test_archives_of_odd_members(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    unpacked(tmp_path_factory.getbasetemp(), content)


CSV = b"scene,reference_a,reference_b,target_a,target_b\none,a.ARW,b.ARW,c.ARW,d.ARW\n"
ROWS = [{"scene": "one", "reference_a": "a.ARW", "reference_b": "b.ARW", "target_a": "c.ARW", "defocused": "A"}]


@cases(1500)
@given(
    table=changed_bytes((CSV,)) | st.sampled_from(RAW), rows=json_files(ROWS), rig=st.sampled_from(("dual", "single"))
)
def test_lists_of_scenes(table: bytes, rows: bytes, rig: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name, content in (("scenes.csv", table), ("scenes.json", rows)):
        (folder / name).write_bytes(content)
        outcome("list of scenes", folder, lambda name=name: read_scene_list(folder / name, rig))
        outcome("list of scenes", folder, lambda name=name: find_scenes(folder / name, rig))


STUDY = b"""protocols = ["ifan-cvpr21"]
results = "results"
formats = ["csv", "html"]
limit = 3
[[methods]]
name = "input"
weights = "official"
[[datasets]]
name = "sample"
root = "here"
"""


@cases(1500)
@given(
    study=changed_bytes((STUDY,)) | st.sampled_from(RAW),
    names=changed_bytes((b"a.png\n# note\nb\n",)) | st.sampled_from(RAW),
)
def test_studies_and_subsets(study: bytes, names: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "study.toml").write_bytes(study)
    (folder / "list.txt").write_bytes(names)
    outcome("study", folder, lambda: read_study(folder / "study.toml"))
    outcome("subset", folder, lambda: read_names(folder / "list.txt"))


@pytest.fixture(scope="module")
def published() -> tuple[bytes]:
    return (b"\n".join(published_file().read_bytes().splitlines()[:6]) + b"\n",)


@cases(800)
@given(data=st.data())
def test_published_figures(
    data: st.DataObject, published: tuple[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "published.csv").write_bytes(data.draw(changed_bytes(published)))
    outcome("published.csv", folder, lambda: read_figures(folder / "published.csv"))
    outcome("published.csv", folder, lambda: lint(folder / "published.csv"))


IFAN_CONFIG = {
    "architectures": ["IFAN"],
    "filters": 8,
    "dual": False,
    "shared_taps": True,
    "disparity": True,
    "deblurring": "iac",
}


@cases(800)
@given(content=json_files(IFAN_CONFIG))
def test_configurations(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "hub"
    folder.mkdir(exist_ok=True)
    (folder / CONFIG).write_bytes(content)
    (folder / "model.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    outcome("config.json", folder, lambda: read_json(folder / CONFIG, Configuration, "give another"))
    outcome("config.json", folder, lambda: IFAN.from_pretrained(folder))


def small_manifest() -> dict[str, object]:
    return {"version": VERSION, "build": {"settings": {}}, "scenes": [{"name": "a", "outputs": {}, "stages": {}}]}


@cases(1500)
@given(content=json_files(small_manifest()))
def test_manifests(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "built"
    (folder / "scenes").mkdir(parents=True, exist_ok=True)
    for name in (MANIFEST, BUILD, "scenes/a.json", "records/a.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    for read in (read_manifest, read_build, lambda place: read_record(place, "a"), lambda place: list(faults(place))):
        outcome("manifest", folder, lambda read=read: read(folder))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A data set of one scene as it was built, and its files of JSON."""
    folder = tmp_path_factory.mktemp("real") / "built"
    simulate_scene(folder.parent / "captures" / "001", SIMULATION, 1, "textured")
    build_dataset(folder.parent / "captures", folder, Settings())
    return folder, {name: (folder / name).read_bytes() for name in (MANIFEST, BUILD, CROISSANT, "scenes/001.json")}


@cases(300)
@given(data=st.data())
def test_manifests_of_a_built_data_set(data: st.DataObject, built: tuple[Path, dict[str, bytes]]) -> None:
    folder, whole = built
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    place = data.draw(st.sampled_from(sorted(whole)))
    (folder / place).write_bytes(data.draw(json_files(json.loads(whole[place]))))
    for read in (
        read_manifest, read_build, lambda place: read_record(place, "001"), lambda place: list(faults(place)),
        write_report, lambda place: write_croissant(place, read_manifest(place)),
    ):  # fmt: skip
        outcome("manifest of a built set", folder, lambda read=read: read(folder))
    if place in (MANIFEST, BUILD):
        outcome(
            "manifest of a built set", folder, lambda: build_dataset(folder.parent / "captures", folder, Settings())
        )


@cases(2000)
@given(name=st.sampled_from(NAMES) | st.text(max_size=300))
def test_a_name_that_is_taken_lies_in_its_folder(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()

    def joined() -> None:
        path = inside(folder, check_name(name))
        assert path.parent == folder
        assert path.resolve().parent == folder.resolve()
        json.dumps(name).encode()
        name.encode()
        path.touch()
        path.unlink()

    outcome("names", folder, joined)
