"""What MATLAB documents of ``edgetaper``."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.deconvolution.edge_taper import edge_taper
from baselines.deconvolution.kernels import gaussian_kernel, transfer_function

sigmas = st.floats(0.2, 2.5)


@settings(deadline=None)
@given(level=st.floats(0, 1), sigma=sigmas, height=st.integers(50, 70), width=st.integers(50, 70))
def test_constant_image_stays_constant(level: float, sigma: float, height: int, width: int) -> None:
    image = torch.full((height, width), level, dtype=torch.float64)
    torch.testing.assert_close(edge_taper(image, gaussian_kernel(sigma)), image)


@settings(deadline=None)
@given(sigma=st.floats(0.2, 1.3), seed=st.integers(0, 99))
def test_interior_is_untouched_to_the_bit(sigma: float, seed: int) -> None:
    image = torch.rand(3, 60, 72, generator=torch.Generator().manual_seed(seed))
    kernel = gaussian_kernel(sigma)
    reach = len(kernel) - 1
    tapered = edge_taper(image, kernel)
    inside = (slice(None), slice(reach + 1, -reach - 1), slice(reach + 1, -reach - 1))
    assert torch.equal(tapered[inside], image[inside])
    assert not torch.equal(tapered, image)


def test_border_pixels_become_the_circular_blur() -> None:
    image = torch.rand(40, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    kernel = gaussian_kernel(1.0)
    blurred = torch.fft.irfft2(torch.fft.rfft2(image) * transfer_function(kernel, 40, 50), s=(40, 50))
    tapered = edge_taper(image, kernel)
    for border in ((0, slice(None)), (-1, slice(None)), (slice(None), 0), (slice(None), -1)):
        torch.testing.assert_close(tapered[border], blurred[border])


def test_weights_are_the_kernels_autocorrelation() -> None:
    # A single bright row far from the borders' reach in one axis shows the other axis's weights.
    kernel = torch.tensor([[1.0, 2.0, 1.0]], dtype=torch.float64) / 4
    image = torch.zeros(9, 20, dtype=torch.float64)
    image[:, 1] = 1
    # Autocorrelation of (1, 2, 1) is (1, 4, 6, 4, 1); at lag 1 the image's share is 1 - 4/6, the blur there 1/2.
    # The projection on the other axis is one pixel, whose share is 0 on the first and last row only.
    assert edge_taper(image, kernel)[4, 1].item() == 1 / 3 + (2 / 3) / 2
