"""Random holes to learn inpainting with: boxes and broad strokes, as LaMa's masks have them (LDM, appendix E.2.2)."""

from __future__ import annotations

import random

import numpy as np
import PIL.Image
import PIL.ImageDraw
import torch
from torch import Tensor

MOST_BOXES, MOST_STROKES, MOST_CORNERS = 3, 3, 5


def random_holes(start: int, stop: int, height: int, width: int, seed: int) -> Tensor:
    """Holes number start to stop of a seed, (n, 1, height, width): 1 in the hole, 0 elsewhere."""
    return torch.stack(
        [_hole(height, width, random.Random(f"{seed} {index}")) for index in range(start, stop)]
    )


def _hole(height: int, width: int, rng: random.Random) -> Tensor:
    canvas = PIL.Image.new("L", (width, height))
    draw = PIL.ImageDraw.Draw(canvas)
    if rng.random() < 0.5:
        for _ in range(rng.randint(1, MOST_BOXES)):
            wide, tall = (rng.uniform(0.15, 0.5) * side for side in (width, height))
            left, top = rng.uniform(0, width - wide), rng.uniform(0, height - tall)
            draw.rectangle((left, top, left + wide, top + tall), fill=1)
    else:
        for _ in range(rng.randint(1, MOST_STROKES)):
            broad = rng.uniform(0.08, 0.2) * min(width, height)
            corners = [
                (rng.uniform(0, width), rng.uniform(0, height)) for _ in range(rng.randint(2, MOST_CORNERS))
            ]
            draw.line(corners, fill=1, width=max(1, round(broad)), joint="curve")
    return torch.from_numpy(np.asarray(canvas, dtype=np.float32).copy())[None]
