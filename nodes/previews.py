"""How unfinished latents and pictures are shown to whoever watches."""

from __future__ import annotations

import PIL.Image

from engine.api import previewer
from ldm.first_stage.glance import glance
from nodes.port_types import Image, UnfinishedLatent
from nodes.saving import to_bytes

LARGEST = 512  # pixels of the longer side; a latent has far fewer cells


@previewer(UnfinishedLatent)
def show_latent(latent: UnfinishedLatent) -> PIL.Image.Image | None:
    """The first latent of the batch, its cells enlarged."""
    if latent.colours is None:
        return None
    (picture,) = to_bytes(Image(glance(latent.guess[:1].float().cpu(), latent.colours)))
    share = LARGEST / max(picture.size)
    width, height = (max(1, round(side * share)) for side in picture.size)
    return picture.resize((width, height), PIL.Image.Resampling.BILINEAR)


@previewer(Image)
def show_image(image: Image) -> PIL.Image.Image:
    """The first picture of the batch."""
    return to_bytes(Image(image.pixels[:1]))[0]
