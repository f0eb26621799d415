"""A finished data set of images of a few pixels: two scenes accepted, one rejected, one that failed."""

from pathlib import Path

import numpy as np

from realdof.dataset.folder import finish_folder, finish_scene, write_images, write_stages
from realdof.dataset.layout import BUILD, PAIR, REFERENCE, Stage
from realdof.dataset.manifest import Build, Manifest, SceneRecord, SceneVerdict, write_record
from realdof.settings import Settings

HEIGHT, WIDTH = 24, 32
SHAKE = "reference/A was exposed for 1/60 s, slower than 1/125 s"


def write_data_set(out: Path) -> Manifest:
    """Write it file by file as a build does, with all stages."""
    settings = Settings()
    build = Build(
        pipeline=2, settings=settings, fingerprint=settings.fingerprint, keeps_stages=True, software={"numpy": "2"}
    )
    write_record(out / BUILD, build)
    finished = [finish_scene(out, _scene(out, name, number)) for number, name in enumerate(("001", "003", "sky"))]
    failed = SceneRecord(name="empty", verdict="failed", reason="empty/target/A.ARW is empty; copy it again")
    manifest = Manifest(
        build=build,
        scenes=tuple(sorted((*(one.record for one in finished), failed), key=lambda scene: scene.name)),
        doubts={"001": (SHAKE,)},
        records={one.record.name: one.sha256 for one in finished},
    )
    finish_folder(out, manifest)
    return manifest


def _scene(out: Path, name: str, seed: int) -> SceneRecord:
    verdict: SceneVerdict = "rejected" if name == "sky" else "accepted"
    reason = "there is too little texture to align by" if name == "sky" else "the corners are known to 0.010 px"
    roles = REFERENCE[:2] if name == "sky" else (*PAIR, *REFERENCE)
    random = np.random.default_rng(seed)

    def image() -> np.ndarray:
        return random.integers(0, 65536, (HEIGHT, WIDTH, 3), np.uint16)

    return SceneRecord(
        name=name,
        verdict=verdict,
        reason=reason,
        identity=f"{seed}" * 64,
        outputs=write_images(out, name, {role: image() for role in roles}),
        stages=write_stages(
            out, name, {stage: image() for stage in (Stage.warped("reference"), Stage.warped("target"))}
        ),
    )
