"""Runs: what is measured, what is kept, what is never computed twice."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from made_results import made_record, made_settings, open_run

from benchmark import registry
from benchmark.datasets.folder import PairedFolder
from benchmark.method import Context, Deblurred, Method, MethodCard, Sample
from benchmark.results.run import Run
from benchmark.results.summary import summarise
from benchmark.running import runner
from benchmark.running.environment import device_name
from benchmark.running.task import Task, prepare
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels
from realdof.images.files import read_pixels, write_pixels

METRICS = ("psnr", "ssim", "mae")


class Darken(Method):
    """Halves every value; counts how often it was asked."""

    card = MethodCard("darken", "Darken", "single", "halves every value")
    calls = 0

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Half of the image."""
        assert sample.target is None, "a method must never see the all-in-focus image"
        type(self).calls += 1
        return Deblurred(sample.image * 0.5)


class Brighten(Method):
    """Returns values above one, which the protocol clips."""

    card = MethodCard("brighten", "Brighten", "single", "adds two")

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """The image plus two."""
        return Deblurred(sample.image + 2)


class Breaks(Method):
    """Fails on the second image."""

    card = MethodCard("breaks", "Breaks", "single", "fails on one image")

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """The image, or a failure."""
        if sample.name == "001":
            raise RuntimeError("out of luck")
        return Deblurred(sample.image)


def task_for(root: Path, protocol: str = "ifan-cvpr21", limit: int | None = None) -> Task:
    return prepare(PairedFolder(root), registry.protocol(protocol), METRICS, limit)


