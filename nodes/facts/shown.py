"""What is known of conditionings that show a model something, and of the latents that go with them."""

from __future__ import annotations

from engine.api import Fact, Facts
from ldm.spec import Beside
from nodes.facts.conditioning import showing
from nodes.facts.known import PIXELS, Side, sides, sized, times
from nodes.facts.latents import encoded

QUARTER = 4  # pixels along a side of what the upscaled picture's latent has one cell for


def inpainted(positive: Fact, negative: Fact, pixels: Fact, vae: Fact) -> Facts:
    """A picture behind the first stage, and the same with a hole."""
    return _encoded(positive, negative, pixels, vae, "mask", "masked_image")


def changed(positive: Fact, negative: Fact, pixels: Fact, vae: Fact) -> Facts:
    """A picture behind the first stage."""
    return _encoded(positive, negative, pixels, vae, "source")


def _encoded(positive: Fact, negative: Fact, pixels: Fact, vae: Fact, *names: Beside) -> Facts:
    latent = encoded(pixels, vae)
    return (*_both(positive, negative, *names), latent) if isinstance(latent, Fact) else latent


def upscaled(positive: Fact, negative: Fact, images: Fact, scale_ratio: float | None) -> Facts:
    """A latent of the quarter of the wanted size."""
    batch, height, width, _ = sides(images, PIXELS)
    quarters = [_quarter(times(side, scale_ratio, round)) for side in (height, width)]
    return *_both(positive, negative, "low_resolution"), sized("latent", (batch, None, *quarters))


def as_large(positive: Fact, negative: Fact, image: Fact) -> Facts:
    """A latent with a cell for each pixel."""
    batch, height, width, _ = sides(image, PIXELS)
    return *_both(positive, negative, "low_resolution"), sized("latent", (batch, None, height, width))


def mapped(positive: Fact, negative: Fact) -> Facts:
    """A latent whose size the model's rescaler decides."""
    return *_both(positive, negative, "semantic_map"), Fact("latent")


def deep(positive: Fact, negative: Fact) -> Facts:
    """How far things are."""
    return _both(positive, negative, "depth")


def _both(positive: Fact, negative: Fact, *names: Beside) -> tuple[Fact, Fact]:
    return showing(positive, *names), showing(negative, *names)


def _quarter(side: Side) -> Side:
    return None if side is None else max(1, side // QUARTER)
