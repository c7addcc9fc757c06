"""Whole models and their parts out of safetensors files of any layout, and back into files of CompVis' layout."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import FirstStageModel, first_stage
from ldm.layouts import (
    FIRST_STAGE_SPEC_KEY,
    SPEC_KEY,
    averaged_reader,
    encoded,
    first_stage_in,
    holds_model,
    model_as_told,
    model_in,
    model_named_by,
    unet_in,
)
from ldm.recognise import FIRST_STAGE, UNET
from ldm.spec import FirstStageSpec, ModelSpec
from ldm.tensor_file import CheckpointError, fill, opened
from ldm.text.build import tau
from ldm.text.files import as_written, writing
from ldm.text.files import reading as reading_tau
from ldm.text.tau import Tau
from ldm.unet.unet import UNet


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


def load_model(
    path: Path,
    *,
    averaged: bool = False,
    dtype: torch.dtype = torch.float32,
    spec: ModelSpec | None = None,
) -> LatentDiffusion:
    """Load a whole model on the CPU, ready for inference.

    Files that Weft saved say what they are; published ones are told by their keys (`ldm.recognise`).

    Args:
        path: One safetensors file.
        averaged: Take the UNet's averaged weights (EMA), which files keep for sampling.
        dtype: Of the UNet and the first stage; the text encoder, which is heard once, is in float32.
        spec: What the file holds, where it is told beside the file.

    Raises:
        CheckpointError: the file is missing, damaged, no safetensors file, lacks a part, or is of no known model.
    """
    with opened(path) as file:
        spec = model_in(file) if spec is None else model_as_told(file, spec)
        with torch.device("meta"):
            model = build(spec)
        fill(path, model.unet, averaged_reader(file) if averaged else file.below(UNET), UNET, dtype)
        fill(path, model.first_stage, file.below(FIRST_STAGE), FIRST_STAGE, steady(dtype))
        fill(path, model.text, reading_tau(file, model.text))
    return model


def steady(dtype: torch.dtype) -> torch.dtype:
    """What a first stage is kept in where a UNet is in `dtype`: the numbers inside of SDXL's do not fit into fp16."""
    return torch.float32 if dtype == torch.float16 else dtype


def load_first_stage(
    path: Path, scale_factor: float | None = None, dtype: torch.dtype = torch.float32
) -> FirstStageModel:
    """Load a first stage: from a file of its own, or out of a whole checkpoint.

    Args:
        path: One safetensors file, under CompVis' names or diffusers'.
        scale_factor: What latents are multiplied with, where a file of its own cannot say so; by default, as published.
        dtype: Of the weights in memory; for fp16 they are in float32.

    Raises:
        CheckpointError: as `load_model`.
    """
    with opened(path) as file:
        spec, read = first_stage_in(file)
        if scale_factor is not None:
            spec = replace(spec, scale_factor=scale_factor)
        with torch.device("meta"):
            model = first_stage(spec)
        fill(path, model, read, dtype=steady(dtype))
    return model


def load_unet(path: Path, dtype: torch.dtype = torch.float32) -> tuple[ModelSpec, UNet]:
    """Load a UNet alone, and the spec of the model that it belongs to.

    It lies in a file of its own, under CompVis' names or diffusers', or in a whole checkpoint.

    Raises:
        CheckpointError: as `load_model`.
    """
    with opened(path) as file:
        spec, read = unet_in(file)
        with torch.device("meta"):
            unet = UNet(spec.unet)
        fill(path, unet, read, dtype=dtype)
    return spec, unet


def spec_in(path: Path) -> ModelSpec | FirstStageSpec:
    """What a file holds, a whole model or a first stage alone, told by its header: no weights are read.

    Raises:
        CheckpointError: as `load_model`.
    """
    with opened(path) as file:
        if holds_model(file):
            return model_named_by(file)
        try:
            return first_stage_in(file)[0]
        except CheckpointError:
            return unet_in(file)[0]


def save_model(model: LatentDiffusion, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a checkpoint in half precision, whole or not at all. `notes` join the metadata (seed, command, metrics)."""
    tensors = {
        **{UNET + key: value for key, value in model.unet.state_dict().items()},
        **{FIRST_STAGE + key: value for key, value in model.first_stage.state_dict().items()},
        **writing(model.text),
    }
    spec = as_written(model.spec, model.text)
    write_tensors(path, tensors, {SPEC_KEY: encoded(spec), **(notes or {})})


def save_first_stage(model: FirstStageModel, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a first stage alone in half precision, without a prefix, as CompVis' own first-stage files are."""
    write_tensors(
        path, dict(model.state_dict()), {FIRST_STAGE_SPEC_KEY: encoded(model.spec), **(notes or {})}
    )


def save_unet(spec: ModelSpec, unet: UNet, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a UNet alone in half precision, with the spec of the model that it belongs to."""
    tensors = {UNET + key: value for key, value in unet.state_dict().items()}
    write_tensors(path, tensors, {SPEC_KEY: encoded(spec), **(notes or {})})


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file in half precision, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    half = {key: value.detach().half().contiguous() for key, value in tensors.items()}
    try:
        unfinished.touch()
        mode = unfinished.stat().st_mode  # safetensors' own lets nobody else read the file
        save_file(half, unfinished, metadata=dict(metadata))
        unfinished.chmod(mode)
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