def test_scores_are_those_of_the_protocol_written_out(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(2, 75, 83)
    folder, summary = runner.run(task_for(root), Darken(), tmp_path / "results")
    for name, record in folder.records().items():
        source = read_pixels(root / "source" / f"{name}.png")[:72, :80].astype(np.float64) / 255
        target = read_pixels(root / "target" / f"{name}.png")[:72, :80].astype(np.float64) / 255
        error = source.astype(np.float32) * np.float32(0.5) - target
        assert record.scores["psnr"] == pytest.approx(10 * math.log10(1 / np.mean(error**2)), abs=1e-5)
        assert record.scores["mae"] == pytest.approx(np.mean(np.abs(error)), abs=1e-7)
    assert summary.scores["psnr"] == pytest.approx(np.mean([r.scores["psnr"] for r in folder.records().values()]))


def test_output_is_clipped_before_it_is_scored(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(1)
    folder, _ = runner.run(task_for(root), Brighten(), tmp_path / "results")
    target = image_from_pixels(read_pixels(root / "target" / "000.png"))
    assert folder.records()["000"].scores["mae"] == pytest.approx(float((1 - target).mean()), abs=1e-6)


def test_finished_images_are_not_computed_again(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(3)
    Darken.calls = 0
    first = runner.run(task_for(root), Darken(), tmp_path / "results")
    calls = Darken.calls
    second = runner.run(task_for(root), Darken(), tmp_path / "results")
    assert Darken.calls == calls
    assert second[1] == first[1]


def test_again_computes_every_image_anew(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(2)
    runner.run(task_for(root), Darken(), tmp_path / "results")
    Darken.calls = 0
    runner.run(task_for(root), Darken(), tmp_path / "results", again=True)
    assert Darken.calls == 3  # two images and the warm-up


def test_a_line_cut_off_by_a_kill_is_dropped_and_its_image_redone(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(3)
    folder, whole = runner.run(task_for(root), Darken(), tmp_path / "results")
    records = folder.path / "records.jsonl"
    lines = records.read_text().splitlines(keepends=True)
    records.write_text("".join(lines[:-1]) + lines[-1][:20])
    Darken.calls = 0
    folder, resumed = runner.run(task_for(root), Darken(), tmp_path / "results")
    assert Darken.calls == 2  # the lost image and the warm-up
    assert resumed.scores == whole.scores
    assert len(folder.records()) == 3


def test_a_failed_image_is_recorded_and_the_run_goes_on(make_pairs, tmp_path: Path) -> None:
    folder, summary = runner.run(task_for(make_pairs(3)), Breaks(), tmp_path / "results")
    assert (summary.done, summary.total) == (2, 3)
    assert summary.failed == {"001": "RuntimeError: out of luck"}
    assert summary.scores == {}, "no mean over less than the whole data set"
    assert folder.records()["002"].status == "ok"


def test_a_failed_image_is_tried_again_next_time(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(3)
    runner.run(task_for(root), Breaks(), tmp_path / "results")
    folder, _ = runner.run(task_for(root), Breaks(), tmp_path / "results")
    lines = (folder.path / "records.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["000", "001", "002", "001"]


class WrongSize(Breaks):
    """Returns a smaller image."""

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Half of the image."""
        return Deblurred(sample.image[:, ::2])


class NotFinite(Breaks):
    """Returns a value that is not a number."""

    value = math.nan

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """The image with one such value."""
        result = sample.image.clone()
        result[1, 2, 3] = self.value
        return Deblurred(result)


class Infinite(NotFinite):
    """Returns an infinite value."""

    value = math.inf


class MinusInfinite(NotFinite):
    """Returns a value that is minus infinity."""

    value = -math.inf


@pytest.mark.parametrize(
    ("method", "reason"),
    [(WrongSize, "returned"), (NotFinite, "not finite"), (Infinite, "not finite"), (MinusInfinite, "not finite")],
)
def test_what_is_no_image_is_a_failure_not_a_score(
    make_pairs, tmp_path: Path, method: type[Method], reason: str
) -> None:
    _, summary = runner.run(task_for(make_pairs(1)), method(), tmp_path / "results")
    assert reason in summary.failed["000"]


def test_identical_images_have_infinite_psnr_and_survive_the_file(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(1)
    write_pixels(root / "source" / "000.png", read_pixels(root / "target" / "000.png"))
    folder, summary = runner.run(task_for(root), Breaks(), tmp_path / "results")
    assert summary.scores["psnr"] == math.inf
    assert folder.records()["000"].scores["psnr"] == math.inf


def test_scoring_a_runs_outputs_gives_the_runs_figures(make_pairs, tmp_path: Path) -> None:
    task = task_for(make_pairs(3, 75, 83))
    folder, ran = runner.run(task, Darken(), tmp_path / "results")
    _, scored = runner.score(task, folder.path, "again", tmp_path / "results")
    assert scored.scores["psnr"] == pytest.approx(ran.scores["psnr"], abs=1e-3)
    assert scored.scores["ssim"] == pytest.approx(ran.scores["ssim"], abs=1e-5)


def test_scoring_a_run_under_another_protocol_is_refused(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(1, bits=16)
    folder, _ = runner.run(task_for(root), Darken(), tmp_path / "results")
    with pytest.raises(InputError, match="ifan-cvpr21, not on folder under ifan-cvpr21-16bit"):
        runner.score(task_for(root, "ifan-cvpr21-16bit"), folder.path, "again", tmp_path / "results")


@pytest.mark.parametrize("fault", ["missing", "extra", "size"])
def test_outputs_are_paired_by_name_or_refused(make_pairs, tmp_path: Path, fault: str) -> None:
    root = make_pairs(2)
    outputs = tmp_path / "outputs"
    for path in (root / "source").iterdir():
        write_pixels(outputs / path.name, read_pixels(path))
    if fault == "missing":
        (outputs / "001.png").unlink()
    elif fault == "extra":
        write_pixels(outputs / "zzz.png", read_pixels(root / "source" / "000.png"))
    else:
        write_pixels(outputs / "001.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match={"missing": "no image named 001", "extra": "zzz", "size": "64x64"}[fault]):
        runner.score(task_for(root), outputs, "mine", tmp_path / "results")


def test_dual_pixel_method_is_refused_before_anything_is_computed(make_pairs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="left and right dual-pixel views"):
        runner.run(task_for(make_pairs(1)), registry.method("ifan-dual"), tmp_path / "results", weights="synthetic")
    assert not (tmp_path / "results").exists()


def test_sixteen_bits_are_read_whole_or_as_their_upper_eight(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(1, bits=16)
    stored = read_pixels(root / "source" / "000.png").transpose(2, 0, 1)
    eight = registry.protocol("ifan-cvpr21").read(root / "source" / "000.png").numpy()
    sixteen = registry.protocol("ifan-cvpr21-16bit").read(root / "source" / "000.png").numpy()
    np.testing.assert_allclose(eight, (stored >> 8) / 255, atol=1e-7)
    np.testing.assert_allclose(sixteen, stored / 65535, atol=1e-7)


def test_eight_bit_file_under_a_16_bit_protocol_is_refused(make_pairs) -> None:
    with pytest.raises(InputError, match="8 bits a channel"):
        registry.protocol("ifan-cvpr21-16bit").read(make_pairs(1) / "source" / "000.png")


def test_run_id_depends_on_what_determines_the_figures_and_on_nothing_else(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(2)
    ids = {
        "same": runner.run(task_for(root), Darken(), tmp_path / "a")[0].path.name,
        "same again": runner.run(task_for(root), Darken(), tmp_path / "b")[0].path.name,
        "fewer images": runner.run(task_for(root, limit=1), Darken(), tmp_path / "b")[0].path.name,
        "other method": runner.run(task_for(root), Brighten(), tmp_path / "b")[0].path.name,
    }
    assert ids["same"] == ids["same again"]
    assert len(set(ids.values())) == 3


def test_a_run_of_some_images_is_never_ranked(make_pairs, tmp_path: Path) -> None:
    folder, summary = runner.run(task_for(make_pairs(3), limit=2), Darken(), tmp_path / "results")
    assert folder.total == 3
    assert summary.done == 2


def test_records_survive_the_file_to_the_last_digit(tmp_path: Path) -> None:
    folder = open_run(tmp_path, made_settings())
    record = made_record("x", "ok", {"psnr": 25.123456789012345, "ssim": 1 / 3}, 0.1 + 0.2, 123)
    folder.append(record)
    assert folder.records()["x"] == record


def test_a_runs_time_is_the_median_of_its_images_with_quartiles_memory_and_device(make_pairs, tmp_path: Path) -> None:
    folder, summary = runner.run(task_for(make_pairs(3)), Darken(), tmp_path / "results")
    records = folder.records().values()
    assert summary.devices == (device_name(torch.device("cpu")),)
    assert summary.peak_memory == max(record.peak_memory or 0 for record in records) > 10**8
    times = [9.0, 1.0, 2.0, 4.0]
    made = summarise(
        [made_record(str(seconds), "ok", {}, seconds, stages={"map": seconds / 2}) for seconds in times], 4
    )
    assert made.seconds == np.median(times) == 3.0
    assert made.quartiles == tuple(np.quantile(times, (0.25, 0.75)))
    assert made.stages == {"map": 1.5}
    kept = Run(folder.path).description.summary
    assert kept is not None
    assert kept.model_dump() == summary.model_dump()
    assert kept.workers == 1
