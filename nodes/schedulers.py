"""Noise levels to sample through: by the model's own schedule, or by a formula."""

from __future__ import annotations

from typing import Annotated, Literal

import torch

from engine.api import Range, node
from ldm.diffusion import sigma_formulas as formulas
from ldm.diffusion.sigmas import beta as beta_quantiles
from ldm.diffusion.sigmas import noise_levels
from nodes.port_types import DiffusionModel, Sigmas
from nodes.widgets import SchedulerName, Share, Steps

Level = Annotated[float, Range(0.0, 5000.0, step=0.01)]
HOME = "sampling/custom_sampling/schedulers"


@node("BasicScheduler", title="Noise schedule", category=HOME)
def schedule_levels(
    model: DiffusionModel, scheduler: SchedulerName = "simple", steps: Steps = 20, denoise: Share = 1.0
) -> Sigmas:
    """Choose the noise levels that sampling passes through, by the model's own schedule.

    Args:
        model: Whose schedule it is.
        scheduler: How the levels are spread; "ddim" is the paper's grid.
        steps: How many steps.
        denoise: Below 1 only the last part of the way is gone, so that the start picture shows through.
    """
    return Sigmas(noise_levels(model.schedule, scheduler, steps, denoise))


@node("KarrasScheduler", title="Karras schedule", category=HOME)
def karras_levels(
    steps: Steps = 20,
    sigma_max: Level = 14.614642,
    sigma_min: Level = 0.0291675,
    rho: Annotated[float, Range(0.0, 100.0, step=0.01)] = 7.0,
) -> Sigmas:
    """Noise levels of Karras et al. 2022: small steps where there is little noise.

    Args:
        rho: How much smaller they get.
    """
    return Sigmas(formulas.karras_between(sigma_min, sigma_max, steps, rho))


@node("ExponentialScheduler", title="Exponential schedule", category=HOME)
def exponential_levels(
    steps: Steps = 20, sigma_max: Level = 14.614642, sigma_min: Level = 0.0291675
) -> Sigmas:
    """Noise levels that fall by the same factor each step."""
    return Sigmas(formulas.exponential_between(sigma_min, sigma_max, steps))


@node("PolyexponentialScheduler", title="Polyexponential schedule", category=HOME)
def polyexponential_levels(
    steps: Steps = 20,
    sigma_max: Level = 14.614642,
    sigma_min: Level = 0.0291675,
    rho: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Sigmas:
    """Noise levels that fall along a power of the way, in log sigma.

    Args:
        rho: The power; 1 is the exponential schedule.
    """
    return Sigmas(formulas.polyexponential_between(sigma_min, sigma_max, steps, rho))


@node("LaplaceScheduler", title="Laplace schedule", category=HOME)
def laplace_levels(
    steps: Steps = 20,
    sigma_max: Level = 14.614642,
    sigma_min: Level = 0.0291675,
    mu: Annotated[float, Range(-10.0, 10.0, step=0.1)] = 0.0,
    beta: Annotated[float, Range(0.0, 10.0, step=0.1)] = 0.5,
) -> Sigmas:
    """Noise levels that gather around one of them (Hang et al. 2024). Their last is not zero.

    Args:
        mu: The logarithm of the level around which they gather.
        beta: How widely they are spread.
    """
    return Sigmas(formulas.laplace_between(sigma_min, sigma_max, steps, mu, beta))


@node("VPScheduler", title="VP schedule", category=HOME)
def vp_levels(
    steps: Steps = 20,
    beta_d: Level = 19.9,
    beta_min: Level = 0.1,
    eps_s: Annotated[float, Range(0.0, 1.0, step=0.0001)] = 0.001,
) -> Sigmas:
    """Noise levels at even times of the continuous variance-preserving process (Song et al. 2021b).

    Args:
        beta_d: How much beta grows over the whole time.
        beta_min: The beta that it begins with.
        eps_s: The last time, close to zero.
    """
    return Sigmas(formulas.variance_preserving(steps, beta_d, beta_min, eps_s))


@node("BetaSamplingScheduler", title="Beta schedule", category=HOME)
def beta_levels(
    model: DiffusionModel,
    steps: Steps = 20,
    alpha: Annotated[float, Range(0.0, 50.0, step=0.01)] = 0.6,
    beta: Annotated[float, Range(0.0, 50.0, step=0.01)] = 0.6,
) -> Sigmas:
    """Noise levels at the quantiles of a beta distribution.

    Args:
        alpha: Below 1 more levels are close to no noise.
        beta: Below 1 more levels are close to pure noise.
    """
    return Sigmas(beta_quantiles(model.schedule, steps, alpha, beta))


@node("SDTurboScheduler", title="SD Turbo schedule", category=HOME)
def turbo_levels(
    model: DiffusionModel,
    steps: Annotated[int, Range(1, 10)] = 1,
    denoise: Share = 1.0,
) -> Sigmas:
    """The ten noise levels at which models like SD Turbo were distilled, from the noisiest.

    Args:
        model: Whose schedule it is.
        steps: How many of them.
        denoise: Below 1 the noisiest are left out.
    """
    first = 10 - int(10 * denoise)
    times = torch.tensor([time * 100 - 1 for time in range(10, 0, -1)][first : first + steps])
    return Sigmas(torch.cat([model.schedule.sigma(times), torch.zeros(1)]))


# Sabour et al. 2024, table of the optimised schedules with ten steps.
ALIGNED = {
    "SD1": (14.6146412293, 6.4745760956, 3.8636745985, 2.694615152, 1.8841921177, 1.3943805092, 0.9642583904,
            0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582),
    "SDXL": (14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141, 0.5550693289,
             0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582),
    "SVD": (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}  # fmt: skip


@node("AlignYourStepsScheduler", title="Align your steps", category=HOME)
def aligned_levels(
    model_type: Literal["SD1", "SDXL", "SVD"] = "SD1", steps: Steps = 10, denoise: Share = 1.0
) -> Sigmas:
    """Noise levels that were optimised for a family of models (Sabour et al. 2024).

    Args:
        model_type: The family.
        steps: How many steps; other numbers than 10 are interpolated.
        denoise: Below 1 only the last part of them.
    """
    if denoise <= 0.0:
        return Sigmas(torch.zeros(0))
    kept = steps if denoise >= 1.0 else round(steps * denoise)
    levels = formulas.between_in_log(ALIGNED[model_type], steps + 1)[-(kept + 1) :]
    levels[-1] = 0.0
    return Sigmas(levels)
