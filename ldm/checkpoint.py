"""Checkpoints: safetensors in CompVis' layout, with the `ModelSpec` in the metadata; published ones are recognised."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec
import torch
from safetensors.torch import save_file
from torch import Tensor

from ldm.diffusers_names import first_stage_name, joined, unet_name
from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import FirstStageModel, first_stage
from ldm.recognise import (
    FIRST_STAGE,
    UNET,
    nearest,
    recognise,
    recognise_diffusers_first_stage,
    recognise_diffusers_unet,
    recognise_first_stage,
)
from ldm.spec import FirstStageSpec, ModelSpec
from ldm.tensor_file import CheckpointError, Read, TensorFile, fill, opened
from ldm.text.build import tau
from ldm.text.files import as_written, told_of_text, writing
from ldm.text.files import reading as reading_tau
from ldm.text.tau import Tau
from ldm.unet.unet import UNet

AVERAGED = "model_ema."
SPEC_KEY = "weft.model_spec"
FIRST_STAGE_SPEC_KEY = "weft.first_stage_spec"
V_GUESSING = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
V_SPREAD = 0.09  # SD 2's two UNets have the same shapes; this bias is spread wider in the one that guesses v

Spec = TypeVar("Spec", ModelSpec, FirstStageSpec)


@dataclass(frozen=True, slots=True)
class LatentDiffusion:
    """The parts of a loaded model."""

    spec: ModelSpec
    unet: UNet
    first_stage: FirstStageModel
    text: Tau
    schedule: Schedule


def build(spec: ModelSpec) -> LatentDiffusion:
    """Make a model of this spec with fresh weights."""
    return LatentDiffusion(
        spec, UNet(spec.unet), first_stage(spec.first_stage), tau(spec), Schedule(spec.schedule)
    )


def load_model(path: Path, *, averaged: bool = False) -> LatentDiffusion:
    """Load a whole model, in float32 on the CPU, ready for inference.

    Files that Weft saved say what they are; published ones are told by their keys (`ldm.recognise`).

    Args:
        path: One safetensors file.
        averaged: Take the UNet's averaged weights (EMA), which files keep for sampling.

    Raises:
        CheckpointError: the file is missing, damaged, no safetensors file, lacks a part, or is of no known model.
    """
    with opened(path) as file:
        spec = _as_told(file, _model_spec(file))
        with torch.device("meta"):
            model = build(spec)
        fill(path, model.unet, _averaged(file) if averaged else file.below(UNET), UNET)
        fill(path, model.first_stage, file.below(FIRST_STAGE), FIRST_STAGE)
        fill(path, model.text, reading_tau(file, model.text))
    return model


def load_first_stage(path: Path, scale_factor: float | None = None) -> FirstStageModel:
    """Load a first stage: from a file of its own, or out of a whole checkpoint.

    Args:
        path: One safetensors file, under CompVis' names or diffusers'.
        scale_factor: What latents are multiplied with, where a file of its own cannot say so; by default, as published.

    Raises:
        CheckpointError: as `load_model`.
    """
    with opened(path) as file:
        spec, read = _first_stage_in(file)
        if scale_factor is not None:
            spec = replace(spec, scale_factor=scale_factor)
        with torch.device("meta"):
            model = first_stage(spec)
        fill(path, model, read)
    return model


def load_unet(path: Path) -> tuple[ModelSpec, UNet]:
    """Load a UNet alone, and the spec of the model that it belongs to.

    It lies in a file of its own, under CompVis' names or diffusers', or in a whole checkpoint.

    Raises:
        CheckpointError: as `load_model`.
    """
    with opened(path) as file:
        spec, read = _unet_in(file)
        with torch.device("meta"):
            unet = UNet(spec.unet)
        fill(path, unet, read)
    return spec, unet


def spec_in(path: Path) -> ModelSpec | FirstStageSpec:
    """What a file holds, a whole model or a first stage alone, told by its header: no weights are read.

    Raises:
        CheckpointError: as `load_model`.
    """
    with opened(path) as file:
        if SPEC_KEY in file.metadata or recognise(file.shapes) is not None:
            return _model_spec(file)
        try:
            return _first_stage_in(file)[0]
        except CheckpointError:
            return _unet_in(file)[0]


def save_model(model: LatentDiffusion, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a checkpoint in half precision, whole or not at all. `notes` join the metadata (seed, command, metrics)."""
    tensors = {
        **{UNET + key: value for key, value in model.unet.state_dict().items()},
        **{FIRST_STAGE + key: value for key, value in model.first_stage.state_dict().items()},
        **writing(model.text),
    }
    spec = as_written(model.spec, model.text)
    _write(path, tensors, {SPEC_KEY: _encoded(spec), **(notes or {})})


