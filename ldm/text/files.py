"""Where files keep a tau, and under which names: CompVis', OpenCLIP's or transformers'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor

from ldm.published import CLIP_L, OPEN_CLIP_BIGG, OPEN_CLIP_H, SDXL_CLIP_L
from ldm.spec import ClipSpec, ModelSpec
from ldm.tensor_file import CheckpointError, Read, TensorFile, fill, opened
from ldm.text.build import tau as built
from ldm.text.classes import ClassEmbedder, SpatialRescaler
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.open_clip import from_open_clip, open_clip_name, to_open_clip
from ldm.text.tau import Tau
from ldm.text.transformer import TextEncoder

TEXT = "cond_stage_model."
TOWERS = ("conditioner.embedders.0.", "conditioner.embedders.1.")
TOKENS = "transformer.text_model.embeddings.token_embedding.weight"
ALONE = ("", TEXT, *TOWERS, "clip_l.", "clip_h.", "clip_g.")
"""What may stand before the names in a file that holds a tower alone."""
SPEC_KEY = "weft.text_spec"
_SUFFIXES = {768: "_clip_l", 1024: "_clip_h", 1280: "_clip_g"}
_NOBODY: dict[str, Any] = {
    "name": "",
    "first_stage": {},
    "unet": {},
}  # what is beside a tau in a model's spec


def reading(file: TensorFile, tau: Tau) -> Read:
    """Reads the tensors of a tau out of a whole checkpoint."""
    if isinstance(tau, ClipPair):
        towers = [_tower(file, prefix, tower.spec) for prefix, tower in zip(TOWERS, tau.towers, strict=True)]

        def read(key: str) -> Tensor:
            _, number, rest = key.split(".", 2)
            return towers[int(number)](rest)

        return read
    return _tower(file, _lone(tau.spec), tau.spec) if isinstance(tau, ClipTextEncoder) else file.below(TEXT)


def _lone(spec: ClipSpec) -> str:
    """Where a whole checkpoint keeps its only tower: SDXL's refiner where SDXL has its first."""
    return TEXT if spec.projection is None else TOWERS[0]


def writing(tau: Tau) -> dict[str, Tensor]:
    """The tensors of a tau as a whole checkpoint keeps them."""
    if isinstance(tau, ClipPair):
        parts = zip(TOWERS, tau.towers, strict=True)
        return {prefix + key: value for prefix, tower in parts for key, value in _written(tower).items()}
    if isinstance(tau, ClipTextEncoder):
        return {_lone(tau.spec) + key: value for key, value in _written(tau).items()}
    return {TEXT + key: value for key, value in tau.state_dict().items()}


def as_written(spec: ModelSpec, tau: Tau) -> ModelSpec:
    """The spec for a file with this tau: towers from files of their own keep the names that they had there."""
    return replace(spec, **_listens(tau))


def _listens(tau: Tau) -> dict[str, Any]:
    """What a spec says of a tau, by its fields."""
    match tau:
        case ClipPair():
            first, second = tau.towers
            return {"clip": first.spec, "second_clip": second.spec}
        case ClipTextEncoder():
            return {"clip": tau.spec}
        case TextEncoder():
            return {"text": tau.spec}
        case ClassEmbedder():
            return {"classes": tau.spec}
        case SpatialRescaler():
            return {"rescaler": tau.spec}
    return {}


def tau_files(tau: Tau) -> dict[str, tuple[dict[str, Tensor], dict[str, str]]]:
    """A tau as files of its own, as ComfyUI names them: what is added to a file's name, its tensors and its metadata.

    Towers have transformers' names in them; a tau of another kind says in the metadata what it is.
    """
    towers = tau.towers if isinstance(tau, ClipPair) else (tau,) if isinstance(tau, ClipTextEncoder) else ()
    if not towers:
        return {"": (dict(tau.state_dict()), {SPEC_KEY: _encoded(_listens(tau))})}
    return {
        _SUFFIXES.get(tower.spec.width, f"_clip_{tower.spec.width}"): (
            {key.removeprefix("transformer."): value for key, value in tower.state_dict().items()},
            {SPEC_KEY: _encoded({"clip": replace(tower.spec, layout="clip")})},
        )
        for tower in towers
    }


def _encoded(listens: dict[str, Any]) -> str:
    return msgspec.json.encode(listens).decode()


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
            return _said(file) or _loaded(file, *_known_tower(file))
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


def width_in(path: Path) -> int:
    """How wide the context of the text tower in a file of its own is, told by its header.

    Raises:
        CheckpointError: as `load_text`.
    """
    with opened(path) as file:
        return _known_tower(file)[1].width


def load_tower(path: Path, spec: ClipSpec) -> ClipTextEncoder:
    """Load the text tower of this spec from a file of its own, under transformers' names.

    Raises:
        CheckpointError: as `load_text`.
    """
    with opened(path) as file:
        return _loaded(file, "", replace(spec, layout="clip"))


def _loaded(file: TensorFile, prefix: str, spec: ClipSpec) -> ClipTextEncoder:
    with torch.device("meta"):
        tower = ClipTextEncoder(spec)
    fill(file.path, tower, _tower(file, prefix, spec))
    return tower


def _said(file: TensorFile) -> Tau | None:
    """A tau of a kind, or of a width, that only its own file can tell of."""
    said = file.metadata.get(SPEC_KEY)
    if said is None:
        return None
    try:
        spec = msgspec.convert({**_NOBODY, **msgspec.json.decode(said)}, ModelSpec)
    except (msgspec.DecodeError, TypeError) as error:
        raise CheckpointError(
            f"{file.path.name} has a text encoder's spec that cannot be read: {error}."
        ) from error
    if spec.clip is not None and spec.clip.width in _SUFFIXES:
        return None
    with torch.device("meta"):
        made = built(spec)
    fill(file.path, made, _tower(file, "", spec.clip) if spec.clip is not None else file.read)
    return made


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
    return replace(spec, layers=spec.layers - spec.skipped, skipped=0, missing=spec.skipped)


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
