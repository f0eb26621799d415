"""Non-blind deconvolution with a hyper-Laplacian prior on gradients (Krishnan and Fergus, NIPS 2009).

Minimises ``data_weight / 2 |k * x - y|^2 + |d_x x|^alpha + |d_y x|^alpha`` by half-quadratic splitting.
"""

import math
from collections.abc import Callable
from functools import lru_cache, partial

import torch
from torch import Tensor

from baselines.deconvolution.kernels import gradient_power, transfer_function

# From Section 3 of the paper and the published solver: six values of beta, one inner iteration each.
_FIRST_BETA = 1.0
_BETA_RATE = 2 * math.sqrt(2)
_BETA_END = 256.0


def deconvolve(blurred: Tensor, kernel: Tensor, data_weight: float, alpha: float = 2 / 3) -> Tensor:
    """Deconvolve images that were blurred by one kernel with circular borders.

    Parameters
    ----------
    blurred
        y, float32 or float64 (..., H, W); images and channels are independent.
    kernel
        k, float (kh, kw), odd sizes up to H and W, sum 1.
    data_weight
        lambda, above 0: weight of the data term against the prior.
    alpha
        The prior's exponent, above 0 and at most 2. The paper recommends 2/3; the evaluation of map-based
        methods in IFAN's comparison used 1.5.

    Returns
    -------
    Tensor
        x, shaped and typed like ``blurred``, not clipped.

    Raises
    ------
    ValueError
        A parameter is out of its range, or the kernel does not fit into the image.

    References
    ----------
    Krishnan and Fergus, "Fast Image Deconvolution using Hyper-Laplacian Priors", NIPS 2009, Sections 2.1 to 3.
    """
    if data_weight <= 0:
        raise ValueError(f"data_weight is {data_weight}, it must be above 0")
    height, width = blurred.shape[-2:]
    transfer = transfer_function(kernel.to(blurred), height, width)
    power = transfer.abs().square()
    roughness = gradient_power(height, width, blurred)
    data = torch.fft.rfft2(blurred).mul_(transfer.conj())
    x = blurred
    beta = _FIRST_BETA
    while beta < _BETA_END:
        step = w_step(x, beta, alpha)
        adjoint = _adjoint(step(_difference(x, -1)), step(_difference(x, -2)))
        gamma = beta / data_weight
        # (gamma A + D) / (power + gamma roughness), in two passes over the spectrum.
        spectrum = torch.fft.rfft2(adjoint).add_(data, alpha=1 / gamma).mul_(gamma / (power + gamma * roughness))
        x = torch.fft.irfft2(spectrum, s=(height, width))
        beta *= _BETA_RATE
    return x


def _difference(x: Tensor, axis: int) -> Tensor:
    """Return the circular forward difference along an axis."""
    size = x.shape[axis]
    result = torch.empty_like(x)
    torch.sub(x.narrow(axis, 1, size - 1), x.narrow(axis, 0, size - 1), out=result.narrow(axis, 0, size - 1))
    torch.sub(x.narrow(axis, 0, 1), x.narrow(axis, size - 1, 1), out=result.narrow(axis, size - 1, 1))
    return result


def _adjoint(w_x: Tensor, w_y: Tensor) -> Tensor:
    """Return the sum of the adjoints of both circular forward differences."""
    result = torch.add(w_x, w_y).neg_()
    for w, axis in ((w_x, -1), (w_y, -2)):
        size = w.shape[axis]
        result.narrow(axis, 1, size - 1).add_(w.narrow(axis, 0, size - 1))
        result.narrow(axis, 0, 1).add_(w.narrow(axis, size - 1, 1))
    return result


# The table covers the differences of an image in [0, 1] even if it rings strongly; 2^19 entries are 1.5e-5 apart.
_TABLE_END = 4.0
_TABLE_SIZE = 2**19
# Below alpha 1, w rises in a ramp of one step of the published table (1e-4); four steps here span it exactly.
_STEPS_PER_UNIT = 40_000


