"""Models as folders: diffusers' layout, a folder for each part with its `config.json`, read and written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ldm import published
from ldm.checkpoint import LatentDiffusion, build, steady
from ldm.diffusers_config import Said, clip_spec, first_stage_spec, schedule_spec, unet_spec
from ldm.layouts import first_stage_reader, unet_reader
from ldm.spec import ClipSpec, ModelSpec, UNetSpec
from ldm.tensor_file import CheckpointError, fill, opened
from ldm.text.bpe import END, pad_number
from ldm.text.clip import ClipPair
from ldm.text.files import load_tower
from ldm.text.tau import Tau

INDEX = "model_index.json"
WEIGHTS, TEXT_WEIGHTS = "diffusion_pytorch_model", "model"
TOWERS = {"CLIPTextModel": False, "CLIPTextModelWithProjection": True}
"""The text encoders that are known, and whether they tell the pooled meaning."""
FIRST_STAGES = ("vae", "vqvae")
TEXTS = (("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2"))
DEEPER = (
    "StableDiffusionXL"  # how pipelines begin whose texts are heard at the last layer but one, without a norm
)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A model's folder, and the class of each of its parts."""

    path: Path
    pipeline: str
    parts: Mapping[str, str]

    def config(self, part: str, name: str = "config.json") -> Said:
        """The config of a part."""
        return _json(self.path / part / name)

    def where(self, part: str) -> str:
        """What an error calls the config of a part."""
        return f"{self.path.name}/{part}/config.json"


def folder_spec(path: Path) -> ModelSpec:
    """What a diffusers folder holds, told by its configs: no weights are read.

    Raises:
        CheckpointError: a file is missing or cannot be read, or the folder holds a model of another kind.
    """
    folder = _opened(path)
    unet = unet_spec(folder.config("unet"), folder.where("unet"))
    stage = _first_stage(folder)
    said = folder.config("scheduler", "scheduler_config.json") if "scheduler" in folder.parts else {}
    schedule, guesses = schedule_spec(said, f"{path.name}/scheduler/scheduler_config.json")
    towers = list(_towers(folder).values())
    known = _published(unet, towers)
    if known is not None:
        towers = [_as_deep(tower, theirs) for tower, theirs in zip(towers, _listens(known), strict=True)]
    spec = ModelSpec(
        name=known.name if known else path.name,
        first_stage=first_stage_spec(folder.config(stage), folder.where(stage)),
        unet=known.unet if known else unet,
        clip=towers[0] if towers else None,
        second_clip=towers[1] if len(towers) > 1 else None,
        concat=known.concat if known else None,
        schedule=schedule,
        parameterization=guesses,
    )
    shown = unet.in_channels - spec.first_stage.embed_dim
    if shown and spec.concat is None:
        raise CheckpointError(
            f"{folder.where('unet')}: in_channels is {unet.in_channels}, {shown} more than the latent has, but "
            "what they show is known of the published models only."
        )
    return spec


def load_folder(path: Path, dtype: torch.dtype = torch.float32) -> LatentDiffusion:
    """Load a whole model from a diffusers folder, on the CPU, ready for inference.

    Args:
        path: Has a `model_index.json`.
        dtype: Of the UNet and the first stage, as in `ldm.checkpoint.load_model`.

    Raises:
        CheckpointError: as `folder_spec`, or weights are missing or do not fit.
    """
    spec, folder = folder_spec(path), _opened(path)
    stage = _first_stage(folder)
    with torch.device("meta"):
        model = build(replace(spec, clip=None, second_clip=None))
    with opened(weights_in(path / "unet", WEIGHTS)) as file:
        fill(file.path, model.unet, unet_reader(file, spec.unet), dtype=dtype)
    with opened(weights_in(path / stage, WEIGHTS)) as file:
        read = first_stage_reader(file, spec.first_stage)
        fill(file.path, model.first_stage, read, dtype=steady(dtype))
    return replace(model, spec=spec, text=_text(folder, spec))


