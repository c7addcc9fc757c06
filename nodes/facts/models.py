"""What a model's file says of it without being loaded: its family, its channels, whom it listens to.

Among a fact's `more`, `channels` and `factor` are those of the first stage's latents. `first_stage` and `text` stand
for the whole spec of the first stage and of the text encoder: where they differ, parts do not belong together.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import msgspec

from engine.api import Clash, Context, Fact, Facts
from ldm.checkpoint import spec_in
from ldm.compvis_config import compvis_spec
from ldm.diffusers_folder import folder_spec
from ldm.diffusion.beside import must_be_shown
from ldm.recognise import family_of
from ldm.spec import ClipSpec, FirstStageSpec, ModelSpec, TextSpec
from ldm.text.files import width_in
from nodes.facts.conditioning import sum_of, unheard


def checkpoint(ckpt_name: str | None, ctx: Context) -> Facts:
    """The three parts of the model in a file."""
    path, spec = _known("checkpoints", ckpt_name, ctx)
    if not isinstance(spec, ModelSpec):
        return (
            None
            if path is None or spec is None
            else Clash("ckpt_name", f"{ckpt_name} is a first stage alone")
        )
    return _parts(spec, path.stat().st_size if path is not None else None)


def _parts(spec: ModelSpec, size: int | None) -> tuple[Fact, Fact, Fact]:
    family, stage, told = family_of(spec), of_first_stage(spec.first_stage), of_text(spec)
    return (
        Fact("model", family=family, bytes=size, more={**stage, **told, **of_shown(spec)}),
        Fact("clip", family=family, more=told),
        Fact("vae", family=family, more=stage),
    )


def configured(config_name: str | None, ctx: Context) -> Facts:
    """The three parts of the model that a config tells of."""
    if config_name is None:
        return None
    try:
        return _parts(compvis_spec(ctx.model_file("configs", config_name)), None)
    except (OSError, ValueError):  # loading it will say what is wrong
        return None


def folder(model_path: str | None, ctx: Context) -> Facts:
    """The three parts of the model in a folder."""
    if model_path is None:
        return None
    try:
        path = ctx.model_file("diffusers", model_path)
        spec = folder_spec(path)
    except (OSError, ValueError):  # loading it will say what is wrong
        return None
    return _parts(spec, None)


def unclip_checkpoint(ckpt_name: str | None, ctx: Context) -> Facts:
    """The same, and the tower that looks at pictures."""
    told = checkpoint(ckpt_name, ctx)
    return (*told, Fact("clip_vision")) if isinstance(told, tuple) else told


def diffusion_model(unet_name: str | None, ctx: Context) -> Facts:
    """The diffusion model in a file of its own. Text encoder and first stage come from elsewhere, and may differ."""
    path, spec = _known("diffusion_models", unet_name, ctx)
    if path is None or not isinstance(spec, ModelSpec):
        return None
    stage = {"channels": spec.first_stage.embed_dim, "factor": spec.first_stage.factor}
    more = {**stage, **of_shown(spec)}
    return Fact("model", family=family_of(spec), bytes=path.stat().st_size, more=more)


def text_encoder(clip_name: str | None, ctx: Context) -> Facts:
    """The text encoder in a file of its own."""
    return _text_encoder([clip_name], ctx)


def two_text_encoders(clip_name1: str | None, clip_name2: str | None, ctx: Context) -> Facts:
    """SDXL's two, each in a file of its own."""
    return _text_encoder([clip_name1, clip_name2], ctx)


def _text_encoder(names: list[str | None], ctx: Context) -> Facts:
    try:
        paths = [ctx.model_file("text_encoders", name) for name in names if name is not None]
        width = sum(width_in(path) for path in paths)
    except (OSError, ValueError):  # loading it will say what is wrong
        return None
    if len(paths) < len(names):
        return None
    return Fact("clip", bytes=sum(path.stat().st_size for path in paths), more={"width": width})


def first_stage(vae_name: str | None, scale: float | None, ctx: Context) -> Facts:
    """The first stage in a file, with another scale if one is told."""
    path, spec = _known("vae", vae_name, ctx)
    if path is None or spec is None:
        return None
    family = family_of(spec) if isinstance(spec, ModelSpec) else None
    stage = spec.first_stage if isinstance(spec, ModelSpec) else spec
    if scale:
        stage = replace(stage, scale_factor=scale)
    return Fact("vae", family=family, bytes=path.stat().st_size, more=of_first_stage(stage))


def of_first_stage(spec: FirstStageSpec) -> dict[str, int]:
    """What is to be known of a first stage's latents."""
    return {"channels": spec.embed_dim, "factor": spec.factor, "first_stage": _stands_for(spec)}


def of_text(spec: ModelSpec) -> dict[str, int]:
    """What is to be known of a model's conditioning."""
    told = spec.text or spec.clip
    if told is None:
        return {}
    width = told.width + (spec.second_clip.width if spec.second_clip is not None else 0)
    return {"length": told.length, "width": width, "text": _stands_for(told)}


def of_shown(spec: ModelSpec) -> dict[str, int]:
    """What a model must be shown beside the latent."""
    needed = must_be_shown(spec)
    return {"shown": sum_of(needed)} if needed else {}


def _stands_for(spec: FirstStageSpec | TextSpec | ClipSpec) -> int:
    return zlib.crc32(msgspec.json.encode(spec))


def _known(
    folder: str, name: str | None, ctx: Context
) -> tuple[Path | None, ModelSpec | FirstStageSpec | None]:
    """Where a file lies, and what it says of itself; nothing for one that is missing, damaged or unknown."""
    if name is None:
        return None, None
    try:
        path = ctx.model_file(folder, name)
        state = path.stat()
        return path, _spec(path, state.st_size, state.st_mtime_ns)
    except (OSError, ValueError):  # loading it will say what is wrong
        return None, None


@lru_cache(maxsize=64)
def _spec(path: Path, size: int, date: int) -> ModelSpec | FirstStageSpec:
    return spec_in(path)


def same(model: Fact) -> Fact:
    """A model that is sampled in another way."""
    return model


# ---- sums of models


def merged(model1: Fact) -> Fact:
    """Two models, as the first of them."""
    return model1


def merged_text(clip1: Fact) -> Fact:
    """Two text encoders, as the first of them."""
    return clip1


# ---- guiders, which know their model


def guided(model: Fact, conditioning: Fact) -> Facts:
    """A model and what it is told."""
    return _guider(model, conditioning=conditioning)


def guided_away(model: Fact, positive: Fact, negative: Fact) -> Facts:
    """A model, what it is told and what not."""
    return _guider(model, positive=positive, negative=negative)


def guided_twice(model: Fact, cond1: Fact, cond2: Fact, negative: Fact) -> Facts:
    """A model, two things that it is told, and what not."""
    return _guider(model, cond1=cond1, cond2=cond2, negative=negative)


def guided_across(model: Fact, positive: Fact, negative: Fact, empty_conditioning: Fact) -> Facts:
    """A model, what it is told and what not, and what nothing is to it."""
    return _guider(model, positive=positive, negative=negative, empty_conditioning=empty_conditioning)


def _guider(model: Fact, **told: Fact) -> Facts:
    for name, conditioning in told.items():
        clash = unheard(model, conditioning, name)
        if clash is not None:
            return clash
    return Fact("guider", family=model.family, more=model.more)