def w_step(x: Tensor, beta: float, alpha: float) -> Callable[[Tensor], Tensor]:
    """Return `shrink` for the differences of an image, as a table lookup where that is accurate and faster.

    The table serves float32 images whose differences lie within it. For alpha above 1 the nearest entry is used: its
    error is at most 8e-6, except where `shrink` jumps. For alpha below 1, where the jump matters, entries are
    interpolated. The published solver interpolates in a table of step 1e-4.

    Parameters
    ----------
    x
        The image whose differences are shrunk, float.
    beta, alpha
        See `shrink`.
    """
    exact = partial(shrink, beta=beta, alpha=alpha)
    if x.dtype != torch.float32 or math.isclose(alpha, 1):
        return exact
    least, largest = x.aminmax()
    if float(largest - least) >= _TABLE_END:
        return exact
    return partial(_interpolated if alpha < 1 else _nearest, table=_table(beta, alpha, x.device))


@lru_cache(maxsize=24)
def _table(beta: float, alpha: float, device: torch.device) -> Tensor:
    if alpha < 1:
        v = torch.arange(int(_TABLE_END * _STEPS_PER_UNIT) + 2, dtype=torch.float64) / _STEPS_PER_UNIT
    else:
        v = torch.linspace(-_TABLE_END, _TABLE_END, _TABLE_SIZE, dtype=torch.float64)
    return shrink(v, beta, alpha).to(device, torch.float32)


def _nearest(v: Tensor, table: Tensor) -> Tensor:
    # Half an entry more, because the conversion to integer truncates.
    middle = torch.tensor(_TABLE_SIZE / 2, dtype=v.dtype, device=v.device)
    index = torch.add(middle, v, alpha=(_TABLE_SIZE - 1) / (2 * _TABLE_END)).int()
    return table.index_select(0, index.flatten()).view_as(v)


def _interpolated(v: Tensor, table: Tensor) -> Tensor:
    place = v.abs().mul_(_STEPS_PER_UNIT).flatten()
    index = place.int()
    before = table.index_select(0, index)
    after = table.index_select(0, index.add_(1))
    # `add_` above has increased the index by one.
    return before.lerp_(after, place.sub_(index).add_(1)).view_as(v).copysign_(v)


def shrink(v: Tensor, beta: float, alpha: float) -> Tensor:
    """Minimise ``|w|^alpha + beta / 2 (w - v)^2`` over w, element by element (the w-step, Equation 5).

    alpha 1/2, 2/3 and 1 have closed forms; 3/2 uses the published solver's Newton steps; any other alpha uses Newton's
    method from a side on which it cannot overshoot.

    Parameters
    ----------
    v
        Gradients, float, any shape.
    beta
        Weight of the split, above 0.
    alpha
        The prior's exponent, above 0 and at most 2.

    Raises
    ------
    ValueError
        alpha is out of its range.
    """
    if not 0 < alpha <= 2:
        raise ValueError(f"alpha is {alpha}, it must be above 0 and at most 2")
    magnitude = v.abs()
    if math.isclose(alpha, 1):
        return magnitude.sub_(1 / beta).clamp_(min=0).copysign_(v)
    if alpha > 1:
        solve = _three_halves if math.isclose(alpha, 3 / 2) else _newton_above_one
        return solve(magnitude, beta, alpha).copysign_(v)
    last_zero, first_kept = _jump(beta, alpha)
    share = magnitude.sub(last_zero).div_(first_kept - last_zero).clamp_(0, 1)
    if math.isclose(alpha, 2 / 3):
        solve = _two_thirds
    elif math.isclose(alpha, 1 / 2):
        solve = _half
    else:
        solve = _newton_below_one
    return solve(magnitude.clamp_(min=first_kept), beta, alpha).mul_(share).copysign_(v)


# The published solver reads w from a table of this step, linearly interpolated.
_TABLE_STEP = 1e-4
# Tolerance of a threshold, in steps of the table: far above float64's rounding, far below the table's resolution.
_ROUNDING = 1e-6