def weights_in(folder: Path, stem: str) -> Path:
    """The file with the weights of a part, or the index of those in several files; in half precision if need be.

    Raises:
        CheckpointError: there is none, or it is a pickle.
    """
    for variant in ("", ".fp16", ".bf16", ".non_ema"):
        for name in (f"{stem}{variant}.safetensors", f"{stem}.safetensors.index{variant}.json"):
            if (folder / name).is_file():
                return folder / name
    if pickles := sorted(folder.glob(f"{stem}*.bin")):
        raise CheckpointError(
            f"The weights in {folder} are a pickle only, which could run anything while it is read. Convert it: "
            f"python main.py convert-checkpoint {pickles[0]} {pickles[0].with_suffix('.safetensors')}"
        )
    raise CheckpointError(f"There is no {stem}.safetensors in {folder}.")


# ---- parts


def _opened(path: Path) -> _Folder:
    said = _json(path / INDEX)
    pipeline = said.get("_class_name", "")
    # Each part is written as its library and its class; what the pipeline does without, as two times null.
    parts = {
        name: value[1]
        for name, value in said.items()
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)
    }
    if "unet" not in parts or not any(name in parts for name in FIRST_STAGES):
        raise CheckpointError(
            f"{path.name} is a {pipeline or 'folder'} of {', '.join(parts) or 'nothing'}, but a unet and a vae "
            "are asked for. Models in which a transformer denoises are not known here."
        )
    return _Folder(path, str(pipeline), parts)


def _first_stage(folder: _Folder) -> str:
    return next(name for name in FIRST_STAGES if name in folder.parts)


def _towers(folder: _Folder) -> dict[str, ClipSpec]:
    """The text towers by the parts that they are, the first one first."""
    found = {}
    if "bert" in folder.parts:
        raise CheckpointError(
            f"{folder.path.name} listens through {folder.parts['bert']}, which is read from CompVis' layout only."
        )
    for part, tokenizer in TEXTS:
        if part not in folder.parts:
            continue
        kind = folder.parts[part]
        if kind not in TOWERS:
            raise CheckpointError(
                f"{folder.path.name}/{part} is a {kind}, but only {' and '.join(TOWERS)} are known here."
            )
        pad = _pad(folder.path / tokenizer)
        spec = clip_spec(folder.config(part), folder.where(part), projects=TOWERS[kind], pad=pad)
        if folder.pipeline.startswith(DEEPER):
            spec = replace(spec, skipped=1, normed=False)
        found[part] = spec
    return found


def _pad(folder: Path) -> int:
    """What a tokenizer fills rows with; CLIP's own with the end."""
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        said = _json(folder / name).get("pad_token") if (folder / name).is_file() else None
        word = said.get("content") if isinstance(said, dict) else said
        if isinstance(word, str):
            return next(
                (number for number in (pad_number(word), pad_number(word + "</w>")) if number is not None),
                END,
            )
    return END


def _published(unet: UNetSpec, towers: list[ClipSpec]) -> ModelSpec | None:
    """The published model with this UNet, which knows what is shown to it beside the latent."""
    widths = [tower.width for tower in towers]
    for spec in published.MODELS:
        if _same(spec.unet, unet) and [tower.width for tower in _listens(spec)] == widths:
            return spec
    return None


def _listens(spec: ModelSpec) -> list[ClipSpec]:
    return [tower for tower in (spec.clip, spec.second_clip) if tower is not None]


def _as_deep(tower: ClipSpec, published: ClipSpec) -> ClipSpec:
    """A tower that may have been written without layers that nothing is read from."""
    return replace(tower, missing=max(published.layers - tower.layers, 0))


def _same(one: UNetSpec, other: UNetSpec) -> bool:
    """Whether two specs make the same UNet: factors may be in any order, and some may be met at no level."""

    def met(spec: UNetSpec) -> UNetSpec:
        there = {2**level for level in range(len(spec.channel_mult))}
        return replace(spec, attention_factors=tuple(sorted(there & set(spec.attention_factors))))

    return met(one) == met(other)


def _text(folder: _Folder, spec: ModelSpec) -> Tau:
    towers = [
        load_tower(weights_in(folder.path / part, TEXT_WEIGHTS), tower)
        for part, tower in zip(_towers(folder), _listens(spec), strict=True)
    ]
    match towers:
        case [first, second]:
            return ClipPair(first, second)
        case [only]:
            return only
    return Tau()


def _json(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {path}.") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    if not isinstance(said, dict):
        raise CheckpointError(f"{path} is no JSON object.")
    return said
