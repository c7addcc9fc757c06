"""Integrals of the polynomial through known values, which multi-step samplers carry on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

POINTS = 32  # of Gauss and Legendre's rule: exact but for rounding with all weights that are met here


def shares_of(
    nodes: Sequence[float], start: float, end: float, weight: Callable[[Floats], Floats]
) -> list[float]:
    """How much the value at each node counts in the integral from start to end of weight times the polynomial."""
    places, widths = np.polynomial.legendre.leggauss(POINTS)
    half = (end - start) / 2
    times = (start + end) / 2 + half * places
    weighted = widths * half * weight(times)
    return [float((weighted * _basis(nodes, place, times)).sum()) for place in range(len(nodes))]


def _basis(nodes: Sequence[float], place: int, times: Floats) -> Floats:
    """Lagrange's polynomial that is 1 at one node and 0 at the others."""
    found = np.ones_like(times)
    for other, node in enumerate(nodes):
        if other != place:
            found = found * (times - node) / (nodes[place] - node)
    return found
