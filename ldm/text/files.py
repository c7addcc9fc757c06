"""Where files keep a tau, and under which names: CompVis', OpenCLIP's or transformers'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ldm.published import CLIP_L, OPEN_CLIP_BIGG, OPEN_CLIP_H, SDXL_CLIP_L
from ldm.spec import ClipSpec, ModelSpec
from ldm.tensor_file import CheckpointError, Read, TensorFile, fill, opened
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.open_clip import from_open_clip, open_clip_name, to_open_clip
from ldm.text.tau import Tau

TEXT = "cond_stage_model."
TOWERS = ("conditioner.embedders.0.", "conditioner.embedders.1.")
TOKENS = "transformer.text_model.embeddings.token_embedding.weight"
ALONE = ("", TEXT, *TOWERS, "clip_l.", "clip_h.", "clip_g.")
"""What may stand before the names in a file that holds a tower alone."""


def reading(file: TensorFile, tau: Tau) -> Read:
    """Reads the tensors of a tau out of a whole checkpoint."""
    if isinstance(tau, ClipPair):
        towers = [_tower(file, prefix, tower.spec) for prefix, tower in zip(TOWERS, tau.towers, strict=True)]

        def read(key: str) -> Tensor:
            _, number, rest = key.split(".", 2)
            return towers[int(number)](rest)

        return read
    return _tower(file, TEXT, tau.spec) if isinstance(tau, ClipTextEncoder) else file.below(TEXT)


def writing(tau: Tau) -> dict[str, Tensor]:
    """The tensors of a tau as a whole checkpoint keeps them."""
    if isinstance(tau, ClipPair):
        parts = zip(TOWERS, tau.towers, strict=True)
        return {prefix + key: value for prefix, tower in parts for key, value in _written(tower).items()}
    state = _written(tau) if isinstance(tau, ClipTextEncoder) else tau.state_dict()
    return {TEXT + key: value for key, value in state.items()}


def as_written(spec: ModelSpec, tau: Tau) -> ModelSpec:
    """The spec for a file with this tau: towers from files of their own keep the names that they had there."""
    if isinstance(tau, ClipPair):
        first, second = tau.towers
        return replace(spec, clip=first.spec, second_clip=second.spec)
    return replace(spec, clip=tau.spec) if isinstance(tau, ClipTextEncoder) else spec


def told_of_text(file: TensorFile, spec: ModelSpec) -> ModelSpec:
    """The spec with as many layers in an OpenCLIP tower as the file has: some leave out the last, which is unused."""
    clip = spec.clip
    if clip is None or clip.layout != "open_clip":
        return spec
    return replace(spec, clip=_as_deep(file, clip, TEXT + "model.transformer.resblocks."))


def load_text(paths: Sequence[Path]) -> Tau:
    """Load a text encoder from a file of its own, or SDXL's two from two files.

    Raises:
        CheckpointError: a file is missing, damaged, lacks a part, or holds no known tower.
    """
    if len(paths) == 1:
        with opened(paths[0]) as file:
            return _loaded(file, *_known_tower(file))
    found = []
    for path in paths:
        with opened(path) as file:
            found.append((path, *_known_tower(file)))
    found.sort(key=lambda one: one[2].width)
    widths = [spec.width for _, _, spec in found]
    if widths != [SDXL_CLIP_L.width, OPEN_CLIP_BIGG.width]:
        raise CheckpointError(
            f"SDXL's text encoders are {SDXL_CLIP_L.width} and {OPEN_CLIP_BIGG.width} wide, but these are {widths}."
        )
    towers = []
    for (path, prefix, spec), published in zip(found, (SDXL_CLIP_L, OPEN_CLIP_BIGG), strict=True):
        with opened(path) as file:
            towers.append(_loaded(file, prefix, replace(published, layout=spec.layout)))
    return ClipPair(*towers)


def _loaded(file: TensorFile, prefix: str, spec: ClipSpec) -> ClipTextEncoder:
    with torch.device("meta"):
        tower = ClipTextEncoder(spec)
    fill(file.path, tower, _tower(file, prefix, spec))
    return tower


def _known_tower(file: TensorFile) -> tuple[str, ClipSpec]:
    """Where a tower lies in a file of its own, and which it is, by its width."""
    known = {spec.width: spec for spec in (CLIP_L, OPEN_CLIP_H, OPEN_CLIP_BIGG)}
    for prefix in ALONE:
        for name in _clip_names(TOKENS):
            shape = file.shapes.get(prefix + name)
            if shape and shape[1] in known:
                spec = replace(known[shape[1]], layout="clip")
                layers = prefix + name.replace("embeddings.token_embedding.weight", "encoder.layers.")
                return prefix, _as_deep(file, spec, layers)
        shape = file.shapes.get(prefix + open_clip_name(TOKENS))
        if shape and shape[1] in known:
            return prefix, _as_deep(file, known[shape[1]], prefix + "model.transformer.resblocks.")
    raise CheckpointError(
        f"{file.path.name} holds no text encoder that is known here: it has no token embedding of CLIP "
        f"{' or '.join(map(str, known))} wide."
    )


def _as_deep(file: TensorFile, spec: ClipSpec, layers: str) -> ClipSpec:
    """The spec for a tower whose last layer, which nothing is read from, may be left out."""
    there = any(key.startswith(f"{layers}{spec.layers - 1}.") for key in file.shapes)
    if there or spec.skipped == 0 or spec.projection is not None:
        return spec
    return replace(spec, layers=spec.layers - spec.skipped, skipped=0)


def _tower(file: TensorFile, prefix: str, spec: ClipSpec) -> Read:
    if spec.layout == "open_clip":
        return lambda key: from_open_clip(key, file.below(prefix))

    def read(key: str) -> Tensor:
        names = [prefix + name for name in _clip_names(key)]
        return file.read(next((name for name in names if name in file.shapes), names[0]))

    return read


def _clip_names(key: str) -> tuple[str, ...]:
    """How a tensor of CLIP's may be called: some files leave out what stands before it."""
    bare = key.removeprefix("transformer.")
    return key, key.replace("text_model.", ""), bare, bare.replace("text_model.", "")


def _written(tower: ClipTextEncoder) -> dict[str, Tensor]:
    state = tower.state_dict()
    return to_open_clip(state) if tower.spec.layout == "open_clip" else dict(state)
