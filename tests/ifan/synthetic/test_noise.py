"""Random fields: the same everywhere from the same key, and of the distribution they are named for."""

import torch

from ifan.synthetic.noise import normal, uniform

CPU = torch.device("cpu")


def test_a_key_stands_for_one_field() -> None:
    assert torch.equal(uniform((40, 50), 7, CPU), uniform((40, 50), 7, CPU))
    assert not torch.equal(uniform((40, 50), 7, CPU), uniform((40, 50), 8, CPU))
    # Keys that differ only above 32 bits differ too.
    assert not torch.equal(uniform((40, 50), 7, CPU), uniform((40, 50), 7 + 2**32, CPU))


def test_the_field_of_a_key_is_known() -> None:
    # Computed once: another hash would render other patches from the same seed.
    expected = torch.tensor([0.1384291, 0.8890529, 0.0370324, 0.6092547])
    torch.testing.assert_close(uniform((4,), 1, CPU), expected, atol=1e-6, rtol=0)


def test_uniform_is_uniform_and_normal_is_normal() -> None:
    even, bell = uniform((400, 500), 3, CPU), normal((400, 500), 3, CPU)
    counts = torch.histc(even, 20, 0, 1) / even.numel()
    assert (counts - 0.05).abs().max() < 0.002
    assert even.min() > 0
    assert even.max() < 1
    assert abs(float(bell.mean())) < 0.01
    assert abs(float(bell.std()) - 1) < 0.01
    assert abs(float((bell**4).mean()) - 3) < 0.1


def test_neighbours_and_keys_are_not_correlated() -> None:
    bell, other = normal((300, 300), 11, CPU), normal((300, 300), 12, CPU)
    assert abs(float((bell[:, 1:] * bell[:, :-1]).mean())) < 0.015
    assert abs(float((bell[1:] * bell[:-1]).mean())) < 0.015
    assert abs(float((bell * other).mean())) < 0.015
