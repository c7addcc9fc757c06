"""Pictures that a UNet follows, and what the nets that see them add to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from torch import Tensor
from torch.nn import functional as F

from ldm.resizing import cropped_to
from ldm.unet.control import ControlNet
from ldm.unet.skips import NOT_MADE_FOR, Added
from ldm.unet.t2i_adapter import PictureAdapter

PIXELS = 8  # of a picture along a cell of the latent, whatever the first stage does

HintNet: TypeAlias = ControlNet | PictureAdapter


@dataclass(frozen=True, slots=True, eq=False)
class Hint:
    """A picture (1 or b, 3, h, w), 0..1, that a net makes a UNet follow, and how strongly.

    `task` is which of those that a net knows for many; without one it is not told.
    """

    net: HintNet
    pixels: Tensor
    strength: float = 1.0
    task: int | None = None

    def changed(self, change: Callable[[Tensor], Tensor]) -> Hint:
        """The same with its picture changed."""
        return replace(self, pixels=change(self.pixels))

    def over(self, height: int, width: int) -> Hint:
        """The picture as large as the net wants it for a latent of so many cells; what juts out is cut off."""
        size = (height * PIXELS, width * PIXELS)
        return self.changed(
            lambda pixels: F.interpolate(cropped_to(pixels, width / height), size=size, mode="nearest-exact")
        )


def part_of(pixels: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """The pixels under a rectangle of cells."""
    rows = slice(top * PIXELS, (top + height) * PIXELS)
    return pixels[..., rows, left * PIXELS : (left + width) * PIXELS]


def added_by(
    hints: Sequence[Hint],
    x: Tensor,
    timesteps: Tensor,
    context: Tensor,
    vector: Tensor | None,
    input_blocks: int,
) -> Added:
    """What several nets add to a UNet, together.

    Args:
        hints: The nets, each with its picture.
        x: The noisy latent.
        timesteps: As the UNet is given them.
        context: The same.
        vector: The same.
        input_blocks: How many the UNet has.

    Raises:
        ValueError: a net was made for another UNet, or does not see the whole picture.
    """
    skips: tuple[Tensor, ...] = ()
    inputs: dict[int, Tensor] = {}
    for hint in hints:
        if hint.pixels.shape[-2:] != (x.shape[-2] * PIXELS, x.shape[-1] * PIXELS):
            raise ValueError(
                "A ControlNet sees the whole picture, so that its model cannot work in patches of it."
            )
        exact = next(hint.net.parameters())
        pixels = hint.pixels.to(exact)
        match hint.net:
            case ControlNet() as net:
                _check(net, x, context, vector)
                given = (None if one is None else one.to(exact.dtype) for one in (context, vector))
                found = net(x.to(exact.dtype), timesteps, *given, pixels, hint.task)
                skips = _plus(skips, [one * hint.strength for one in found])
            case PictureAdapter() as adapter:
                for place, one in zip(adapter.spec.places(input_blocks), adapter(pixels), strict=True):
                    here = one * hint.strength
                    inputs[place] = inputs[place] + here if place in inputs else here
    return Added(skips, inputs)


def _plus(total: tuple[Tensor, ...], more: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if total and len(total) != len(more):
        raise ValueError(NOT_MADE_FOR)
    return tuple(one + other for one, other in zip(total, more, strict=True)) if total else tuple(more)


def _check(net: ControlNet, x: Tensor, context: Tensor, vector: Tensor | None) -> None:
    """Tell a net for another model before it fails within."""
    spec = net.spec
    if (x.shape[1], context.shape[-1]) != (spec.in_channels, spec.context_dim):
        raise ValueError(
            f"The ControlNet was made for another model: it sees latents of {spec.in_channels} channels and attends to "
            f"a context of width {spec.context_dim}, but is given {x.shape[1]} and {context.shape[-1]}."
        )
    if spec.vector_dim is not None and (vector is None or vector.shape[-1] != spec.vector_dim):
        raise ValueError(NOT_MADE_FOR)
