"""How many times as fast as a straightforward implementation IFAN's inference is: run it, no test does.

python tests/performance/ifan_inference.py [--threads 2] [--height 720] [--width 1280] [--rounds 5]

Every form runs in a process of its own, loaded once, and the processes take turns, so that whatever else the machine
does weighs on all; medians are compared. Memory is the peak above the resident set after loading. "kept" is with
`benchmark.malloc.keep_blocks`, which is how `ifan deblur` and `ifan-bench run` run.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import torch
from torch import Tensor

from benchmark.complexity import count
from benchmark.running.environment import processor_name
from ifan import inference
from ifan.cards import CARDS
from ifan.network import IFAN
from ifan.variants import VARIANTS
from ifan.weights import load_network, read_weights
from realdof.common.machine.memory import keep_blocks
from realdof.images.depth import image_from_pixels

FORMS = {
    "reference": "unfold and sum, whole filter map, NCHW, as installed",
    "streamed": "channels-last, filter set by filter set, as installed",
    "streamed kept": "the same, malloc kept",
    "bfloat16 kept": "the same in bfloat16, malloc kept",
    "shared taps kept": "float32, the form of the released weights: half of every filter set unused and skipped",
}
"""Name and description of what is measured; all but the last use both filters of every set, as Equation 1."""


def picture(height: int, width: int) -> Tensor:
    """A photograph that comes with scikit-image, mirrored to fill the size, float32 (1, 3, H, W) in [0, 1]."""
    coffee = skimage.data.coffee()
    missing = (max(0, height - coffee.shape[0]), max(0, width - coffee.shape[1]))
    filled = np.pad(coffee, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
    return image_from_pixels(filled[:height, :width])[None]


def network_for(form: str) -> IFAN:
    """The shipped weights in the form to be measured."""
    weights = read_weights(VARIANTS["ifan"].sets.find("synthetic"))
    if form.startswith("shared"):
        weights = replace(weights, shape=replace(weights.shape, shared_taps=True))
    network = load_network(VARIANTS["ifan"], weights)
    if form == "reference":
        return network
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.to(torch.bfloat16) if form.startswith("bfloat16") else network


def status(key: str) -> int:
    """A figure of /proc/self/status in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key + ":"))
    return int(line.split()[1]) * 1024


def work(form: str, height: int, width: int, threads: int, output: Path) -> None:
    """Be one of the processes: load, then run once for every line of standard input."""
    torch.set_num_threads(threads)
    if form.endswith("kept"):
        keep_blocks()
    network, image = network_for(form), picture(height, width)
    if form != "reference":
        image = image.contiguous(memory_format=torch.channels_last)
    # Imported here: beside this file, not installed.
    from ifan_reference import deblur

    run = deblur if form == "reference" else inference.deblur
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    loaded = status("VmRSS")
    print("ready", flush=True)
    for _ in sys.stdin:
        start, used = time.perf_counter(), time.process_time()
        result = run(network, image)
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        torch.save(result.contiguous(), output)
        peak = status("VmHWM") - loaded
        print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak}), flush=True)


def floor(threads: int, dtype: torch.dtype) -> float:
    """GMAC/s of 3x3 convolutions of 128 channels, channels-last: what the network could reach at best."""
    torch.set_num_threads(threads)
    features = torch.rand(1, 128, 90, 160).to(dtype).contiguous(memory_format=torch.channels_last)
    layer = torch.nn.Conv2d(128, 128, 3, padding=1).to(dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    seconds = []
    with torch.inference_mode():
        for _ in range(15):
            start = time.perf_counter()
            layer(features)
            seconds.append(time.perf_counter() - start)
    return 90 * 160 * 128 * 128 * 9 / statistics.median(seconds) / 1e9


def measure(forms: list[str], options: argparse.Namespace, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Start every process, let them run in turns, and return what they measured; the first two runs warm up."""
    processes = {}
    for form in forms:
        command = [
            sys.executable, __file__, "--form", form, "--output", str(folder / form), "--threads", str(options.threads),
            "--height", str(options.height), "--width", str(options.width),
        ]  # fmt: skip
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        processes[form] = process
    found: dict[str, list[dict[str, Any]]] = {form: [] for form in forms}
    for turn in range(options.rounds + 2):
        for form, process in processes.items():
            assert process.stdin
            assert process.stdout
            process.stdin.write("\n")
            process.stdin.flush()
            result = json.loads(process.stdout.readline())
            if turn >= 2:
                found[form].append(result)
    for process in processes.values():
        process.communicate()
    return found


def report(found: dict[str, list[dict[str, Any]]], options: argparse.Namespace, folder: Path) -> None:
    """Print what was measured, as ratios to the reference."""
    print(f"torch {torch.__version__}, {processor_name()}, {options.threads} threads, {options.width}x{options.height}")
    print("seconds and ratio: wall clock, median; processor: seconds of all threads, median; GB: peak above loading")

    def median(form: str, key: str) -> float:
        return statistics.median(run[key] for run in found[form])

    reference = torch.load(folder / "reference")
    for form in found:
        seconds, processor = median(form, "seconds"), median(form, "processor")
        peak = max(run["peak"] for run in found[form])
        line = (
            f"{form:17} {seconds:6.2f} s {median('reference', 'seconds') / seconds:5.2f}x"
            f"  processor {processor:6.2f} s {median('reference', 'processor') / processor:5.2f}x"
            f"  {peak / 1e9:5.2f} GB {peak / max(run['peak'] for run in found['reference']):5.2f}x"
        )
        if not form.startswith("shared"):
            error = torch.load(folder / form) - reference
            psnr = -10 * torch.log10(error.square().mean().clamp(min=1e-20))
            line += f"  max difference {float(error.abs().max()):.1e}, {float(psnr):.1f} dB"
        print(line, f"  ({FORMS[form]})")
    macs = count(CARDS["ifan"].architecture(), options.height, options.width).convolution / 1e9
    for dtype in (torch.float32, torch.bfloat16):
        speed = floor(options.threads, dtype)
        print(f"floor, {dtype}: {macs:.1f} GMAC at {speed:.0f} GMAC/s, {macs / speed:.2f} s")


def main() -> None:
    """Parse the options; be the parent or one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--form", choices=FORMS, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.form:
        work(options.form, options.height, options.width, options.threads, options.output)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(list(FORMS), options, Path(folder))
        report(found, options, Path(folder))


if __name__ == "__main__":
    main()
