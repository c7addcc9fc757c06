"""What is known of models and conditionings under changes: they stay of the same kind."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from engine.api import Clash, Context, Fact, Facts
from ldm.adapters.lora_file import context_width


def both(positive: Fact, negative: Fact) -> tuple[Fact, Fact]:
    """Both conditionings as they were."""
    return positive, negative


def under_lora(model: Fact, lora_name: str | None, ctx: Context) -> Facts:
    """A model of the same kind, if the LoRA was made for such."""
    return _unfit(model, lora_name, ctx) or model


def both_under_lora(model: Fact, clip: Fact, lora_name: str | None, ctx: Context) -> Facts:
    """A model and a text encoder of the same kinds, if the LoRA was made for such."""
    return _unfit(model, lora_name, ctx) or (model, clip)


def _unfit(model: Fact, lora_name: str | None, ctx: Context) -> Clash | None:
    """The clash of a LoRA whose model attends to a context of another width."""
    ours = model.more.get("width")
    if ours is None or lora_name is None:
        return None
    try:
        path = ctx.model_file("loras", lora_name)
        state = path.stat()
        theirs = _width(path, state.st_size, state.st_mtime_ns)
    except (OSError, ValueError):  # loading it will say what is wrong
        return None
    if theirs is None or theirs == ours:
        return None
    return Clash(
        "lora_name",
        f"it was made for a model that attends to a context of width {theirs}, but this one's is {ours} wide",
        "Take a LoRA for the model's own family: SD 1.x is 768 wide, SD 2.x 1024, SDXL 2048.",
    )


@lru_cache(maxsize=64)
def _width(path: Path, size: int, date: int) -> int | None:
    return context_width(path)
