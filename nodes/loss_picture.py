"""How a training went, as a picture."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw
import torch

from engine.api import node
from nodes.port_types import Image, LossCurve

WIDTH, HEIGHT, MARGIN = 640, 360, 48
GRID, TEXT, CURVE = "#dddddd", "#666666", "#2255cc"


@node("LossPicture", title="Loss curve", category="training")
def draw_loss(losses: LossCurve) -> Image:
    """Draw how a training went: loss against steps, the loss on a logarithmic scale where none is below 0.

    Args:
        losses: From a training node.
    """
    canvas = PIL.Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = PIL.ImageDraw.Draw(canvas)
    steps = np.array([step for step, _ in losses.points], dtype=float)
    values = np.array([loss for _, loss in losses.points], dtype=float)
    logarithmic = bool(values.min() > 0)
    heights = np.log10(values) if logarithmic else values
    tick = 0.5 if logarithmic else 10 ** np.floor(np.log10(max(np.ptp(values), 1e-6)))
    low, high = np.floor(heights.min() / tick) * tick, np.ceil(heights.max() / tick) * tick

    room = (HEIGHT - 2 * MARGIN) / max(high - low, tick)
    for mark in np.arange(low, high + 0.01 * tick, tick):
        y = HEIGHT - MARGIN - room * (mark - low)
        draw.line([(MARGIN, y), (WIDTH - MARGIN, y)], fill=GRID)
        draw.text((6, y - 6), f"{10**mark if logarithmic else mark:.2g}", fill=TEXT)
    down = HEIGHT - MARGIN - room * (heights - low)
    across = MARGIN + (WIDTH - 2 * MARGIN) * steps / steps.max()
    draw.line(list(zip(across.tolist(), down.tolist(), strict=True)), fill=CURVE, width=2)
    said = f"{losses.name}: loss {losses.points[-1][1]:.4f} after {int(steps.max())} steps"
    draw.text((MARGIN, 12), said, fill="black")
    draw.text((WIDTH - MARGIN - 40, HEIGHT - MARGIN + 8), f"{int(steps.max())}", fill=TEXT)
    return Image(torch.from_numpy(np.asarray(canvas, dtype=np.float32) / 255)[None])
