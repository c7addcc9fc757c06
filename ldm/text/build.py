"""The tau of a model, by its spec."""

from __future__ import annotations

from ldm.spec import ModelSpec
from ldm.text.classes import ClassEmbedder, SpatialRescaler
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.tau import Tau
from ldm.text.transformer import TextEncoder


def tau(spec: ModelSpec) -> Tau:
    """Make what a model listens through, with fresh weights; a model that listens to nothing has one that is silent."""
    if spec.clip is not None and spec.second_clip is not None:
        return ClipPair(ClipTextEncoder(spec.clip), ClipTextEncoder(spec.second_clip))
    if spec.clip is not None:
        return ClipTextEncoder(spec.clip)
    if spec.text is not None:
        return TextEncoder(spec.text)
    if spec.classes is not None:
        return ClassEmbedder(spec.classes)
    if spec.rescaler is not None:
        return SpatialRescaler(spec.rescaler)
    return Tau()
