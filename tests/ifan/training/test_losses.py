"""The three losses of Section 3.3: their values against the released code, and what each trains."""

import copy

import pytest
import torch
from golden import CENTRE, LEFT, REFERENCE, RIGHT, weights_for

from ifan.blocks import conv
from ifan.iac import FilterLayout
from ifan.network import IFAN, NetworkShape
from ifan.reblurring import ReblurringNetwork
from ifan.training.losses import DEBLURRING_LOSSES, TrainedIFAN, downsample, downsample_nearest, warp_by_disparity

FEATURE_ENCODER = ("conv1_", "conv2_", "conv3_", "conv4_1", "conv4_2", "conv4_3")
PARTS = {
    "feature encoder": FEATURE_ENCODER,
    "filter encoder": ("kconv",),
    "estimator": ("DME.",),
    "predictor": ("conv_DME", "conv4_4", "F."),
    "reconstructor": ("conv_res", "upconv", "out_res"),
}
TRAINED_BY = {
    "deblur": {"feature encoder", "filter encoder", "estimator", "predictor", "reconstructor"},
    "disparity": {"filter encoder", "estimator"},
    "reblur": {"filter encoder", "estimator", "predictor", "reblurring network"},
}


@pytest.fixture(scope="module")
def released_form() -> IFAN:
    network = IFAN(NetworkShape(shared_taps=True))
    network.load_state_dict(weights_for(network))
    return network.eval().requires_grad_(False)


def test_left_view_is_downsampled_as_released() -> None:
    assert abs(downsample(LEFT)[0].numpy() - REFERENCE["left_small"]).max() < 1e-6


def test_right_view_warped_by_its_disparity_equals_the_reference(released_form: IFAN) -> None:
    warped = warp_by_disparity(downsample(RIGHT), released_form.estimate_disparity(RIGHT))
    assert abs(warped[0].numpy() - REFERENCE["right_small_warped"]).max() < 1e-4


def test_reblurred_image_equals_the_reference(released_form: IFAN) -> None:
    # In double precision: these weights amplify float32's rounding, which on some processors is past the tolerance.
    network = ReblurringNetwork(released_form.shape, width=128)
    network.load_state_dict(weights_for(network, scale=0.6))
    deblurring = copy.deepcopy(released_form).double()
    with torch.no_grad():
        reblurred = network.double()(deblurring.predict(CENTRE.double()).filter_map, downsample_nearest(RIGHT.double()))
    reference = REFERENCE["reblurred"]
    assert abs(reblurred[0].numpy() - reference).max() < 1e-4 * abs(reference).max()


def test_a_disparity_of_one_pixel_samples_the_pixel_to_the_right() -> None:
    image = torch.rand(1, 3, 4, 6)
    warped = warp_by_disparity(image, torch.ones(1, 1, 4, 6))
    torch.testing.assert_close(warped[..., :-1], image[..., 1:])
    assert torch.equal(warped[..., -1], torch.zeros(1, 3, 4))


def test_the_loss_detail_blames_a_smooth_image_more_than_a_sharp_one_with_the_same_squared_error() -> None:
    """Noise against its mean, and against itself with a constant offset of the same energy."""
    target = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    smooth = target.mean().expand_as(target)
    offset = target + (smooth - target).square().mean().sqrt()
    log, detail = DEBLURRING_LOSSES["log"], DEBLURRING_LOSSES["detail"]
    torch.testing.assert_close(log(smooth, target), log(offset, target))
    assert detail(smooth, target) > detail(offset, target) + 0.02


def test_the_loss_mixed_is_detail_for_what_is_blurred_and_rewards_a_copy_of_what_is_not_less() -> None:
    target = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    detail, mixed = DEBLURRING_LOSSES["detail"], DEBLURRING_LOSSES["mixed"]
    blurred, nearly = target.roll(1, -1), target + 1e-3
    close = target + 1e-4
    torch.testing.assert_close(mixed(close, target, blurred), detail(close, target))
    # From an error of 40 dB to an exact copy.
    start = target + 1e-2
    gained = {
        loss: float(loss_of(start, target, nearly) - loss_of(target, target, nearly))
        for loss, loss_of in (("mixed", mixed), ("detail", detail))
    }
    assert 0 < gained["mixed"] < 0.6 * gained["detail"]


