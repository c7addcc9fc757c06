"""How data sets and the nets that measure show themselves to whoever inspects them. No nodes here."""

from __future__ import annotations

import torch

from engine.api import Look, peeker
from ldm.data.told import Boxes, Classes, Maps, Silence, Telling, Words
from nodes.port_types import DataSet, EncodedData, Features, Image
from nodes.saving import to_bytes


@peeker(DataSet)
def peek_at_data(data: DataSet) -> Look:
    """The first picture, and what is told of it."""
    first = data.scenes.pictures(0, 1)
    said = data.scenes.describe(0, torch.Generator().manual_seed(0))
    text = f"{spoken(data.scenes.told)}\n{said if isinstance(said, str) else f'{len(said)} boxes'}".strip()
    return Look(first, to_bytes(Image((first.movedim(1, -1) + 1) / 2))[0], text, data.scenes.count)


@peeker(EncodedData)
def peek_at_encoded(encoded: EncodedData) -> Look:
    """The latents, and what stands beside them."""
    beside = ", ".join(name.replace("_", " ") for name in encoded.data.beside) or "nothing"
    text = f"{spoken(encoded.told)}\nbeside the latents: {beside}"
    return Look(encoded.data.latents, text=text, length=len(encoded.data.latents))


@peeker(Features)
def peek_at_features(features: Features) -> Look:
    """Which net it is."""
    return Look(text=type(features.net).__name__)


def spoken(told: Telling) -> str:
    """What is told of pictures, in words."""
    match told:
        case Words(words, _):
            return f"captions of {len(words)} words"
        case Classes(names):
            return f"{len(names)} classes: {', '.join(names)[:200]}"
        case Boxes(names, most):
            return f"up to {most} boxes of {len(names)} classes: {', '.join(names)[:200]}"
        case Maps(classes):
            return f"maps of {classes} classes"
        case Silence():
            return "pictures alone"
