"""The sRGB curve of the standard, in both directions, in NumPy and torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from realdof.images.colour import linear_to_srgb, srgb_to_linear


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_srgb_values_of_the_standard(kind: type) -> None:
    # The last is the well-known 18 % grey of a mid-grey card, the first two the ends of the straight part.
    encoded_values, linear = [0.0, 0.04045, 0.5, 1.0, 0.4613561], [0.0, 0.0031308, 0.2140411, 1.0, 0.18]
    assert np.allclose(np.asarray(srgb_to_linear(kind(encoded_values))), linear, atol=1e-6)
    assert np.allclose(np.asarray(linear_to_srgb(kind(linear))), encoded_values, atol=1e-6)


@given(arrays(np.float64, 20, elements=st.floats(0, 1)))
def test_the_srgb_transfer_and_its_inverse_cancel(values: np.ndarray) -> None:
    # The standard's two thresholds are rounded, and miss each other by 3e-8.
    assert np.allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=1e-7)


def test_the_srgb_transfer_of_torch_has_a_finite_gradient_at_zero() -> None:
    x = torch.zeros(1, requires_grad=True)
    linear_to_srgb(x).sum().backward()
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(12.92)
