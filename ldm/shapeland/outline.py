"""The five shapes as signed distance functions: negative inside, zero on the outline, in units of x and y.

`render` draws with them and `parse` compares against them, so both agree on what a star is. The circle, the
half planes and the folded star follow Inigo Quilez, "2D distance functions" (iquilezles.org/articles/
distfunctions2d); only the outline and one pixel around it matter here, so corners are left mitred.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

Outline: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]

SQUARE_HALF_SIDE = 0.85
STAR_INNER_RADIUS = 0.45
CROSS_HALF_WIDTH = 0.32
# The middle of a triangle's height lies above its centroid; drawn lower, so that its box is centred.
TRIANGLE_DROP = 0.25


def circle(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Signed distance to a circle."""
    return torch.hypot(x, y) - radius


def square(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Signed distance to an upright square."""
    return torch.maximum(x.abs(), y.abs()) - SQUARE_HALF_SIDE * radius


def triangle(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Signed distance to an equilateral triangle that points up (y grows downwards)."""
    y = y - TRIANGLE_DROP * radius
    side = math.sqrt(0.75) * x.abs() - 0.5 * y
    return torch.maximum(side, y) - 0.5 * radius


def star(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Signed distance to a five-pointed star with one point up, folded onto a tenth of it."""
    turn = math.pi / 5
    x, y = x.abs(), -y
    # Two mirrors bring every point of the half plane into the wedge of the upper tip.
    for normal_x, normal_y in ((math.cos(turn), -math.sin(turn)), (-math.cos(turn), -math.sin(turn))):
        behind = 2 * (normal_x * x + normal_y * y).clamp_min(0)
        x, y = x - behind * normal_x, y - behind * normal_y
    inner_x, inner_y = STAR_INNER_RADIUS * math.sin(turn), STAR_INNER_RADIUS * math.cos(turn)
    length = math.hypot(inner_x, 1 - inner_y)
    return (x.abs() * (1 - inner_y) + (y - radius) * inner_x) / length


def cross(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """Signed distance to an upright cross with four equal arms."""
    across, along = torch.minimum(x.abs(), y.abs()), torch.maximum(x.abs(), y.abs())
    return torch.maximum(along - radius, across - CROSS_HALF_WIDTH * radius)


OUTLINES: dict[str, Outline] = {
    "circle": circle,
    "square": square,
    "triangle": triangle,
    "star": star,
    "cross": cross,
}
