"""Telling how a model was trained, where its file does not say: what it guesses, and how much noise there is when.

Left out of ComfyUI's choices: `img_to_img` (Lotus), `edm_playground_v2.5` (it scales latents in a way of its own) and
`cosmos_rflow` (videos), since there is no such model here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from engine.api import Output, Range, node
from ldm.diffusion.schedule import Schedule
from ldm.spec import Answer, ScheduleSpec
from nodes.facts import models
from nodes.port_types import DiffusionModel

HOME = "advanced/model"
LCM_STEPS = 50  # timesteps that a consistency model was distilled to know
CONTINUOUS_LEVELS = 1000  # of a table that some schedules are read from

Changed = Annotated[DiffusionModel, Output("model")]
Level = Annotated[float, Range(0.0, 1000.0, step=0.001)]
Trained = Literal["eps", "v_prediction", "lcm", "x0"]

ANSWERS: Mapping[str, Answer] = {
    "eps": "eps",
    "v_prediction": "v",
    "lcm": "lcm",
    "x0": "x0",
    "edm": "edm",
}


@node("ModelSamplingDiscrete", title="Model sampling (discrete)", category=HOME, facts=models.same)
def sample_discrete(model: DiffusionModel, sampling: Trained = "eps", zsnr: bool = False) -> Changed:
    """Tell what a model of whole timesteps guesses, and whether it begins with nothing but noise.

    Args:
        model: It keeps its own betas.
        sampling: The noise (eps), v_prediction, the clean latent (x0), or as a latent consistency model (lcm).
        zsnr: For models trained until nothing of the picture is left (zero terminal SNR).
    """
    schedule = model.spec.schedule
    if Schedule(schedule).continuous:
        raise ValueError(
            "This model's noise levels were set by another node already, and have no timesteps. "
            "Give the model as it was loaded."
        )
    every = schedule.steps // LCM_STEPS if sampling == "lcm" else 1
    return _with(model, replace(schedule, zero_terminal=zsnr, every=max(every, 1)), ANSWERS[sampling])


@node("ModelSamplingContinuousEDM", title="Model sampling (EDM)", category=HOME, facts=models.same)
def sample_edm(
    model: DiffusionModel,
    sampling: Literal["v_prediction", "edm", "eps"] = "v_prediction",
    sigma_max: Level = 120.0,
    sigma_min: Level = 0.002,
) -> Changed:
    """Sample a model whose time is the logarithm of the noise level (Karras et al. 2022).

    Args:
        sampling: What it guesses: v_prediction, the noise (eps), or as in that paper (edm).
        sigma_max: The highest noise level.
        sigma_min: The lowest.
    """
    return _with(model, _levels("log_sigma", sigma_min, sigma_max), ANSWERS[sampling])


@node("ModelSamplingContinuousV", title="Model sampling (continuous v)", category=HOME, facts=models.same)
def sample_continuous_v(
    model: DiffusionModel,
    sampling: Literal["v_prediction"] = "v_prediction",
    sigma_max: Level = 500.0,
    sigma_min: Level = 0.03,
) -> Changed:
    """Sample a model that guesses v, and whose time is an angle between picture and noise.

    Args:
        sampling: What it guesses.
        sigma_max: The highest noise level.
        sigma_min: The lowest.
    """
    return _with(model, _levels("arctan_sigma", sigma_min, sigma_max), ANSWERS[sampling])


def _levels(kind: Literal["log_sigma", "arctan_sigma"], lowest: float, highest: float) -> ScheduleSpec:
    if not 0 < lowest < highest:
        raise ValueError(
            f"Noise levels must rise from above 0, but are told to go from {lowest} to {highest}. "
            "Make sigma_min larger than 0 and smaller than sigma_max."
        )
    return ScheduleSpec(kind=kind, first=lowest, last=highest, steps=CONTINUOUS_LEVELS)


def _with(model: DiffusionModel, schedule: ScheduleSpec, answer: Answer) -> DiffusionModel:
    spec = replace(model.spec, schedule=schedule, parameterization=answer)
    return replace(model, schedule=Schedule(schedule), spec=spec)
