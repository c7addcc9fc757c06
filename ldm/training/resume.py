"""A training's state on disk: written whole or not at all, so that an interrupted training goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ldm.training.ema import MovingAverage
from ldm.training.stepping import Stepper

FIRST_SAID: Mapping[str, str] = {
    "FirstStageSpec": "kind channels channel_mult res_blocks z_channels embed_dim attention_resolutions attention "
    "resolution codes scale_factor",
    "UNetSpec": "in_channels out_channels model_channels channel_mult res_blocks attention_factors heads head_channels "
    "context_dim depth linear_projection resize_in_blocks scale_shift_norm classes vector_dim pooled",
    "TextSpec": "words tokens entries length width layers heads head_width",
    "ScheduleSpec": "kind first last steps",
    "FirstStageRecipe": "steps batch rate kl_weight perceptual_weight adversarial_weight adversarial_from decay seed",
    "DecoderRecipe": "steps batch rate critic_rate perceptual_weight adversarial_weight adversarial_from decay seed",
    "DiffusionRecipe": "steps batch rate text_share parameterization dropout decay seed",
}
"""What the first states said of their training. A setting that came later is said only where it is not as usual."""


class ResumeError(ValueError):
    """A saved training state that cannot be taken up: it is of another recipe, or damaged."""


@dataclass(slots=True)
class Training:
    """What changes while a model is trained. `recipe` names the settings, so that no other training is taken up."""

    recipe: str
    modules: Mapping[str, nn.Module]
    steppers: Mapping[str, Stepper]
    averages: Mapping[str, MovingAverage] = field(default_factory=dict)
    step: int = 0
    smooth_loss: float | None = None
    losses: list[tuple[int, float]] = field(default_factory=list)


def said(settings: Any) -> str:
    """A recipe or a spec in words, by which its states are known; so that those that lie on disks stay known."""
    kind = type(settings).__name__
    always = FIRST_SAID[kind].split() if kind in FIRST_SAID else [one.name for one in fields(settings)]
    told = [
        f"{one.name}={getattr(settings, one.name)!r}"
        for one in fields(settings)
        if one.name in always or getattr(settings, one.name) != _usual(one)
    ]
    return f"{kind}({', '.join(told)})"


def _usual(setting: Any) -> object:
    return setting.default if setting.default is not MISSING else setting.default_factory()


def save(training: Training, path: Path) -> None:
    """Write the state to `path`, replacing an older one in a single step."""
    tensors: dict[str, Tensor] = {}
    for name, module in training.modules.items():
        tensors |= {f"module.{name}.{key}": value for key, value in module.state_dict().items()}
    for name, average in training.averages.items():
        tensors |= {f"average.{name}.{key}": value for key, value in average.state().items()}
    for name, stepper in training.steppers.items():
        for index, state in stepper.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{name}.{index}.{key}": value for key, value in state.items()}
        tensors |= {f"stepper.{name}.{key}": value for key, value in stepper.state().items()}
    header = {
        "recipe": training.recipe,
        "step": str(training.step),
        "smooth_loss": json.dumps(training.smooth_loss),
        "losses": json.dumps(training.losses),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    save_file({key: value.contiguous() for key, value in tensors.items()}, unfinished, metadata=header)
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
    unfinished.replace(path)


def resume(training: Training, path: Path) -> bool:
    """Take up the state at `path`; False when there is none.

    Raises:
        ResumeError: the file is damaged, or belongs to a training with other settings.
    """
    if not path.exists():
        return False
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise ResumeError(f"{path} is damaged ({error}). Remove it to start over.") from error
    if header.get("recipe") != training.recipe:
        raise ResumeError(f"{path} belongs to another training. Remove it, or set another name.")
    for name, module in training.modules.items():
        module.load_state_dict(_below(tensors, f"module.{name}."))
    for name, average in training.averages.items():
        average.load(_below(tensors, f"average.{name}."))
    for name, stepper in training.steppers.items():
        _load_optimizer(stepper.optimizer, _below(tensors, f"optimizer.{name}."))
        stepper.load(_below(tensors, f"stepper.{name}."))
    training.step = int(header["step"])
    training.smooth_loss = json.loads(header["smooth_loss"])
    training.losses[:] = [(int(step), float(loss)) for step, loss in json.loads(header["losses"])]
    return True


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    states: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        states.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})
