"""Draws losses and gains of a training in two stages: python docs/make_learning_curve.py LOG.csv LOG.txt [NAME]

LOG.csv has rows of stage, step, seconds, rate, and the losses deblur, disparity and lpips; the stages are ``ifan`` and
any other word. LOG.txt has lines with the gains of the validations. The trainings on the GPU wrote both. The picture is
docs/images/NAME.png, by default learning_curve.
"""

import csv
import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

IMAGES = Path(__file__).parent / "images"
BANDS = {"sharp": "in focus", "to_4": "1 to 4 px", "to_10": "4 to 10 px", "to_25": "10 to 25 px"}
"""Names of the validation's bands in the log, and what they are called in the picture."""


def losses(table: Path) -> tuple[list[tuple[int, float]], int]:
    """Step, counted over both stages, and the deblurring loss; and the first step of the second stage."""
    with table.open(newline="") as file:
        rows = [(row[0], int(row[1]), float(row[4])) for row in csv.reader(file)]
    first = max(step for stage, step, _ in rows if stage == "ifan")
    return [(step + (first if stage != "ifan" else 0), loss) for stage, step, loss in rows], first


def validations(words: Path) -> list[tuple[int, dict[str, float]]]:
    """Step, counted over both stages, and the gain of each band in dB."""
    found: list[tuple[int, dict[str, float]]] = []
    first = 0
    for line in words.read_text(encoding="utf-8").splitlines():
        gains = {band: float(gain) for band, gain in re.findall(r"(\w+) ([+-]\d+\.\d+) \(least", line)}
        if not BANDS.keys() <= gains.keys():
            continue
        second = not re.search(r"\] ifan ", line)
        step = re.search(r"(?:step|after) (\d+)", line)
        here = int(step.group(1)) if step else 0
        first = first if second else here
        found.append((here + first if second else here, gains))
    return found


def main() -> None:
    """Draw the gain of each band of blur radii, and the loss, by step."""
    (trained, switch), judged = losses(Path(sys.argv[1])), validations(Path(sys.argv[2]))
    for step, gains in judged:
        print(f"| {step:,} | " + " | ".join(f"{gains[band]:+.2f}" for band in BANDS) + " |")
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for band, name in BANDS.items():
        left.plot([step for step, _ in judged], [gains[band] for _, gains in judged], marker="o", ms=3, label=name)
    left.set(title="PSNR gained by rendered blur, dB", xlabel="step")
    figure.legend(loc="outside lower left", ncols=4, fontsize=8)
    right.plot([step for step, _ in trained], [loss for _, loss in trained], color="#1f6f8b", lw=1)
    right.set(title="deblurring loss (detail)", xlabel="step")
    for axes in (left, right):
        axes.axvline(switch, color="grey", ls=":", lw=1)
        axes.grid(alpha=0.3)
    name = sys.argv[3] if len(sys.argv) > 3 else "learning_curve"
    figure.savefig(IMAGES / f"{name}.png", dpi=110)


if __name__ == "__main__":
    main()
