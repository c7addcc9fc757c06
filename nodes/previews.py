"""How unfinished latents and pictures are shown to whoever watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.api import previewer
from ldm.first_stage.glance import glance
from nodes.peeks import enlarged
from nodes.port_types import Image, UnfinishedLatent
from nodes.saving import to_bytes

if TYPE_CHECKING:
    import PIL.Image


@previewer(UnfinishedLatent)
def show_latent(latent: UnfinishedLatent) -> PIL.Image.Image | None:
    """The first latent of the batch, its cells enlarged."""
    if latent.colours is None:
        return None
    (picture,) = to_bytes(Image(glance(latent.guess[:1].float().cpu(), latent.colours)))
    return enlarged(picture)


@previewer(Image)
def show_image(image: Image) -> PIL.Image.Image:
    """The first picture of the batch."""
    return to_bytes(Image(image.pixels[:1]))[0]
