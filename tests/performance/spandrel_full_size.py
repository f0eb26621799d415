"""A Restormer with random weights at 1680x1120 through spandrel, whole or in tiles: seconds and peak memory.

python tests/performance/spandrel_full_size.py [--tile 560 --overlap 64] [--dual] [--height 1120 --width 1680]
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from baselines.spandrel.cards import spandrel
from baselines.spandrel.method import SpandrelMethod
from baselines.spandrel.models import architectures
from benchmark.method import Context, Sample
from benchmark.tiling import Tiling


def main() -> None:
    """Load, run once, print one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--height", type=int, default=1120)
    parser.add_argument("--width", type=int, default=1680)
    parser.add_argument("--tile", type=int)
    parser.add_argument("--overlap", type=int, default=64)
    parser.add_argument("--dual", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        method = spandrel.load(str(random_restormer(Path(folder), dual=arguments.dual)))
    assert isinstance(method, SpandrelMethod)
    tiling = None if arguments.tile is None else Tiling(arguments.tile, arguments.overlap)
    image, left, right = torch.rand(3, 3, arguments.height, arguments.width)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    result = method.deblur(Sample("one", image, left, right), Context(tiling=tiling)).image
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{method.weights.label if method.weights else ''}, {arguments.width}x{arguments.height}, "
        f"{'whole' if tiling is None else f'tiles of {tiling}'}: {time.perf_counter() - wall:.1f} s, "
        f"{time.process_time() - cpu:.1f} CPU s, peak {peak / 2**20:.2f} GiB ({loaded / 2**20:.2f} after loading), "
        f"{tuple(result.shape)}, {float(result.min()):.3f} to {float(result.max()):.3f}"
    )


def random_restormer(folder: Path, *, dual: bool) -> Path:
    """A file with a Restormer of the released size, its weights as they are first drawn."""
    architectures()
    from spandrel_extra_arches.architectures.Restormer import Restormer

    torch.manual_seed(0)
    network = Restormer(inp_channels=6, dual_pixel_task=True) if dual else Restormer()
    path = folder / "random.safetensors"
    save_file(network.state_dict(), path)
    return path


if __name__ == "__main__":
    main()
