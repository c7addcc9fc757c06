"""How unfinished latents and pictures are shown to whoever watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.api import previewer
from ldm.first_stage.glance import glance
from nodes.first_stage import decode_latent
from nodes.peeks import enlarged
from nodes.port_types import FirstStage, Image, Latent, UnfinishedLatent
from nodes.saving import to_bytes

if TYPE_CHECKING:
    import PIL.Image


MOST_CELLS = 32 * 32  # that are decoded while the next step is taken


@previewer(UnfinishedLatent)
def show_latent(latent: UnfinishedLatent) -> PIL.Image.Image | None:
    """The first latent of the batch: decoded where that is quick, else its cells in about the right colours."""
    if latent.decoder is not None and latent.guess.shape[-2] * latent.guess.shape[-1] <= MOST_CELLS:
        return to_bytes(decode_latent(Latent(latent.guess[:1]), FirstStage(latent.decoder)))[0]
    if latent.colours is None:
        return None
    (picture,) = to_bytes(Image(glance(latent.guess[:1].float().cpu(), latent.colours)))
    return enlarged(picture)


@previewer(Image)
def show_image(image: Image) -> PIL.Image.Image:
    """The first picture of the batch."""
    return to_bytes(Image(image.pixels[:1]))[0]
