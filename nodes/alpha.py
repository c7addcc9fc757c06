"""Pictures that are partly see-through: taking alpha off and on, and Porter and Duff's ways to compose them."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from engine.api import node
from nodes.composite import stretched
from nodes.facts import images
from nodes.port_types import Image, Mask
from nodes.resize import like, repeated

Mode = Literal[
    "ADD", "CLEAR", "DARKEN", "DST", "DST_ATOP", "DST_IN", "DST_OUT", "DST_OVER", "LIGHTEN", "MULTIPLY", "OVERLAY",
    "SCREEN", "SRC", "SRC_ATOP", "SRC_IN", "SRC_OUT", "SRC_OVER", "XOR",
]  # fmt: skip
HOME = "mask/compositing"
NEARLY_CLEAR = 1e-5


class WithMask(NamedTuple):
    """A picture, and where it is see-through."""

    image: Image
    mask: Mask


@node("SplitImageWithAlpha", title="Split image with alpha", category=HOME, facts=images.split)
def split_alpha(image: Image) -> WithMask:
    """Take a picture's alpha off, as a mask of what is see-through."""
    pixels = image.pixels
    alpha = pixels[..., 3] if pixels.shape[-1] > 3 else torch.ones(pixels.shape[:3])
    return WithMask(Image(pixels[..., :3].contiguous()), Mask(1 - alpha))


@node("JoinImageWithAlpha", title="Join image with alpha", category=HOME)
def join_alpha(image: Image, alpha: Mask) -> Image:
    """Make a picture see-through where a mask is.

    Args:
        alpha: 1 where the picture shall be see-through.
    """
    _, height, width, _ = image.pixels.shape
    solid = 1 - stretched(alpha.values, height, width)
    count = max(len(image.pixels), len(solid))
    colour, alpha_last = repeated(image.pixels[..., :3], count), repeated(solid.movedim(1, -1), count)
    return Image(torch.cat([colour, alpha_last], dim=-1))


@node("PorterDuffImageComposite", title="Porter-Duff image composite", category=HOME)
def porter_duff(
    source: Image, source_alpha: Mask, destination: Image, destination_alpha: Mask, mode: Mode = "DST"
) -> WithMask:
    """Lay one see-through picture over another in one of Porter and Duff's ways (1984), and some of later.

    Args:
        source: The upper one.
        source_alpha: Where it is see-through.
        destination: The lower one; the upper one takes on its size.
        destination_alpha: Where it is see-through.
        mode: What remains of each.
    """
    below = destination.pixels[..., :3].movedim(-1, 1)
    above = repeated(like(source.pixels[..., :3].movedim(-1, 1), below, "bicubic"), len(below))
    height, width = below.shape[-2:]
    above_solid, below_solid = (
        repeated(1 - stretched(mask.values, height, width), len(below))
        for mask in (source_alpha, destination_alpha)
    )
    colour, solid = _composed(above * above_solid, above_solid, below * below_solid, below_solid, mode)
    colour = torch.where(solid > NEARLY_CLEAR, colour / solid, 0.0).clamp(0, 1)
    return WithMask(Image(colour.movedim(1, -1).contiguous()), Mask(1 - solid[:, 0]))


def _composed(s: Tensor, sa: Tensor, d: Tensor, da: Tensor, mode: Mode) -> tuple[Tensor, Tensor]:
    """Colour and alpha, both multiplied with alpha; s lies over d."""
    both = sa + da - sa * da
    match mode:
        case "ADD":
            return (s + d).clamp(0, 1), (sa + da).clamp(0, 1)
        case "DARKEN":
            return (1 - da) * s + (1 - sa) * d + torch.minimum(s, d), both
        case "LIGHTEN":
            return (1 - da) * s + (1 - sa) * d + torch.maximum(s, d), both
        case "MULTIPLY":
            return s * d, sa * da
        case "OVERLAY":
            return torch.where(2 * d < da, 2 * s * d, sa * da - 2 * (da - d) * (sa - s)), both
        case "SCREEN":
            return s + d - s * d, both
        case _:
            s_share, d_share = _shares(sa, da, mode)
            return s * s_share + d * d_share, sa * s_share + da * d_share


def _shares(sa: Tensor, da: Tensor, mode: Mode) -> tuple[Tensor, Tensor]:
    """How much of the upper and of the lower picture remains (Porter & Duff 1984, table of F_A and F_B)."""
    none, whole = torch.zeros_like(sa), torch.ones_like(sa)
    table = {
        "CLEAR": (none, none),
        "SRC": (whole, none),
        "DST": (none, whole),
        "SRC_OVER": (whole, 1 - sa),
        "DST_OVER": (1 - da, whole),
        "SRC_IN": (da, none),
        "DST_IN": (none, sa),
        "SRC_OUT": (1 - da, none),
        "DST_OUT": (none, 1 - sa),
        "SRC_ATOP": (da, 1 - sa),
        "DST_ATOP": (1 - da, sa),
        "XOR": (1 - da, 1 - sa),
    }
    return table[mode]
