"""Where files keep CLIP's image tower, and under which names: transformers' or OpenCLIP's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ldm.spec import VisionSpec
from ldm.tensor_file import CheckpointError, TensorFile, fill, opened
from ldm.text.open_clip import from_open_clip, open_clip_name
from ldm.vision.tower import ClipVision

VIT_L = VisionSpec()
VIT_H = VisionSpec(width=1280, layers=32, inner=5120, activation="gelu", projection=1024)
VIT_BIGG = VisionSpec(width=1664, layers=48, inner=8192, activation="gelu", projection=1280)

PLACES = "vision_model.embeddings.position_embedding.weight"
ALONE = ("", "model.", "embedder.model.")
"""What may stand before the names: nothing, or, in an unCLIP checkpoint, its embedder."""


def load_vision(path: Path) -> ClipVision:
    """Load an image tower, from a file of its own or out of an unCLIP checkpoint.

    Raises:
        CheckpointError: the file is missing, damaged, lacks a part, or holds no known tower.
    """
    with opened(path) as file:
        prefix, named_by_open_clip, spec = _known_tower(file)
        with torch.device("meta"):
            tower = ClipVision(spec)
        below = file.below(prefix)

        def read(key: str) -> Tensor:
            return from_open_clip(key, below) if named_by_open_clip else below(key)

        fill(path, tower, read, prefix)
    return tower


def _known_tower(file: TensorFile) -> tuple[str, bool, VisionSpec]:
    """Where a tower lies in a file, whether under OpenCLIP's names, and which it is, by its width."""
    known: Mapping[int, VisionSpec] = {spec.width: spec for spec in (VIT_L, VIT_H, VIT_BIGG)}
    for prefix in ALONE:
        for named_by_open_clip, name in enumerate((PLACES, open_clip_name(PLACES))):
            shape = file.shapes.get(prefix + name)
            if shape and shape[1] in known:
                spec = known[shape[1]]
                sections = round((shape[0] - 1) ** 0.5)
                return prefix, bool(named_by_open_clip), replace(spec, resolution=sections * spec.patch)
    raise CheckpointError(
        f"{file.path.name} holds no image tower that is known here: it has no places of CLIP "
        f"{' or '.join(map(str, known))} wide. Give CLIP ViT-L/14, ViT-H/14 or ViT-bigG/14."
    )
