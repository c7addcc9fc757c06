"""Models that are shown a picture beside the latent: one to change, to enlarge, or that says how far things are."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from torch import Tensor

from engine.api import Range, node
from ldm.diffusion.roughen import ROUGHNESS
from ldm.spec import Beside
from nodes.facts import shown as facts
from nodes.first_stage import encode_image
from nodes.port_types import Conditioning, FirstStage, Image
from nodes.resize import resized
from nodes.showing import ToldTwice, empty_cells, shown

QUARTER = 4  # pixels of the enlarged picture along a side of a cell


class Both(NamedTuple):
    """What to paint, and what not to."""

    positive: Conditioning
    negative: Conditioning


@node(
    "InstructPixToPixConditioning",
    title="Change a picture (InstructPix2Pix)",
    category="conditioning/instructpix2pix",
    device=True,
    facts=facts.changed,
)
def instruct(positive: Conditioning, negative: Conditioning, vae: FirstStage, pixels: Image) -> ToldTwice:
    """Show a model the picture that it shall change as the text says.

    Args:
        positive: What to change, such as "make it winter".
        negative: What not to paint. With DualCFGGuider, the conditioning before this node is the negative.
        vae: The first stage, from the checkpoint.
        pixels: The picture.
    """
    encoded = encode_image(pixels, vae)
    source = encoded.samples
    empty = empty_cells(source, encoded.factor)
    return ToldTwice(shown(positive, {"source": source}), shown(negative, {"source": source}), empty)


@node(
    "SD_4XUpscale_Conditioning",
    title="Upscale (Stable Diffusion x4)",
    category="conditioning/upscale_diffusion",
    facts=facts.upscaled,
)
def upscale_conditioning(
    images: Image,
    positive: Conditioning,
    negative: Conditioning,
    scale_ratio: Annotated[float, Range(0.0, 10.0, step=0.01)] = 4.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.001)] = 0.0,
) -> ToldTwice:
    """Show Stable Diffusion's upscaler the picture that it shall enlarge.

    Args:
        images: The picture.
        positive: What there is to see.
        negative: What not to paint.
        scale_ratio: How much larger it gets; the model was made for 4.
        noise_augmentation: How much noise goes over the picture first: more leaves more to the model.
    """
    height, width = images.pixels.shape[1:3]
    tall, wide = (max(1, max(1, round(side * scale_ratio)) // QUARTER) for side in (height, width))
    pixels = images.pixels[..., :3].movedim(-1, 1) * 2 - 1
    beside: dict[Beside, Tensor] = {"low_resolution": resized(pixels, wide, tall, "bilinear", "center")}
    rough = {ROUGHNESS: noise_augmentation}
    empty = empty_cells(beside["low_resolution"], QUARTER)
    return ToldTwice(shown(positive, beside, rough), shown(negative, beside, rough), empty)


@node(
    "LowResolutionConditioning",
    title="Super-resolution (LDM)",
    category="conditioning/upscale_diffusion",
    facts=facts.as_large,
)
def low_resolution(positive: Conditioning, negative: Conditioning, image: Image) -> ToldTwice:
    """Show a super-resolution LDM the picture that it shall enlarge, by as much as its first stage shrinks pictures.

    Args:
        positive: What such models are told: nothing, an empty text.
        negative: The same.
        image: The small picture. Each of its pixels becomes a cell of the latent.
    """
    pixels = image.pixels[..., :3].movedim(-1, 1) * 2 - 1
    beside: dict[Beside, Tensor] = {"low_resolution": pixels}
    empty = empty_cells(pixels, QUARTER)
    return ToldTwice(shown(positive, beside), shown(negative, beside), empty)


@node("DepthConditioning", title="Show depth", category="conditioning/depth", facts=facts.deep)
def show_depth(positive: Conditioning, negative: Conditioning, depth: Image) -> Both:
    """Show a depth model how far away things shall be.

    Args:
        positive: What to paint.
        negative: What not to paint.
        depth: Bright is near, dark is far; it is stretched over the picture and over the range of the model.
    """
    beside: dict[Beside, Tensor] = {"depth": depth.pixels[..., :3].mean(dim=-1)[:, None]}
    return Both(shown(positive, beside), shown(negative, beside))
