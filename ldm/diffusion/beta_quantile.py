"""Quantiles of the beta distribution, by bisection of its distribution function (its only use here is a schedule)."""

from __future__ import annotations

import math

BISECTIONS = 60
TERMS = 200
TINY = 1e-300


def quantile(share: float, a: float, b: float) -> float:
    """The x in 0..1 below which `share` of the beta distribution with parameters a, b > 0 lies."""
    if a <= 0.0 or b <= 0.0:
        raise ValueError(
            f"A beta distribution has no alpha of {a:g} and beta of {b:g}. Both must be above 0."
        )
    if share <= 0.0 or share >= 1.0:
        return min(max(share, 0.0), 1.0)
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if distribution(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def distribution(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) (Abramowitz & Stegun 26.5.8)."""
    if x <= 0.0 or x >= 1.0:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):  # there the fraction converges slowly, and the mirrored one fast
        return 1 - distribution(1 - x, b, a)
    whole = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(whole + a * math.log(x) + b * math.log1p(-x)) / a / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d_1/(1 + d_2/(1 + ...)) by Lentz's method."""
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, TERMS):
        m = term // 2
        if term % 2:
            part = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            part = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / ((1 + part * d) or TINY)
        c = (1 + part / c) or TINY
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
