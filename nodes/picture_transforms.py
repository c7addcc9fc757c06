"""What a picture is seen through where one steers by it: each a step that has a gradient, one behind the other."""

from __future__ import annotations

from typing import Annotated, Literal

from engine.api import Output, Range, node
from ldm.diffusion.steering.pictures import Blurred, Grey, Seen, Shrunk, Transform
from nodes.port_types import Mask, PictureTransform

HOME = "sampling/steering/transforms"

Through = Annotated[PictureTransform, Output("transform")]


@node("ShrinkTransform", title="Seen smaller", category=HOME)
def seen_smaller(
    factor: Annotated[int, Range(1, 64)] = 2,
    method: Literal["bicubic", "bilinear"] = "bicubic",
    after: PictureTransform | None = None,
) -> Through:
    """See pictures so many times as small: a small picture then guides a large one, which adds what it does not say.

    Args:
        factor: How many times as small.
        method: How pixels are mixed.
        after: What it is seen through before this.
    """
    return _behind(after, Shrunk(factor, method))


@node("BlurTransform", title="Seen blurred", category=HOME)
def seen_blurred(
    spread: Annotated[float, Range(0.1, 64.0, step=0.1)] = 2.0, after: PictureTransform | None = None
) -> Through:
    """See pictures blurred: only their large parts and colours count.

    Args:
        spread: Standard deviation of the blur, in pixels.
        after: What it is seen through before this.
    """
    return _behind(after, Blurred(spread))


@node("GreyTransform", title="Seen without colours", category=HOME)
def seen_grey(after: PictureTransform | None = None) -> Through:
    """See pictures without their colours, which are then free.

    Args:
        after: What it is seen through before this.
    """
    return _behind(after, Grey())


@node("MaskTransform", title="Seen through mask", category=HOME)
def seen_through_mask(mask: Mask, after: PictureTransform | None = None) -> Through:
    """See pictures only where a mask is open; the rest is free.

    Args:
        mask: Where to look. It is stretched over the picture.
        after: What it is seen through before this.
    """
    return _behind(after, Seen(mask.values))


def _behind(before: PictureTransform | None, step: Transform) -> PictureTransform:
    return PictureTransform((*(before.steps if before is not None else ()), step))