def test_the_loss_mixed_asks_for_the_defocused_images() -> None:
    image = torch.rand(1, 3, 8, 8)
    with pytest.raises(ValueError, match="needs the defocused images"):
        DEBLURRING_LOSSES["mixed"](image, image)


def test_half_precision_changes_the_network_and_leaves_images_and_losses_in_float32() -> None:
    torch.manual_seed(4)
    shape = NetworkShape(8)
    whole = TrainedIFAN(IFAN(shape), None)
    half = TrainedIFAN(whole.network, None, half_precision=True)
    batch = {name: torch.rand(1, 3, 32, 32) for name in ("image", "left", "right", "target")}
    exact, rounded = whole(batch), half(batch)
    assert {term.dtype for term in rounded.values()} == {torch.float32}
    for name, term in exact.items():
        assert rounded[name].item() == pytest.approx(term.item(), rel=0.05)


@pytest.fixture(
    scope="module", params=[NetworkShape(8), NetworkShape(8, dual=True), NetworkShape(deblurring="fac")], ids=str
)
def trained(request: pytest.FixtureRequest) -> TrainedIFAN:
    torch.manual_seed(0)
    shape = request.param
    return TrainedIFAN(IFAN(shape), ReblurringNetwork(shape))


@pytest.mark.parametrize("loss", TRAINED_BY)
def test_each_loss_trains_the_parts_the_paper_says_and_no_others(trained: TrainedIFAN, loss: str) -> None:
    generator = torch.Generator().manual_seed(1)
    batch = {name: torch.rand(1, 3, 64, 64, generator=generator) for name in ("image", "left", "right", "target")}
    trained.zero_grad(set_to_none=True)
    trained(batch)[loss].backward()
    reached = {
        part
        for part, prefixes in PARTS.items()
        for name, parameter in trained.network.named_parameters()
        if name.startswith(prefixes) and parameter.grad is not None and bool(parameter.grad.any())
    }
    if any(value.grad is not None and bool(value.grad.any()) for value in trained.reblurring.parameters()):
        reached.add("reblurring network")
    assert reached == TRAINED_BY[loss]


def test_every_parameter_belongs_to_one_part(trained: TrainedIFAN) -> None:
    for name, _ in trained.network.named_parameters():
        assert sum(name.startswith(prefixes) for prefixes in PARTS.values()) == 1, name


def test_gradients_of_the_spatial_transformer_are_right() -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 2, 4, 5, dtype=torch.float64, generator=generator, requires_grad=True)
    # Away from whole pixels, where bilinear interpolation has a kink.
    disparity = torch.randint(-1, 2, (1, 1, 4, 5), generator=generator).double() + 0.37
    assert torch.autograd.gradcheck(warp_by_disparity, (image, disparity.requires_grad_(True)))


@pytest.mark.parametrize("loss", TRAINED_BY)
def test_the_gradient_of_each_loss_is_its_slope(loss: str) -> None:
    """Against central differences along a random direction through all parameters, in double precision."""
    torch.manual_seed(2)
    shape = NetworkShape(2)
    module = TrainedIFAN(IFAN(shape), TwoSets(shape)).double()
    batch = {name: torch.rand(1, 3, 32, 32, dtype=torch.float64) for name in ("image", "left", "right", "target")}
    parameters = list(module.parameters())
    direction = [torch.randn_like(value) * value.detach().abs().mean() for value in parameters]
    module(batch)[loss].backward()
    slope = sum(float((value.grad * way).sum()) for value, way in zip(parameters, direction, strict=True)
                if value.grad is not None)  # fmt: skip
    step, found = 1e-8, []
    with torch.no_grad():
        for sign in (1, -2):
            for value, way in zip(parameters, direction, strict=True):
                value += sign * step * way
            found.append(float(module(batch)[loss]))
    assert slope == pytest.approx((found[0] - found[1]) / (2 * step), rel=1e-4)
    assert abs(slope) > 1e-6


class TwoSets(ReblurringNetwork):
    """A reblurring network for N = 2, which no variant of the paper has."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__(NetworkShape(8), 8)
        self.layout = FilterLayout(2, 3)
        self.RBF[0][0] = conv(shape.map_channels, 8)  # type: ignore[index]
        self.RBF[-1] = conv(8, self.layout.map_channels)