def _jump(beta: float, alpha: float) -> tuple[float, float]:
    """Return the two magnitudes between which w rises from zero, for alpha below 1.

    Below the threshold w = 0 costs least; above it the larger root of the derivative does. The published table turns
    this jump into a ramp of one step. The ramp is kept because a jump would amplify rounding, by up to 0.06 in the
    result.
    """
    smallest_root = (2 * (1 - alpha) / beta) ** (1 / (2 - alpha))
    threshold = smallest_root * (2 - alpha) / (2 * (1 - alpha))
    # At a threshold on the table's grid both cost the same, and the published solver returns zero. A beta that rounding
    # has turned into 8.000000000000002 must not move the threshold to the previous entry.
    step = math.floor(threshold / _TABLE_STEP + _ROUNDING)
    return step * _TABLE_STEP, (step + 1) * _TABLE_STEP


def _half(v: Tensor, beta: float, alpha: float) -> Tensor:
    """Return the larger root of ``w^(-1/2) / 2 + beta (w - v) = 0``: a cubic in w^(1/2), solved by the cosine."""
    angle = (v / 3).pow_(-1.5).mul_(1 / (4 * beta)).acos_()
    return angle.mul_(-2 / 3).add_(2 * math.pi / 3).cos_().add_(1).mul_(v).mul_(2 / 3)


def _two_thirds(v: Tensor, beta: float, alpha: float) -> Tensor:
    """Return the larger root of ``2/3 w^(-1/3) + beta (w - v) = 0``: a quartic in w^(1/3), by its resolvent cubic.

    s = w^(1/3) solves s^4 - v s + c = 0, c = 2 / (3 beta), the product of two quadratics s^2 -+ a s + ...,
    where a^2 is the real root of a^6 - 4 c a^2 - v^2 = 0.
    """
    c = 2 / (3 * beta)
    # a^2 = m (u + 1 / u) solves the cubic for this m if u^3 + u^-3 = v^2 / m^3.
    m = math.sqrt(4 * c / 3)
    half = v.square().mul_(1 / (2 * m**3))
    u = half.square().sub_(1).sqrt_().add_(half).pow_(1 / 3)
    a = u.reciprocal().add_(u).mul_(m).sqrt_()
    s = (2 * v).div_(a).sub_(a.square()).sqrt_().add_(a).mul_(0.5)
    return s.pow_(3)


def _three_halves(v: Tensor, beta: float, alpha: float) -> Tensor:
    """Take four Newton steps from v towards the root of ``3/2 w^(1/2) + beta (w - v) = 0``; zero if that costs less.

    A closed form of the root exists. The published solver stops short of the root for small v (by 0.1 at most, in the
    first step), and the published figures with this alpha were computed by that solver.
    """
    pull = beta * v
    w = v
    for _ in range(4):
        # w - f'(w) / f''(w), multiplied through by |w|^(1/2) so that nothing is divided by zero.
        root = w.abs().sqrt_()
        w = pull.sub(root.copysign(w), alpha=0.75).mul_(root).div_(root.mul_(beta).add_(0.75))
    w = w.clamp_(min=0)
    return w.mul_(w.sqrt().add_(w, alpha=beta / 2) < pull)


# Both Newton iterations start within a small factor of the root and converge quadratically from one side.
_NEWTON_STEPS = 12


def _newton_below_one(v: Tensor, beta: float, alpha: float) -> Tensor:
    """Return the larger root of ``alpha w^(alpha - 1) + beta (w - v) = 0``, 0 < alpha < 1, v above the threshold."""
    w = v.clone()
    for _ in range(_NEWTON_STEPS):
        power = w.pow(alpha - 2).mul_(alpha)
        # The derivative is convex and w is right of its larger root, so no step passes the root.
        w = w - (power * w + beta * (w - v)) / (power * (alpha - 1) + beta)
    return w


def _newton_above_one(v: Tensor, beta: float, alpha: float) -> Tensor:
    """Return the root of ``alpha w^(alpha - 1) + beta (w - v) = 0``, 1 < alpha <= 2, computed as z = w^(alpha - 1)."""
    n = 1 / (alpha - 1)
    z = torch.minimum(v.pow(alpha - 1), v * (beta / alpha))
    for _ in range(_NEWTON_STEPS):
        power = z.pow(n - 1).mul_(beta)
        # In z the derivative is convex, and both starting values lie right of its root.
        z = (z - (alpha * z + power * z - beta * v) / (alpha + n * power)).clamp_(min=0)
    return z.pow(n)
