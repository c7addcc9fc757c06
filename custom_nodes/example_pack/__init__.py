"""The smallest pack that does something: one node that turns pictures into posters. Copy this folder to begin."""

from __future__ import annotations

from typing import Annotated

from engine.api import Range, node
from nodes.port_types import Image


@node("Posterize", category="image/example")
def posterize(images: Image, levels: Annotated[int, Range(2, 256)] = 4) -> Image:
    """Reduce pictures to a few levels of each colour.

    Args:
        images: What to simplify.
        levels: How many levels each of red, green and blue keeps.
    """
    steps = levels - 1
    return Image((images.pixels * steps).round() / steps)
