"""What a file holds and under whose names: Weft's own, CompVis' or diffusers'. Specs come from its header."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import msgspec
import torch
from torch import Tensor

from ldm.diffusers_names import first_stage_name, joined, new_name, unet_name
from ldm.recognise import (
    FIRST_STAGE,
    UNET,
    nearest,
    recognise,
    recognise_diffusers_first_stage,
    recognise_diffusers_unet,
    recognise_first_stage,
)
from ldm.spec import FirstStageSpec, ModelSpec, UNetSpec
from ldm.tensor_file import CheckpointError, Read, TensorFile
from ldm.text.files import told_of_text

AVERAGED = "model_ema."
SPEC_KEY = "weft.model_spec"
FIRST_STAGE_SPEC_KEY = "weft.first_stage_spec"
V_GUESSING = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
VECTORS = "noise_augmentor."
V_SPREAD = 0.09  # SD 2's two UNets have the same shapes; this bias is spread wider in the one that guesses v

Spec = TypeVar("Spec", ModelSpec, FirstStageSpec)


def holds_model(file: TensorFile) -> bool:
    """Whether the file says that it holds a whole model, or is recognised as one."""
    return SPEC_KEY in file.metadata or recognise(file.shapes) is not None


def model_in(file: TensorFile) -> ModelSpec:
    """The spec of the whole model in a file, with what its own tensors say of its scale and its schedule.

    Raises:
        CheckpointError: it is of no known model.
    """
    return _as_told(file, model_named_by(file))


def model_as_told(file: TensorFile, spec: ModelSpec) -> ModelSpec:
    """A spec that was told beside a file, with what the file's own tensors say."""
    return _as_told(file, told_of_text(file, spec))


def model_named_by(file: TensorFile) -> ModelSpec:
    """The same as its metadata or its keys tell it; no tensor is read.

    Raises:
        CheckpointError: it is of no known model.
    """
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


def first_stage_in(file: TensorFile) -> tuple[FirstStageSpec, Read]:
    """The spec of the first stage in a file, alone or as part of a model, and how its tensors are read.

    Raises:
        CheckpointError: it holds none that is known.
    """
    if FIRST_STAGE_SPEC_KEY in file.metadata and SPEC_KEY not in file.metadata:
        spec = _said(file, FIRST_STAGE_SPEC_KEY, FirstStageSpec)
        return spec, first_stage_reader(file, spec)
    if holds_model(file):
        return model_in(file).first_stage, file.below(FIRST_STAGE)
    for prefix in ("", FIRST_STAGE):
        if known := recognise_first_stage(file.shapes, prefix):
            return known, file.below(prefix)
    if known := recognise_diffusers_first_stage({new_name(key): shape for key, shape in file.shapes.items()}):
        return known, first_stage_reader(file, known)
    raise CheckpointError(
        f"{file.path.name} does not say what first stage it holds: its metadata has no {FIRST_STAGE_SPEC_KEY!r}, and "
        "its keys are those of no first stage that is known here."
    )


def unet_in(file: TensorFile) -> tuple[ModelSpec, Read]:
    """The spec of the model whose UNet is in a file, alone or as part of a model, and how its tensors are read.

    Raises:
        CheckpointError: it holds none that is known.
    """
    if holds_model(file):
        spec = model_in(file)
        return spec, unet_reader(file, spec.unet)
    if known := recognise(file.shapes, prefix=""):
        return _guessing_v(known, file, V_GUESSING), file.read
    if known := recognise_diffusers_unet(file.shapes):
        return _guessing_v(known, file, unet_name(V_GUESSING, known.unet)), unet_reader(file, known.unet)
    return model_named_by(file), file.below(UNET)  # which says what does not fit


def averaged_reader(file: TensorFile) -> Read:
    """Reads a UNet's averaged weights, whose names have lost their dots."""
    name = UNET.removeprefix("model.")
    return lambda key: file.read(AVERAGED + (name + key).replace(".", ""))


def unet_reader(file: TensorFile, spec: UNetSpec) -> Read:
    """Reads a UNet of this spec, under CompVis' names with or without their prefix, or under diffusers'."""
    for prefix in (UNET, ""):
        if f"{prefix}time_embed.0.weight" in file.shapes:
            return file.below(prefix)
    if "time_embedding.linear_1.weight" in file.shapes:
        read = _newly_named(file)
        return lambda key: joined(unet_name(key, spec), read, spec.heads_for)
    return file.below(UNET)


def first_stage_reader(file: TensorFile, spec: FirstStageSpec) -> Read:
    """Reads a first stage of this spec from a file of its own, under CompVis' names or diffusers', new or old."""
    if not any(".down_blocks." in key or ".mid_block." in key for key in file.shapes):
        return file.read
    read = _newly_named(file)

    def read_ours(key: str) -> Tensor:
        value = read(first_stage_name(key, spec))
        return value[..., None, None] if ".attn" in key and value.ndim == 2 else value

    return read_ours


def _newly_named(file: TensorFile) -> Read:
    """Reads tensors by the names that diffusers gives them today."""
    names = {new_name(key): key for key in file.shapes}
    return lambda name: file.read(names.get(name, name))


def encoded(spec: ModelSpec | FirstStageSpec) -> str:
    """A spec as files keep it in their metadata."""
    return msgspec.json.encode(spec).decode()


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
    if "ztsnr" in file.shapes:
        spec = replace(spec, schedule=replace(spec.schedule, zero_terminal=True))
    if spec.image_vector is not None and f"{VECTORS}data_mean" in file.shapes:
        mean, spread = (
            tuple(file.read(f"{VECTORS}data_{name}").double().flatten().tolist()) for name in ("mean", "std")
        )
        spec = replace(spec, image_vector=replace(spec.image_vector, mean=mean, spread=spread))
    return _guessing_v(spec, file, UNET + V_GUESSING)


def _guessing_v(spec: ModelSpec, file: TensorFile, key: str) -> ModelSpec:
    wide = spec.unet.linear_projection and spec.concat is None and key in file.shapes
    if "v_pred" in file.shapes or (wide and float(file.read(key).float().std(correction=0)) > V_SPREAD):
        return replace(spec, parameterization="v")
    return spec
