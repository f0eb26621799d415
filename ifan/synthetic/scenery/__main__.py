"""Render scenes with depth: ``python -m ifan.synthetic.scenery --photographs PHOTOS --out SCENES --count 200``."""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from ifan.synthetic.scenery.povray import read_pictures, render
from ifan.synthetic.scenery.scenes import compose
from realdof.common.errors import InputError


def main() -> int:
    """Render one scene for each of ``count`` seeds, from ``first`` in steps of ``step``; existing scenes are kept."""
    parser = argparse.ArgumentParser(prog="python -m ifan.synthetic.scenery", description=__doc__)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of 8-bit PNG files for the surfaces")
    parser.add_argument("--out", type=Path, required=True, help="folder for NNN.npz and NNN.json")
    parser.add_argument("--count", type=int, default=200, help="how many scenes")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--step", type=int, default=1, help="distance between seeds, to share the work among processes")
    parser.add_argument("--size", type=int, nargs=2, default=(768, 512), metavar=("WIDTH", "HEIGHT"), help="px")
    options = parser.parse_args()
    try:
        pictures = read_pictures(options.photographs)
        options.out.mkdir(parents=True, exist_ok=True)
        for seed in range(options.first, options.first + options.step * options.count, options.step):
            path = options.out / f"{seed:03d}.npz"
            if path.exists():
                continue
            started = time.perf_counter()
            scene = compose(seed, pictures)
            result = render(scene, *options.size)
            near, far = np.percentile(result.depth.astype(np.float32), (1, 99))
            record = {
                "file": path.name,
                "seed": seed,
                "kind": scene.kind,
                "near": round(float(near), 3),
                "far": round(float(far), 3),
                "textures": list(scene.photographs),
                "seconds": round(time.perf_counter() - started, 1),
            }
            path.with_suffix(".json").write_text(json.dumps(record) + "\n")
            # The images are written last, because their existence marks the scene as complete.
            partial = path.with_name(f".{path.name}")
            result.write(partial)
            partial.replace(path)
            print(f"{path.name} {scene.kind} {record['seconds']} s", flush=True)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
