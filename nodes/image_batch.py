"""Batches of pictures: joining, taking out, repeating, cutting."""

from __future__ import annotations

from typing import Annotated

import torch

from engine.api import Range, node
from nodes.facts import images
from nodes.image_layout import same_channels_of_both
from nodes.port_types import Image
from nodes.resize import like
from nodes.widgets import BatchSize


@node("ImageBatch", title="Batch images", category="image", facts=images.joined)
def join_images(image1: Image, image2: Image) -> Image:
    """Join two batches of pictures; the second takes on the size of the first."""
    first, second = same_channels_of_both(image1.pixels, image2.pixels)
    fitted = like(second.movedim(-1, 1), first.movedim(-1, 1)).movedim(1, -1)
    return Image(torch.cat([first, fitted]))


@node("ImageFromBatch", title="Image from batch", category="image/batch", facts=images.taken)
def image_from_batch(
    image: Image,
    batch_index: Annotated[int, Range(0, 4095)] = 0,
    length: BatchSize = 1,
) -> Image:
    """Take some pictures out of a batch.

    Args:
        batch_index: The first to take, from 0.
        length: How many.
    """
    first = min(batch_index, len(image.pixels) - 1)
    return Image(image.pixels[first : first + length])


@node("RepeatImageBatch", title="Repeat image batch", category="image/batch", facts=images.repeated)
def repeat_images(image: Image, amount: BatchSize = 1) -> Image:
    """Repeat a batch of pictures.

    Args:
        amount: How many times.
    """
    return Image(image.pixels.repeat(amount, 1, 1, 1))


@node("RebatchImages", title="Rebatch images", category="image/batch", facts=images.rebatched)
def rebatch_images(images: list[Image], batch_size: BatchSize = 1) -> list[Image]:
    """Cut and join pictures of one size to batches of another length.

    Args:
        batch_size: How many pictures in each; there may be fewer in the last.
    """
    single = [one for batch in images for one in batch.pixels.split(1)]
    return [
        Image(torch.cat(single[first : first + batch_size])) for first in range(0, len(single), batch_size)
    ]
