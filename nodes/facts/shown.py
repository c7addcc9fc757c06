"""What is known of conditionings that show a model something, and of the latents that go with them."""

from __future__ import annotations

from engine.api import Fact, Facts
from nodes.facts.known import PIXELS, Side, sides, sized, times
from nodes.facts.latents import encoded

QUARTER = 4  # pixels along a side of what the upscaled picture's latent has one cell for


def encoded_too(positive: Fact, negative: Fact, pixels: Fact, vae: Fact) -> Facts:
    """A picture behind the first stage, with what is told of it."""
    latent = encoded(pixels, vae)
    return (positive, negative, latent) if isinstance(latent, Fact) else latent


def upscaled(positive: Fact, negative: Fact, images: Fact, scale_ratio: float | None) -> Facts:
    """A latent of the quarter of the wanted size."""
    batch, height, width, _ = sides(images, PIXELS)
    quarters = [_quarter(times(side, scale_ratio, round)) for side in (height, width)]
    return positive, negative, sized("latent", (batch, None, *quarters))


def as_large(positive: Fact, negative: Fact, image: Fact) -> Facts:
    """A latent with a cell for each pixel."""
    batch, height, width, _ = sides(image, PIXELS)
    return positive, negative, sized("latent", (batch, None, height, width))


def mapped(positive: Fact, negative: Fact) -> Facts:
    """A latent whose size the model's rescaler decides."""
    return positive, negative, Fact("latent")


def told(positive: Fact, negative: Fact) -> Facts:
    """What is told, twice."""
    return positive, negative


def _quarter(side: Side) -> Side:
    return None if side is None else max(1, side // QUARTER)
