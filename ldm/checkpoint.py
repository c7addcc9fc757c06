"""Checkpoints: safetensors in CompVis' key layout, with the `ModelSpec` in the metadata. No pickle is ever read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.recognise import KEYS, recognise, recognised
from ldm.spec import FirstStageSpec, ModelSpec
from ldm.text.clip import ClipTextEncoder
from ldm.text.transformer import TextEncoder
from ldm.unet.unet import UNet

UNET, FIRST_STAGE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model."
SPEC_KEY = "weft.model_spec"
FIRST_STAGE_SPEC_KEY = "weft.first_stage_spec"
MIB = 2**20

Spec = TypeVar("Spec", ModelSpec, FirstStageSpec)


class CheckpointError(ValueError):
    """A file that is no checkpoint this program can load; the message names the first thing that does not fit."""


@dataclass(frozen=True, slots=True)
class LatentDiffusion:
    """The parts of a loaded model."""

    spec: ModelSpec
    unet: UNet
    first_stage: AutoencoderKL
    text: TextEncoder | ClipTextEncoder
    schedule: Schedule


def build(spec: ModelSpec) -> LatentDiffusion:
    """Make a model of this spec with fresh weights."""
    return LatentDiffusion(
        spec,
        UNet(spec.unet),
        AutoencoderKL(spec.first_stage),
        _text_encoder(spec),
        Schedule(spec.schedule),
    )


def load_model(path: Path) -> LatentDiffusion:
    """Load a text-to-image checkpoint, in float32 on the CPU, ready for inference.

    Files that Weft saved say what they are; published ones are told by their keys (`ldm.recognise`).

    Raises:
        CheckpointError: the file is missing, damaged, no safetensors file, lacks a part, or is of no known model.
    """
    tensors, metadata = _read(path)
    known = None if SPEC_KEY in metadata else recognise(tensors)
    spec = known or _spec(path, metadata, SPEC_KEY, ModelSpec)
    with torch.device("meta"):
        model = build(spec)
    for prefix, module in _parts(model).items():
        _fill(path, module, tensors, prefix)
    return model


def load_first_stage(path: Path) -> AutoencoderKL:
    """Load a first stage: from a file of its own, or out of a whole checkpoint.

    Raises:
        CheckpointError: as `load_model`.
    """
    tensors, metadata = _read(path)
    known = None if SPEC_KEY in metadata else recognise(tensors)
    if SPEC_KEY in metadata or known:
        spec, prefix = (known or _spec(path, metadata, SPEC_KEY, ModelSpec)).first_stage, FIRST_STAGE
    else:
        spec, prefix = _spec(path, metadata, FIRST_STAGE_SPEC_KEY, FirstStageSpec), ""
    with torch.device("meta"):
        model = AutoencoderKL(spec)
    _fill(path, model, tensors, prefix)
    return model


def spec_in(path: Path) -> ModelSpec | FirstStageSpec:
    """What a file holds, a whole model or a first stage alone, told by its header: no weights are read.

    Raises:
        CheckpointError: as `load_model`.
    """
    with _opened(path) as file:
        metadata, keys = file.metadata() or {}, set(file.keys())
        shapes = {key: tuple(file.get_slice(key).get_shape()) for key in KEYS if key in keys}
    if FIRST_STAGE_SPEC_KEY in metadata and SPEC_KEY not in metadata:
        return _spec(path, metadata, FIRST_STAGE_SPEC_KEY, FirstStageSpec)
    known = None if SPEC_KEY in metadata else recognised(shapes)
    return known or _spec(path, metadata, SPEC_KEY, ModelSpec)


def save_model(model: LatentDiffusion, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a checkpoint in half precision, whole or not at all. `notes` join the metadata (seed, command, metrics)."""
    tensors = {
        prefix + key: value
        for prefix, module in _parts(model).items()
        for key, value in module.state_dict().items()
    }
    _write(path, tensors, {SPEC_KEY: _encoded(model.spec), **(notes or {})})


def save_first_stage(model: AutoencoderKL, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a first stage alone in half precision, without a prefix, as CompVis' own first-stage files are."""
    _write(path, dict(model.state_dict()), {FIRST_STAGE_SPEC_KEY: _encoded(model.spec), **(notes or {})})


def _text_encoder(spec: ModelSpec) -> TextEncoder | ClipTextEncoder:
    if spec.clip is not None:
        return ClipTextEncoder(spec.clip)
    if spec.text is not None:
        return TextEncoder(spec.text)
    raise CheckpointError(
        f"The model '{spec.name}' has no text encoder: its spec names neither `text` nor `clip`."
    )


def _parts(model: LatentDiffusion) -> dict[str, nn.Module]:
    return {UNET: model.unet, FIRST_STAGE: model.first_stage, TEXT: model.text}


def _encoded(spec: ModelSpec | FirstStageSpec) -> str:
    return msgspec.json.encode(spec).decode()


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    with _opened(path) as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, "pt") as file:
            yield file
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {path}.") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name} is no readable safetensors file ({error}). It may be damaged or cut short: copy it again."
        ) from error


def _spec(path: Path, metadata: Mapping[str, str], key: str, kind: type[Spec]) -> Spec:
    if key not in metadata:
        raise CheckpointError(
            f"{path.name} does not say what model it holds: its metadata has no {key!r}, and its keys are those of no "
            "model that is known here. Give a checkpoint that Weft saved, or Stable Diffusion 1.x in one file."
        )
    try:
        return msgspec.json.decode(metadata[key], type=kind)
    except msgspec.DecodeError as error:
        raise CheckpointError(f"{path.name} has a model spec that cannot be read: {error}.") from error


def _fill(path: Path, module: nn.Module, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """Put the tensors below `prefix` into a module made on the meta device, in float32."""
    found = {
        key.removeprefix(prefix): value.float() for key, value in tensors.items() if key.startswith(prefix)
    }
    for key, wanted in module.state_dict().items():
        if key not in found:
            raise CheckpointError(f"{path.name} lacks {prefix + key}, shape {tuple(wanted.shape)}.")
        if found[key].shape != wanted.shape:
            raise CheckpointError(
                f"{path.name}: {prefix + key} has shape {tuple(found[key].shape)}, "
                f"but the spec in the file asks for {tuple(wanted.shape)}."
            )
    module.load_state_dict(found, strict=False, assign=True)
    module.requires_grad_(requires_grad=False).eval()


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    half = {key: value.detach().half().contiguous() for key, value in tensors.items()}
    try:
        save_file(half, unfinished, metadata=dict(metadata))
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