def save_first_stage(model: FirstStageModel, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a first stage alone in half precision, without a prefix, as CompVis' own first-stage files are."""
    _write(path, dict(model.state_dict()), {FIRST_STAGE_SPEC_KEY: _encoded(model.spec), **(notes or {})})


# ---- what a file holds


def _model_spec(file: TensorFile) -> ModelSpec:
    if SPEC_KEY in file.metadata:
        return _said(file, SPEC_KEY, ModelSpec)
    spec = recognise(file.shapes)
    if spec is None:
        raise CheckpointError(
            f"{file.path.name} does not say what model it holds: its metadata has no {SPEC_KEY!r}, and its keys are "
            f"those of no model that is known here: {nearest(file.shapes)}. Give a checkpoint that Weft saved, or one "
            "file of Stable Diffusion or of a published LDM."
        )
    return told_of_text(file, spec)


def _first_stage_in(file: TensorFile) -> tuple[FirstStageSpec, Read]:
    if FIRST_STAGE_SPEC_KEY in file.metadata and SPEC_KEY not in file.metadata:
        return _said(file, FIRST_STAGE_SPEC_KEY, FirstStageSpec), file.read
    if SPEC_KEY in file.metadata or recognise(file.shapes) is not None:
        return _as_told(file, _model_spec(file)).first_stage, file.below(FIRST_STAGE)
    for prefix in ("", FIRST_STAGE):
        if known := recognise_first_stage(file.shapes, prefix):
            return known, file.below(prefix)
    if known := recognise_diffusers_first_stage(file.shapes):
        return known, _from_diffusers_first_stage(file, known)
    raise CheckpointError(
        f"{file.path.name} does not say what first stage it holds: its metadata has no {FIRST_STAGE_SPEC_KEY!r}, and "
        "its keys are those of no first stage that is known here."
    )


def _unet_in(file: TensorFile) -> tuple[ModelSpec, Read]:
    if SPEC_KEY in file.metadata or recognise(file.shapes) is not None:
        return _as_told(file, _model_spec(file)), file.below(UNET)
    if known := recognise(file.shapes, prefix=""):
        return _guessing_v(known, file, V_GUESSING), file.read
    if known := recognise_diffusers_unet(file.shapes):
        spec = known.unet
        read = lambda key: joined(unet_name(key, spec), file.read, spec.heads_for)  # noqa: E731
        return _guessing_v(known, file, unet_name(V_GUESSING, spec)), read
    return _model_spec(file), file.below(UNET)  # which says what does not fit


def _from_diffusers_first_stage(file: TensorFile, spec: FirstStageSpec) -> Read:
    def read(key: str) -> Tensor:
        value = file.read(first_stage_name(key, spec))
        return value[..., None, None] if "attn" in key and value.ndim == 2 else value

    return read


def _said(file: TensorFile, key: str, kind: type[Spec]) -> Spec:
    try:
        return msgspec.json.decode(file.metadata[key], type=kind)
    except msgspec.DecodeError as error:
        raise CheckpointError(f"{file.path.name} has a model spec that cannot be read: {error}.") from error


def _as_told(file: TensorFile, spec: ModelSpec) -> ModelSpec:
    """The spec with what the file's own tensors say of its scale, its schedule and what it guesses."""
    if SPEC_KEY in file.metadata:
        return spec
    if "scale_factor" in file.shapes:
        scale = float(file.read("scale_factor"))
        spec = replace(spec, first_stage=replace(spec.first_stage, scale_factor=scale))
    if file.shapes.get("betas") == (spec.schedule.steps,):
        ends = file.read("betas").double()[[0, -1]]
        table = torch.tensor([spec.schedule.first, spec.schedule.last], dtype=torch.float64)
        if not torch.allclose(
            ends, table, rtol=1e-2, atol=0.0
        ):  # files in half precision keep no more than that
            spec = replace(spec, schedule=replace(spec.schedule, first=float(ends[0]), last=float(ends[1])))
    return _guessing_v(spec, file, UNET + V_GUESSING)


def _guessing_v(spec: ModelSpec, file: TensorFile, key: str) -> ModelSpec:
    wide = spec.unet.linear_projection and spec.unet.vector_dim is None and key in file.shapes
    if "v_pred" in file.shapes or (wide and float(file.read(key).float().std(correction=0)) > V_SPREAD):
        return replace(spec, parameterization="v")
    return spec


def _averaged(file: TensorFile) -> Read:
    """Reads averaged weights, whose names have lost their dots."""
    name = UNET.removeprefix("model.")
    return lambda key: file.read(AVERAGED + (name + key).replace(".", ""))


# ---- writing


def _encoded(spec: ModelSpec | FirstStageSpec) -> str:
    return msgspec.json.encode(spec).decode()


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
