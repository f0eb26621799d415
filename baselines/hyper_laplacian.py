"""Non-blind deconvolution with a hyper-Laplacian prior on gradients (Krishnan and Fergus, NIPS 2009).

Minimises ``data_weight / 2 |k * x - y|^2 + |d_x x|^alpha + |d_y x|^alpha`` by half-quadratic splitting.
"""

import math

import torch
from torch import Tensor

from baselines.kernels import gradient_power, transfer_function

# Section 3 of the paper and the published solver: six steps, one inner iteration each.
_FIRST_BETA = 1.0
_BETA_RATE = 2 * math.sqrt(2)
_BETA_END = 256.0


def deconvolve(blurred: Tensor, kernel: Tensor, data_weight: float, alpha: float = 2 / 3) -> Tensor:
    """Deconvolve images that were blurred by one kernel with circular borders.

    Parameters
    ----------
    blurred
        y, float32 or float64 (..., H, W); every image and channel on its own.
    kernel
        k, float (kh, kw), odd sizes up to H and W, sum 1.
    data_weight
        lambda, above 0: how much the data weigh against the prior.
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
        w_x = shrink(x.roll(-1, -1).sub_(x), beta, alpha)
        w_y = shrink(x.roll(-1, -2).sub_(x), beta, alpha)
        adjoint = w_x.roll(1, -1).sub_(w_x).add_(w_y.roll(1, -2)).sub_(w_y)
        gamma = beta / data_weight
        spectrum = torch.fft.rfft2(adjoint).mul_(gamma).add_(data).div_(power + gamma * roughness)
        x = torch.fft.irfft2(spectrum, s=(height, width))
        beta *= _BETA_RATE
    return x


def shrink(v: Tensor, beta: float, alpha: float) -> Tensor:
    """The w-step: the w of least ``|w|^alpha + beta / 2 (w - v)^2``, element by element (Equation 5).

    Closed forms for alpha 1/2, 2/3 and 1, the published solver's Newton steps for 3/2, and Newton's method from a
    side it cannot overshoot for any other.

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


def _jump(beta: float, alpha: float) -> tuple[float, float]:
    """The two magnitudes between which w jumps from zero, for alpha below 1.

    Below the threshold w = 0 costs least, above it the larger root of the derivative does. The table makes a
    ramp of one step of the jump; it is kept because a jump amplifies rounding, up to 0.06 in the result.
    """
    smallest_root = (2 * (1 - alpha) / beta) ** (1 / (2 - alpha))
    threshold = smallest_root * (2 - alpha) / (2 * (1 - alpha))
    step = math.floor(threshold / _TABLE_STEP)
    return step * _TABLE_STEP, (step + 1) * _TABLE_STEP


def _half(v: Tensor, beta: float, alpha: float) -> Tensor:
    """The larger root of ``w^(-1/2) / 2 + beta (w - v) = 0``: a cubic in w^(1/2), by the cosine."""
    angle = (v / 3).pow_(-1.5).mul_(1 / (4 * beta)).acos_()
    return angle.mul_(-2 / 3).add_(2 * math.pi / 3).cos_().add_(1).mul_(v).mul_(2 / 3)


def _two_thirds(v: Tensor, beta: float, alpha: float) -> Tensor:
    """The larger root of ``2/3 w^(-1/3) + beta (w - v) = 0``: a quartic in w^(1/3), by its resolvent cubic.

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
    """Four Newton steps from v towards the root of ``3/2 w^(1/2) + beta (w - v) = 0``, zero if that costs less.

    The root itself is a square root away, but the published solver stops short of it for small v (0.1 below at
    most, in the first step), and the figures that used this alpha rest on that solver.
    """
    pull = beta * v
    w = v
    for _ in range(4):
        # w - f'(w) / f''(w), multiplied through by |w|^(1/2) so that nothing is divided by zero.
        root = w.abs().sqrt_()
        w = pull.sub(root.copysign(w), alpha=0.75).mul_(root).div_(root.mul_(beta).add_(0.75))
    w = w.clamp_(min=0)
    return w.mul_(w.sqrt().add_(w, alpha=beta / 2) < pull)


# Both Newton iterations start within a factor of a few of the root and converge quadratically from one side.
_NEWTON_STEPS = 12


def _newton_below_one(v: Tensor, beta: float, alpha: float) -> Tensor:
    """The larger root of ``alpha w^(alpha - 1) + beta (w - v) = 0``, 0 < alpha < 1, v above the threshold."""
    w = v.clone()
    for _ in range(_NEWTON_STEPS):
        power = w.pow(alpha - 2).mul_(alpha)
        # The derivative is convex and w is right of its larger root, so that no step passes the root.
        w = w - (power * w + beta * (w - v)) / (power * (alpha - 1) + beta)
    return w


def _newton_above_one(v: Tensor, beta: float, alpha: float) -> Tensor:
    """The root of ``alpha w^(alpha - 1) + beta (w - v) = 0``, 1 < alpha <= 2, found as z = w^(alpha - 1)."""
    n = 1 / (alpha - 1)
    z = torch.minimum(v.pow(alpha - 1), v * (beta / alpha))
    for _ in range(_NEWTON_STEPS):
        power = z.pow(n - 1).mul_(beta)
        # In z the derivative is convex, and both starting values lie right of its root.
        z = (z - (alpha * z + power * z - beta * v) / (alpha + n * power)).clamp_(min=0)
    return z.pow(n)
