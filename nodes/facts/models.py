"""What a model's file says of it without being loaded: its family, its channels, whom it listens to.

Among a fact's `more`, `channels` and `factor` are those of the first stage's latents. `first_stage` and `text` stand
for the whole spec of the first stage and of the text encoder: where they differ, parts do not belong together.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path

import msgspec

from engine.api import Clash, Context, Fact, Facts
from ldm.checkpoint import spec_in
from ldm.recognise import family_of
from ldm.spec import ClipSpec, FirstStageSpec, ModelSpec, TextSpec
from nodes.facts.conditioning import unheard


def checkpoint(ckpt_name: str | None, ctx: Context) -> Facts:
    """The three parts of the model in a file."""
    path, spec = _known("checkpoints", ckpt_name, ctx)
    if not isinstance(spec, ModelSpec):
        return (
            None
            if path is None or spec is None
            else Clash("ckpt_name", f"{ckpt_name} is a first stage alone")
        )
    family, size = family_of(spec), path.stat().st_size if path is not None else None
    stage, told = of_first_stage(spec.first_stage), of_text(spec)
    return (
        Fact("model", family=family, bytes=size, more={**stage, **told}),
        Fact("clip", family=family, more=told),
        Fact("vae", family=family, more=stage),
    )


def first_stage(vae_name: str | None, ctx: Context) -> Facts:
    """The first stage in a file."""
    path, spec = _known("vae", vae_name, ctx)
    if path is None or spec is None:
        return None
    family = family_of(spec) if isinstance(spec, ModelSpec) else None
    stage = spec.first_stage if isinstance(spec, ModelSpec) else spec
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
