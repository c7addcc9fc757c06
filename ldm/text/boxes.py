"""Layouts as tokens (LDM, appendix D.3): each box is its class and two corners, in the order of taming-transformers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ldm.text.tokenizer import Tokens


@dataclass(frozen=True, slots=True)
class LayoutBox:
    """A thing of a class in a box; all in shares of the picture."""

    kind: int
    left: float
    top: float
    width: float
    height: float


class LayoutTooFull(ValueError):
    """A layout has more boxes than the model takes."""


def layout_tokens(boxes: Sequence[LayoutBox], entries: int, length: int) -> Tokens:
    """Give (class, top left, bottom right) for each box, padding, and the whole picture as the crop.

    Raises:
        LayoutTooFull: there are more than `(length - 2) / 3` boxes.
    """
    room, none = (length - 2) // 3, entries - 1
    if len(boxes) > room:
        raise LayoutTooFull(f"The layout has {len(boxes)} boxes, but this model takes {room}.")
    row: list[int] = []
    for box in boxes:
        row += [box.kind, *_corners(box, entries)]
    row += [none] * (3 * (room - len(boxes)))
    return Tokens(((*row, *_corners(LayoutBox(0, 0.0, 0.0, 1.0, 1.0), entries)),))


def _corners(box: LayoutBox, entries: int) -> tuple[int, int]:
    """The places of a box's top left and bottom right on a square grid that the tokens number row by row."""
    sections = math.isqrt(entries)

    def token(x: float, y: float) -> int:
        across, down = (round(min(max(side, 0.0), 1.0) * (sections - 1)) for side in (x, y))
        return down * sections + across

    return token(box.left, box.top), token(box.left + box.width, box.top + box.height)
