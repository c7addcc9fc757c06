"""What a model is shown beside the noisy latent, as it knows it: which maps, in which order, size and polarity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.diffusion.condition import Condition
from ldm.diffusion.denoiser import for_all
from ldm.diffusion.roughen import level_of, roughened
from ldm.spec import Beside, ConcatSpec, ModelSpec

HOLE = "hole"
"""Where a condition keeps what the hole of its masked image was filled with, -1 (black) to 1; else it is grey."""

GREY = 0.0
TOLD_BY: Mapping[Beside, str] = {
    "mask": "InpaintModelConditioning",
    "masked_image": "InpaintModelConditioning",
    "low_resolution": "LowResolutionConditioning",
    "semantic_map": "SemanticMapConditioning",
    "source": "InstructPixToPixConditioning",
    "depth": "DepthConditioning",
}


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a run paints on: the clean latent (b, c, h, w), where it may change (..., h, w), and the run's seed."""

    latent: Tensor
    mask: Tensor | None = None
    seed: int = 0


def must_be_shown(spec: ModelSpec) -> tuple[Beside, ...]:
    """What a model is shown beside the latent that only a condition can say."""
    if spec.concat is None:
        return ()
    found = ("mask", "source", *(("masked_image",) if spec.concat.hole == GREY else ()))
    return tuple(name for name in spec.concat.order if name not in found)


class NotShown(ValueError):
    """A model is not shown what it must be, or not as it knows it."""


def beside(spec: ModelSpec, condition: Condition, canvas: Canvas) -> Tensor | None:
    """The maps that stand behind the latent's channels, each stretched over the latent's cells.

    Raises:
        NotShown: the model must be shown more than the condition says.
    """
    if spec.concat is None:
        return None
    maps = [_shown(name, spec, spec.concat, condition, canvas) for name in spec.concat.order]
    rows = max(len(one) for one in maps)
    return torch.cat([for_all(one, rows) for one in maps], dim=1)


def _shown(name: Beside, spec: ModelSpec, concat: ConcatSpec, condition: Condition, canvas: Canvas) -> Tensor:
    told, size = condition.beside.get(name), canvas.latent.shape[-2:]
    if name == "mask":
        return _mask(_opened(condition, canvas), size, signed=concat.signed)
    if told is None:
        return _otherwise(name, spec, concat, condition, canvas)
    match name:
        case "masked_image":
            _check_hole(spec, concat, condition)
        case "source" if concat.unscaled:
            told = told / spec.first_stage.scale_factor
        case "depth":
            return _depth(told, size)
        case "low_resolution" if spec.roughened is not None:
            level = level_of(condition, spec.roughened)
            told = _stretched(told, size)
            return roughened(told, spec.roughened, level, canvas.seed) if level else told
    return _stretched(told, size)


def _otherwise(
    name: Beside, spec: ModelSpec, concat: ConcatSpec, condition: Condition, canvas: Canvas
) -> Tensor:
    """A map that the condition does not say: for a source nothing, for a masked image what is masked in the latent.

    Without a mask all of it is masked.
    """
    if name == "source":
        return torch.zeros_like(canvas.latent)
    if name == "masked_image" and concat.hole == GREY and _opened(condition, canvas) is not None:
        return canvas.latent
    if name == "masked_image" and concat.blank and _opened(condition, canvas) is None:
        return torch.tensor(concat.blank)[None, :, None, None].expand(1, -1, *canvas.latent.shape[-2:])
    wanted = name.replace("_", " ")
    raise NotShown(
        f"{spec.name} is shown a {wanted} beside the latent, but the conditioning has none. "
        f"Send it through {TOLD_BY[name]} first."
    )


def _check_hole(spec: ModelSpec, concat: ConcatSpec, condition: Condition) -> None:
    filled = condition.facts.get(HOLE, GREY)
    if filled != concat.hole:
        raise NotShown(
            f"{spec.name} knows holes that are {_colour(concat.hole)}, but this one was filled with "
            f"{_colour(filled)}. Link the model to InpaintModelConditioning too."
        )


def _opened(condition: Condition, canvas: Canvas) -> Tensor | None:
    """Where the picture is to be painted anew: what the condition says, or else where the latent may change."""
    return condition.beside.get("mask", canvas.mask)


def _mask(opened: Tensor | None, size: torch.Size, *, signed: bool) -> Tensor:
    """A mask in cells; without one all is open. Signed ones are of the nearest pixel, as LDM made them."""
    if opened is None:
        return torch.ones(1, 1, *size)
    opened = opened.reshape(-1, 1, *opened.shape[-2:]).float()
    if signed:
        return F.interpolate(opened, size=size).round() * 2 - 1
    return _stretched(opened, size).round()


def _depth(told: Tensor, size: torch.Size) -> Tensor:
    """How near things are, each map from -1 (the farthest) to 1."""
    near = F.interpolate(told, size=size, mode="bicubic", align_corners=False)
    lowest, highest = near.amin(dim=(1, 2, 3), keepdim=True), near.amax(dim=(1, 2, 3), keepdim=True)
    return 2 * (near - lowest) / (highest - lowest).clamp(min=1e-6) - 1


def _colour(value: object) -> str:
    match value:
        case -1.0:
            return "black"
        case 0.0:
            return "grey"
    return str(value)


def _stretched(values: Tensor, size: torch.Size) -> Tensor:
    if values.shape[-2:] == size:
        return values
    return F.interpolate(values, size=size, mode="bilinear", align_corners=False)
