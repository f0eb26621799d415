"""The one real A7R IV raw: fetched, decoded, developed."""

import sys

import numpy as np
import pytest
from real_raw import fetch_real_raw, interleave
from view_pairs import corner_error, homography, second_view, with_noise

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.common.errors import InputError
from realdof.images.resize import area_resize
from realdof.raw.crop import crop
from realdof.raw.develop import camera_multipliers, develop
from realdof.raw.exif import read_exif


def test_the_fields_of_a_mosaic_are_put_back_between_each_other() -> None:
    mosaic = np.arange(6 * 8).reshape(6, 8)
    fields = np.block([[mosaic[0::2, 0::2], mosaic[0::2, 1::2]], [mosaic[1::2, 0::2], mosaic[1::2, 1::2]]])
    np.testing.assert_array_equal(interleave(fields), mosaic)


def test_without_a_decoder_one_sentence_says_what_to_install(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(InputError, match="pip install imagecodecs"):
        fetch_real_raw()


@pytest.fixture(scope="module")
def developed() -> np.ndarray:
    return crop(develop(fetch_real_raw()))


@pytest.mark.slow
def test_a_real_a7r_iv_raw_is_developed_to_the_papers_size_and_looks_like_a_photograph(developed: np.ndarray) -> None:
    path = fetch_real_raw()
    exif = read_exif(path)
    assert (exif.model, exif.f_number, exif.exposure_time, exif.iso) == ("ILCE-7RM4", 11, 1 / 25, 100)
    assert (exif.focal_length, exif.body_serial) == (105, "03374840")
    assert camera_multipliers(path)[:3] == pytest.approx((2.820, 1, 1.422), abs=1e-3)
    assert developed.shape == (6344, 9504, 3)
    assert developed.dtype == np.uint16
    small = developed[8::16, 8::16].astype(float) / 65535
    assert 0.05 < small.mean() < 0.95
    assert small.std() > 0.05
    # A mosaic whose fields lie in the wrong order has checks instead: neighbours that have nothing in common.
    patch = developed[3000:3400, 4000:4400, 1].astype(float)
    assert np.corrcoef(patch[:, :-1].ravel(), patch[:, 1:].ravel())[0, 1] > 0.9


@pytest.mark.slow
def test_a_second_view_of_the_real_photograph_is_aligned_to_a_twentieth_of_a_pixel(developed: np.ndarray) -> None:
    """Mirrored, turned, shifted, in perspective, darker, and both with the noise of the rig's F16 shots."""
    height, width = developed.shape[0] // 4, developed.shape[1] // 4
    rng = np.random.default_rng(0)
    truth = homography(rng, height, width, degrees=2.0, shift=80.0, perspective=6.0, mirrored=True)
    first = with_noise(rng, area_resize(developed, height, width), 1.0, 0.03)
    second = with_noise(rng, second_view(developed, truth, height, width), 0.8, 0.03)
    found = estimate_homography(first, second, AlignmentSettings())
    assert corner_error(found.matrix, truth, height, width) <= 0.05
    assert found.mirrored
    assert found.verdict == "accepted", found.reason
