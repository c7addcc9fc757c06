"""Painting after a map that says what is where (LDM, section 4.3.2)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import node
from ldm.spec import Beside
from ldm.text.classes import SpatialRescaler
from ldm.text.tau import NotHeard
from nodes.facts import shown as facts
from nodes.port_types import Conditioning, Image, TextModel
from nodes.showing import ToldTwice, empty_cells, shown

BYTE = 255


@node(
    "SemanticMapConditioning",
    title="Paint after a semantic map",
    category="conditioning/semantic",
    device=True,
    facts=facts.mapped,
)
def semantic_map(positive: Conditioning, negative: Conditioning, clip: TextModel, labels: Image) -> ToldTwice:
    """Show a model what shall be where: a picture whose red, 0 to 255, is the number of each pixel's class.

    Args:
        positive: What such models are told: nothing, an empty text.
        negative: The same.
        clip: The rescaler of the checkpoint, which comes where other models have their text encoder.
        labels: The map, of the size that the picture shall have.
    """
    rescaler = clip.encoder
    if not isinstance(rescaler, SpatialRescaler):
        raise NotHeard(f"This model listens to {rescaler.hears}, and not to a semantic map.")
    classes = rescaler.spec.channels
    numbers = (labels.pixels[..., 0] * BYTE).round().long()
    if int(numbers.max()) >= classes:
        raise ValueError(
            f"The map says class {int(numbers.max())}, but the model knows 0 to {classes - 1}. "
            "The red of each pixel, 0 to 255, must be the number of a class."
        )
    one_hot = F.one_hot(numbers, classes).movedim(-1, 1).float()
    weights = rescaler.channel_mapper.weight
    with torch.no_grad():
        rescaled = rescaler.rescale(one_hot.to(weights)).float().cpu()
    beside: dict[Beside, Tensor] = {"semantic_map": rescaled}
    factor = int(2**rescaler.spec.stages)
    empty = empty_cells(rescaled, factor)
    return ToldTwice(shown(positive, beside), shown(negative, beside), empty)
