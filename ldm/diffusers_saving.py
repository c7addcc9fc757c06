"""Models as diffusers writes them: parts under its names, and whole folders. Weights are in half precision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from ldm.checkpoint import LatentDiffusion, write_tensors
from ldm.diffusers_folder import INDEX, TEXT_WEIGHTS, TEXTS, WEIGHTS
from ldm.diffusers_names import apart, first_stage_name, unet_name
from ldm.diffusers_written import (
    VERSION,
    NotInDiffusers,
    clip_config,
    first_stage_config,
    schedule_config,
    unet_config,
)
from ldm.first_stage.autoencoder import FirstStageModel
from ldm.layouts import FIRST_STAGE_SPEC_KEY, SPEC_KEY, encoded
from ldm.spec import ClipSpec, ModelSpec
from ldm.text.bpe import tokenizer_files
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.tau import Tau
from ldm.unet.unet import UNet


def diffusers_unet(unet: UNet) -> dict[str, Tensor]:
    """A UNet's tensors under diffusers' names."""
    spec = unet.spec
    theirs: dict[str, Tensor] = {}
    for key, value in unet.state_dict().items():
        theirs |= apart(unet_name(key, spec), value, spec.heads_for)
    return theirs


def diffusers_first_stage(model: FirstStageModel) -> dict[str, Tensor]:
    """A first stage's tensors under diffusers' names; its attention is of matrices there."""
    return {
        first_stage_name(key, model.spec): value[..., 0, 0] if ".attn" in key and value.ndim == 4 else value
        for key, value in model.state_dict().items()
    }


def diffusers_tower(tower: ClipTextEncoder) -> dict[str, Tensor]:
    """A text tower's tensors under transformers' names."""
    return {key.removeprefix("transformer."): value for key, value in tower.state_dict().items()}


def save_diffusers_unet(
    spec: ModelSpec, unet: UNet, path: Path, notes: Mapping[str, str] | None = None
) -> None:
    """Write a UNet alone under diffusers' names, with the spec of the model that it belongs to."""
    write_tensors(path, diffusers_unet(unet), {SPEC_KEY: encoded(spec), **(notes or {})})


def save_diffusers_first_stage(
    model: FirstStageModel, path: Path, notes: Mapping[str, str] | None = None
) -> None:
    """Write a first stage alone under diffusers' names, with its spec."""
    write_tensors(
        path, diffusers_first_stage(model), {FIRST_STAGE_SPEC_KEY: encoded(model.spec), **(notes or {})}
    )


def save_folder(model: LatentDiffusion, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a model as a diffusers folder. `notes` join the metadata of the UNet's file.

    Raises:
        NotInDiffusers: diffusers has no such network.
    """
    spec, towers = model.spec, _towers(model.text)
    stage = "vqvae" if spec.first_stage.kind == "vq" else "vae"
    pipeline = _pipeline(spec, towers)
    configs = {"unet": unet_config(spec.unet), stage: first_stage_config(spec.first_stage)}
    schedule = schedule_config(spec.schedule, spec.parameterization)
    write_tensors(path / "unet" / f"{WEIGHTS}.safetensors", diffusers_unet(model.unet), notes or {})
    write_tensors(path / stage / f"{WEIGHTS}.safetensors", diffusers_first_stage(model.first_stage), {})
    _put(path / "scheduler" / "scheduler_config.json", schedule)
    parts = {part: ["diffusers", config["_class_name"]] for part, config in configs.items()}
    parts["scheduler"] = ["diffusers", schedule["_class_name"]]
    for (part, tokenizer), tower in zip(TEXTS, towers, strict=False):
        spec_heard, tensors = _heard(tower, whole=len(towers) > 1)
        write_tensors(path / part / f"{TEXT_WEIGHTS}.safetensors", tensors, {"format": "pt"})
        configs[part] = clip_config(spec_heard)
        kind = "CLIPTextModel" if tower.spec.projection is None else "CLIPTextModelWithProjection"
        parts |= {part: ["transformers", kind], tokenizer: ["transformers", "CLIPTokenizer"]}
        for name, text in tokenizer_files(tower.spec.pad).items():
            _write(path / tokenizer / name, text)
    for part, config in configs.items():
        _put(path / part / "config.json", config)
    _put(path / INDEX, {"_class_name": pipeline, "_diffusers_version": VERSION, **parts})


def _towers(text: Tau) -> tuple[ClipTextEncoder, ...]:
    match text:
        case ClipPair():
            return text.towers
        case ClipTextEncoder():
            return (text,)
    if type(text) is Tau:
        return ()
    raise NotInDiffusers(f"pipeline that listens to {text.hears} through a {type(text).__name__}")


def _pipeline(spec: ModelSpec, towers: tuple[ClipTextEncoder, ...]) -> str:
    """The class of the pipeline that runs such a model."""
    shown = spec.concat.order if spec.concat else ()
    match len(towers), shown:
        case 0, ():
            return "LDMPipeline"
        case 0, ("low_resolution",):
            return "LDMSuperResolutionPipeline"
        case 1, () if towers[0].spec.normed:
            return "StableDiffusionPipeline"
        case 1, ("mask", "masked_image") if towers[0].spec.normed:
            return "StableDiffusionInpaintPipeline"
        case 2, () if all(tower.spec.skipped == 1 and not tower.spec.normed for tower in towers):
            return "StableDiffusionXLPipeline"
    beside = f" and is shown {', '.join(shown)}" if shown else ""
    raise NotInDiffusers(f"pipeline that listens through {len(towers)} towers as {spec.name} does{beside}")


def _heard(tower: ClipTextEncoder, *, whole: bool) -> tuple[ClipSpec, dict[str, Tensor]]:
    """A tower as a pipeline listens to it: SDXL's skips the last layer, others listen to the last that there is."""
    spec, tensors = tower.spec, diffusers_tower(tower)
    if whole or spec.skipped == 0:
        return spec, tensors
    left_out = tuple(
        f"text_model.encoder.layers.{layer}." for layer in range(spec.layers - spec.skipped, spec.layers)
    )
    kept = {key: value for key, value in tensors.items() if not key.startswith(left_out)}
    return replace(spec, layers=spec.layers - spec.skipped, skipped=0), kept


def _put(path: Path, config: Mapping[str, object]) -> None:
    _write(path, json.dumps(config, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
