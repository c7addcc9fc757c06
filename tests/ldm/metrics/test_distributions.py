"""Measures of distributions against what is known of normal ones, and of sets that can be counted by hand."""

import math

import pytest
import torch
from torch import Tensor

from ldm.metrics.distributions import (
    frechet_distance,
    gaussian_distance,
    inception_score,
    moments,
    precision_and_recall,
)


def spread(seed: int, size: int = 5) -> Tensor:
    """A random covariance."""
    root = torch.randn(size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return root @ root.T


def test_normal_distributions_of_one_number_are_apart_by_mean_and_deviation() -> None:
    one, other = (torch.tensor([1.0]), torch.tensor([[4.0]])), (torch.tensor([-2.0]), torch.tensor([[9.0]]))
    found = gaussian_distance(*(part.double() for part in (*one, *other)))
    assert found == pytest.approx(3.0**2 + (3.0 - 2.0) ** 2)


def test_covariances_that_share_their_axes_are_apart_by_their_deviations() -> None:
    axes = torch.linalg.qr(spread(0)).Q
    a, b = torch.tensor([1.0, 4, 9, 0.25, 0]).double(), torch.tensor([4.0, 4, 1, 1, 0.01]).double()
    mean = torch.zeros(5, dtype=torch.float64)
    found = gaussian_distance(mean, (axes * a) @ axes.T, mean, (axes * b) @ axes.T)
    assert found == pytest.approx(float((a.sqrt() - b.sqrt()).square().sum()), abs=1e-9)


def test_the_root_is_that_of_the_product_of_both_covariances() -> None:
    """tr (A B)^1/2 is the sum of the roots of the eigenvalues of A B, which is not symmetric."""
    a, b, mean = spread(1), spread(2), torch.zeros(5, dtype=torch.float64)
    roots = torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt().sum()
    expected = float(a.trace() + b.trace() - 2 * roots)
    assert gaussian_distance(mean, a, mean, b) == pytest.approx(expected, rel=1e-9)
    assert gaussian_distance(mean, b, mean, a) == pytest.approx(expected, rel=1e-9)


def test_a_set_is_not_apart_from_itself_and_a_moved_one_by_its_way() -> None:
    features = torch.randn(50, 5, generator=torch.Generator().manual_seed(3))
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(features, features + 2.0) == pytest.approx(5 * 4.0, rel=1e-6)


def test_moments_are_those_of_statistics() -> None:
    mean, covariance = moments(torch.tensor([[0.0, 1.0], [2.0, 5.0]]))
    assert mean.tolist() == [1.0, 3.0]
    assert covariance.tolist() == [[2.0, 4.0], [4.0, 8.0]]
    with pytest.raises(ValueError, match="two pictures"):
        moments(torch.zeros(1, 2))


def test_sure_and_varied_classes_score_as_many_as_there_are() -> None:
    sure = torch.eye(4).repeat(10, 1)
    assert inception_score(sure, parts=1).mean == pytest.approx(4.0)
    assert inception_score(sure, parts=10) == pytest.approx((4.0, 0.0))


def test_what_is_unsure_or_always_the_same_scores_one() -> None:
    assert inception_score(torch.full((20, 4), 0.25)).mean == pytest.approx(1.0)
    assert inception_score(torch.eye(4)[:1].repeat(20, 1)).mean == pytest.approx(1.0)


def test_the_score_is_exp_of_the_mean_divergence() -> None:
    shares = torch.tensor([[0.9, 0.1], [0.5, 0.5]])
    overall = [0.7, 0.3]
    divergence = [
        sum(p * math.log(p / q) for p, q in zip(row, overall, strict=True)) for row in shares.tolist()
    ]
    assert inception_score(shares, parts=1).mean == pytest.approx(math.exp(sum(divergence) / 2), rel=1e-6)


LINE = torch.arange(10.0)[:, None]


def test_the_same_set_is_precise_and_covers_all() -> None:
    assert precision_and_recall(LINE, LINE) == (1.0, 1.0)


def test_sets_far_apart_cover_nothing() -> None:
    assert precision_and_recall(LINE, LINE + 100) == (0.0, 0.0)


def test_half_of_the_kinds_are_precise_but_do_not_cover_the_others() -> None:
    two = torch.cat([LINE, LINE + 100])
    assert precision_and_recall(two, LINE) == (1.0, 0.5)
    assert precision_and_recall(LINE, two) == (0.5, 1.0)


def test_a_ball_reaches_to_the_third_neighbour() -> None:
    """On a line with steps of 1, the third neighbour of an inner member is 2 away, of an outer one 3."""
    real, near = torch.arange(5.0)[:, None], torch.tensor([[6.9], [7.1], [-2.9], [2.5]])
    assert precision_and_recall(real, near).precision == 0.75


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="only 3 made ones"):
        precision_and_recall(LINE, LINE[:3])
