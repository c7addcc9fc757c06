"""Measures of pairs against closed forms and numbers of scikit-image."""

import math

import pytest
import torch

from ldm.metrics.pairs import psnr, ssim


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_an_even_error_has_its_psnr() -> None:
    a = noise(0, 2, 3, 16, 16)
    assert psnr(a, a + 0.1, 1.0).tolist() == pytest.approx([20.0, 20.0])
    assert psnr(2 * a, 2 * a + 0.2, 2.0).tolist() == pytest.approx([20.0, 20.0])


def test_equal_pictures_are_as_alike_as_can_be() -> None:
    a = noise(0, 2, 3, 16, 16)
    assert psnr(a, a, 1.0).tolist() == [math.inf, math.inf]
    assert ssim(a, a, 1.0).tolist() == pytest.approx([1.0, 1.0])


def test_even_pictures_differ_in_light_alone() -> None:
    low, high, c1 = 0.2, 0.7, 0.01**2
    a, b = torch.full((1, 3, 12, 12), low), torch.full((1, 3, 12, 12), high)
    assert float(ssim(a, b, 1.0)) == pytest.approx((2 * low * high + c1) / (low**2 + high**2 + c1), rel=1e-6)


def test_a_negative_is_unlike() -> None:
    a = noise(0, 1, 1, 32, 32)
    assert float(ssim(a, 1 - a, 1.0)) < -0.5


def test_each_pair_counts_by_itself() -> None:
    a, b = noise(0, 2, 3, 16, 16), noise(1, 2, 3, 16, 16)
    assert ssim(a, b, 1.0).tolist() == pytest.approx(
        [float(ssim(x[None], y[None], 1.0)) for x, y in zip(a, b, strict=True)]
    )


def test_pictures_smaller_than_the_window_are_refused() -> None:
    with pytest.raises(ValueError, match="windows of 11 x 11"):
        ssim(torch.zeros(1, 3, 8, 20), torch.zeros(1, 3, 8, 20), 1.0)
