"""Starting points for the alignment: homographies from SIFT features and similarities from Fourier spectra."""

from dataclasses import dataclass

import numpy as np

from realdof.common.machine.opencv import cv2
from realdof.geometry.grid import Grid, from_integer_centres
from realdof.geometry.warp import warp

# Halving and doubling these gives the same alignments (tests/performance/alignment_numbers.py).
_FEATURES = 2000
_REPROJECTION_PX = 2.0
_RADII, _ANGLES = 256, 256
# Lowe, IJCV 60 (2), 2004, section 7.1: it discards 90 % of the false matches and less than 5 % of the correct ones.
_RATIO = 0.8
# OpenCV's default; one of three starts may fail in one of a thousand scenes, because ECC tries the others too.
_ITERATIONS, _CONFIDENCE = 2000, 0.999
# Two lenses of one focal length differ by a few percent; a larger scale is a false match of the spectra.
_LARGEST_SCALE = 2.0


@dataclass(frozen=True)
class FeatureMatch:
    """A homography from reference to moving image and the number of feature pairs that agree with it."""

    homography: np.ndarray
    inliers: int


@dataclass(frozen=True)
class Features:
    """SIFT features (Lowe, 2004): ``points`` float32 (N, 2) with OpenCV's pixel centres, ``descriptors`` (N, 128)."""

    points: np.ndarray
    descriptors: np.ndarray

    @classmethod
    def of(cls, image: np.ndarray) -> "Features":
        """Find the strongest features of a luma image, float32 (H, W) in [0, 1]."""
        keypoints, descriptors = cv2.SIFT.create(nfeatures=_FEATURES).detectAndCompute(_eight_bits(image), None)
        points = np.array([keypoint.pt for keypoint in keypoints], np.float32).reshape(-1, 2)
        return cls(points, np.zeros((0, 128), np.float32) if descriptors is None else descriptors)


def match_features(reference: Features, moving: Features) -> FeatureMatch | None:
    """Match features by Lowe's ratio and fit a homography with MAGSAC++ (Barath et al., CVPR 2020).

    Returns
    -------
    FeatureMatch or None
        None if fewer than four features match or no homography fits them.
    """
    if min(len(reference.points), len(moving.points)) < 4:
        return None
    pairs = [
        (best.queryIdx, best.trainIdx)
        for best, second in cv2.BFMatcher().knnMatch(reference.descriptors, moving.descriptors, k=2)
        if best.distance < _RATIO * second.distance
    ]
    if len(pairs) < 4:
        return None
    first, second = np.array(pairs).T
    matrix, inliers = cv2.findHomography(
        reference.points[first],
        moving.points[second],
        cv2.USAC_MAGSAC,
        _REPROJECTION_PX,
        None,
        _ITERATIONS,
        _CONFIDENCE,
    )
    if matrix is None or abs(np.linalg.det(matrix)) < 1e-9:
        return None
    return FeatureMatch(from_integer_centres(matrix), int(inliers.sum()))


def similarity_from_spectra(reference: np.ndarray, moving: np.ndarray) -> np.ndarray | None:
    """Estimate rotation, scale and shift from Fourier spectra (Reddy and Chatterji, IEEE TIP 5 (8), 1996).

    Rotation and scale shift the magnitudes of the spectra in log-polar coordinates; the translation follows from the
    phases. RealBlur's authors start ECC from this similarity.

    Parameters
    ----------
    reference, moving
        float32 (H, W), of one size.

    Returns
    -------
    ndarray or None
        Homography (3, 3) of a similarity; None if the spectra suggest a scale outside 0.5 to 2.
    """
    from scipy import fft

    grid = Grid.of(reference)
    window = np.outer(np.hanning(grid.height), np.hanning(grid.width)).astype(np.float32)
    first, second = (image - image.mean() for image in (reference, moving))
    size = fft.next_fast_len(max(grid.height, grid.width), real=True)
    (along_radius, along_angle), _ = cv2.phaseCorrelate(
        _polar_spectrum(first * window, size), _polar_spectrum(second * window, size)
    )
    scale = np.exp(-along_radius * np.log(size / 2) / _RADII)
    if not 1 / _LARGEST_SCALE < scale < _LARGEST_SCALE:
        return None
    angle = along_angle * np.pi / _ANGLES
    # The magnitudes are the same for a rotation and for that rotation plus 180 degrees.
    candidates = [
        _with_shift(first * window, second, window, _about_centre(grid, scale, radians))
        for radians in (angle, angle + np.pi)
    ]
    return max(candidates, key=lambda candidate: candidate[1])[0]


def _polar_spectrum(image: np.ndarray, size: int) -> np.ndarray:
    """Return the magnitude of the spectrum over half a turn (rows) and the log of the radius (columns), float32."""
    from scipy import fft

    spectrum = fft.fftshift(fft.fft2(image, s=(size, size)))
    magnitude = np.log1p(np.abs(spectrum)).astype(np.float32)
    polar = cv2.warpPolar(
        magnitude, (_RADII, 2 * _ANGLES), (size / 2, size / 2), size / 2, cv2.INTER_LINEAR | cv2.WARP_POLAR_LOG
    )[:_ANGLES]
    # The mean over all angles carries no rotation and, because the window dominates it, no scale.
    tapered = (polar - polar.mean(axis=0)) * np.hanning(_RADII).astype(np.float32)
    return np.asarray(tapered, np.float32)


def _about_centre(grid: Grid, scale: float, radians: float) -> np.ndarray:
    """Return the homography of a rotation and scaling about the middle of the grid."""
    cosine, sine = scale * np.cos(radians), scale * np.sin(radians)
    x, y = grid.width / 2, grid.height / 2
    return np.array(
        [[cosine, -sine, x - cosine * x + sine * y], [sine, cosine, y - sine * x - cosine * y], [0, 0, 1.0]]
    )


def _with_shift(
    reference: np.ndarray, moving: np.ndarray, window: np.ndarray, turned: np.ndarray
) -> tuple[np.ndarray, float]:
    """Add the shift found by phase correlation to ``turned``; return the result and the height of the peak."""
    view = warp(moving, turned, Grid.of(reference), interpolation=cv2.INTER_LINEAR, outside=0.0) * window
    (x, y), response = cv2.phaseCorrelate(reference, view)
    return turned @ np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]]), response


def _eight_bits(image: np.ndarray) -> np.ndarray:
    """Stretch to the image's own range, so that dark photographs have features too."""
    low, high = np.percentile(image, (0.1, 99.9))
    return np.asarray(np.clip((image - low) * (255 / max(high - low, 1e-6)), 0, 255), np.uint8)
