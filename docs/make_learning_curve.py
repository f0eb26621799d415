"""Draws what held-out scenes gained during a training: python docs/make_learning_curve.py RUN/log.csv PSNR LPIPS

PSNR and LPIPS are those of the weights that the run began with. The rows of the figures are printed too.
"""

import csv
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

IMAGES = Path(__file__).parent / "images"


def validations(log: Path) -> list[tuple[int, dict[str, float]]]:
    """Step and figures of every validation in a run's log."""
    with log.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["validation"]]
    return [
        (
            int(row["step"]),
            {name: float(value) for name, value in (one.split("=") for one in row["validation"].split())},
        )
        for row in rows
    ]


def main() -> None:
    """Draw the PSNR's and the LPIPS's gain over the defocused image by step."""
    found = validations(Path(sys.argv[1]))
    begun = dict(zip(("psnr", "lpips"), map(float, sys.argv[2:4]), strict=True))
    found.insert(0, (0, found[0][1] | begun))
    steps = [step for step, _ in found]
    psnr = [figures["psnr"] - figures["psnr_input"] for _, figures in found]
    lpips = [figures["lpips_input"] - figures["lpips"] for _, figures in found]
    for step, figures in found:
        print(f"| {step:,} | {figures['psnr']:.2f} | {figures['lpips']:.4f} |")
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for axes, gains, title in ((left, psnr, "PSNR gained, dB"), (right, lpips, "LPIPS reduced by")):
        axes.plot(steps, gains, marker="o", markersize=3, color="#1f6f8b")
        axes.set(title=title, xlabel="step of this stretch", ylim=(0, 1.15 * max(gains)))
        axes.grid(alpha=0.3)
    figure.savefig(IMAGES / "learning_curve.png", dpi=110)


if __name__ == "__main__":
    main()
