"""Working on noise levels: cutting, turning, refining them, and finding one."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

import torch

from engine.api import Output, Range, node
from nodes.port_types import DiffusionModel, Sigmas
from nodes.widgets import Share

HOME = "sampling/custom_sampling/sigmas"
NEARLY = 1e-5
EASING: dict[str, Callable[[float], float]] = {
    "linear": lambda way: way,
    "cosine": lambda way: math.sin(way * math.pi / 2),
    "sine": lambda way: 1 - math.cos(way * math.pi / 2),
}


class CutSigmas(NamedTuple):
    """Noise levels in two parts, which share the level at which they are cut."""

    high_sigmas: Sigmas
    low_sigmas: Sigmas


@node("SplitSigmas", title="Split noise levels", category=HOME)
def split_sigmas(sigmas: Sigmas, step: Annotated[int, Range(0, 10000)] = 0) -> CutSigmas:
    """Cut noise levels in two, for two samplers.

    Args:
        step: How many steps the first sampler takes.
    """
    return CutSigmas(Sigmas(sigmas.levels[: step + 1]), Sigmas(sigmas.levels[step:]))


@node("SplitSigmasDenoise", title="Split noise levels by denoise", category=HOME)
def split_sigmas_by_share(sigmas: Sigmas, denoise: Share = 1.0) -> CutSigmas:
    """Cut noise levels in two, for two samplers.

    Args:
        denoise: Which share of the steps the second sampler takes. At 0 the first gets no levels at all.
    """
    steps = max(len(sigmas.levels) - 1, 0)
    later = round(steps * denoise)
    high = sigmas.levels[:-later] if later else sigmas.levels[:0]
    return CutSigmas(Sigmas(high), Sigmas(sigmas.levels[-(later + 1) :]))


@node("FlipSigmas", title="Flip noise levels", category=HOME)
def flip_sigmas(sigmas: Sigmas) -> Sigmas:
    """Turn noise levels round, so that sampling goes from a picture to its noise; it begins at 0.0001 instead of 0."""
    levels = sigmas.levels.flip(0)
    if len(levels) and levels[0] == 0:
        levels[0] = 0.0001
    return Sigmas(levels)


@node("SetFirstSigma", title="Set first noise level", category=HOME)
def set_first_sigma(
    sigmas: Sigmas, sigma: Annotated[float, Range(0.0, 20000.0, step=0.001)] = 136.0
) -> Sigmas:
    """Replace the first noise level.

    Args:
        sigma: By what.
    """
    levels = sigmas.levels.clone()
    levels[:1] = sigma
    return Sigmas(levels)


@node("ExtendIntermediateSigmas", title="Extend noise levels", category=HOME)
def extend_sigmas(
    sigmas: Sigmas,
    steps: Annotated[int, Range(1, 100)] = 2,
    start_at_sigma: Annotated[float, Range(-1.0, 20000.0, step=0.01)] = -1.0,
    end_at_sigma: Annotated[float, Range(0.0, 20000.0, step=0.01)] = 12.0,
    spacing: Literal["linear", "cosine", "sine"] = "linear",
) -> Sigmas:
    """Put further noise levels between those that are there.

    Args:
        steps: Into how many each step is cut.
        start_at_sigma: Only steps that begin at this level or below; -1 for all.
        end_at_sigma: Only steps that begin at this level or above.
        spacing: How the new levels are spread within a step.
    """
    highest = math.inf if start_at_sigma < 0 else start_at_sigma
    way = torch.linspace(0, 1, steps + 1)[1:-1]
    between = torch.tensor([EASING[spacing](share) for share in way.tolist()])
    levels = sigmas.levels
    parts = []
    for level, next_level in pairwise(levels):
        parts.append(level[None])
        if end_at_sigma <= level <= highest:
            parts.append(level + between * (next_level - level))
    return Sigmas(torch.cat([*parts, levels[-1:]]))


@node("SigmasFromTimestep", title="Start at timestep", category=HOME)
def start_at_timestep(
    model: DiffusionModel, sigmas: Sigmas, timestep: Annotated[int, Range(0, 100_000)] = 999
) -> Sigmas:
    """Leave out the noise levels above that of a timestep, to begin with a picture that is as noisy as that.

    Args:
        model: Whose schedule it is.
        timestep: The first that is sampled; 999 is the noisiest of usual models.
    """
    last = len(model.schedule.sigmas) - 1
    if timestep > last:
        raise ValueError(f"The model's timesteps are 0 to {last}, but {timestep} is asked for.")
    highest = model.schedule.sigma(torch.tensor(timestep)) * (1 + NEARLY)
    return Sigmas(sigmas.levels[sigmas.levels <= highest])


@node("SamplingPercentToSigma", title="Noise level at a percentage", category=HOME)
def percent_to_sigma(
    model: DiffusionModel,
    sampling_percent: Annotated[float, Range(0.0, 1.0, step=0.0001)] = 0.0,
    return_actual_sigma: bool = False,
) -> Annotated[float, Output("sigma_value")]:
    """The noise level at a share of the way from noise to picture.

    Args:
        model: Whose schedule it is.
        sampling_percent: 0 is pure noise, 1 the picture.
        return_actual_sigma: At the two ends give the schedule's own levels, not values beyond all levels.
    """
    if return_actual_sigma and sampling_percent in (0.0, 1.0):
        return model.schedule.sigma_min if sampling_percent else model.schedule.sigma_max
    return min(model.schedule.sigma_at(sampling_percent), 999999999.9)
