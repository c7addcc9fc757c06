"""How alike many pictures are to many others, by what a net makes of each: FID, IS, precision and recall."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

CHUNK = 1024
NEIGHBOURS = 3


def frechet_distance(real: Tensor, made: Tensor) -> float:
    """FID (Heusel et al. 2017) of two sets of features (n, d) and (m, d), each taken for a normal distribution.

    Raises:
        ValueError: a set has fewer than two members.
    """
    return gaussian_distance(*moments(real), *moments(made))


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d) of features (n, d), in float64."""
    if len(features) < 2:
        raise ValueError(
            f"A distance of distributions needs two pictures of each at least, not {len(features)}."
        )
    features = features.double()
    return features.mean(dim=0), features.T.cov()


def gaussian_distance(mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor) -> float:
    """The squared Frechet (2-Wasserstein) distance of two normal distributions.

    |m_a - m_b|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2); the root's trace is the sum of the roots of its eigenvalues.
    """
    values, vectors = torch.linalg.eigh(covariance_a)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    shared = torch.linalg.eigvalsh(root @ covariance_b @ root).clamp(min=0).sqrt().sum()
    apart = (mean_a - mean_b).square().sum()
    return float(apart + covariance_a.trace() + covariance_b.trace() - 2 * shared)


class Score(NamedTuple):
    """A mean over parts of the pictures, and how far the parts are spread."""

    mean: float
    spread: float


def inception_score(shares: Tensor, parts: int = 10) -> Score:
    """IS (Salimans et al. 2016): exp of how far each picture's class shares are from those of all; 1 to k.

    Args:
        shares: p(y | x), (n, k), each row with the sum 1.
        parts: as many scores are averaged; of few pictures, fewer.
    """
    scores = []
    for part in shares.double().chunk(min(parts, len(shares))):
        overall = part.mean(dim=0)
        divergence = torch.xlogy(part, part) - torch.xlogy(part, overall)
        scores.append(divergence.sum(dim=1).mean().exp())
    found = torch.stack(scores)
    return Score(float(found.mean()), float(found.std(correction=0)))


class Coverage(NamedTuple):
    """How many of the made pictures lie among the real ones, and of the real ones among the made; 0 to 1."""

    precision: float
    recall: float


def precision_and_recall(real: Tensor, made: Tensor, neighbours: int = NEIGHBOURS) -> Coverage:
    """Improved precision and recall (Kynkaanniemi et al. 2019) of features (n, d) and (m, d).

    Around each member of a set is a ball that reaches to its k-th neighbour in the set; what lies in one is covered.

    Raises:
        ValueError: a set is too small to have so many neighbours.
    """
    for name, features in (("real", real), ("made", made)):
        if len(features) <= neighbours:
            raise ValueError(
                f"Precision and recall look at {neighbours} neighbours of each picture, but there are only "
                f"{len(features)} {name} ones. Take more."
            )
    real, made = real.double(), made.double()
    return Coverage(_covered(made, real, neighbours), _covered(real, made, neighbours))


def _covered(some: Tensor, others: Tensor, neighbours: int) -> float:
    # The nearest of a member's neighbours in its own set is itself.
    reach = torch.cat(
        [torch.cdist(part, others).kthvalue(neighbours + 1).values for part in others.split(CHUNK)]
    )
    found = [(torch.cdist(part, others) <= reach).any(dim=1) for part in some.split(CHUNK)]
    return float(torch.cat(found).double().mean())
