"""Which noise levels a sampler passes through: the field's named schedules. All give steps + 1 levels, falling to 0.

`ddim_grid` is the paper's own; the others have ComfyUI's names and meanings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ldm.diffusion.schedule import Schedule


def simple(schedule: Schedule, steps: int) -> Tensor:
    """Equally spaced timesteps, counted down from the noisiest."""
    stride = len(schedule.sigmas) / steps
    return _ending_in_zero([schedule.sigmas[-(1 + int(i * stride))] for i in range(steps)])


def normal(schedule: Schedule, steps: int) -> Tensor:
    """Timesteps spread evenly from the last to the first, both included."""
    times = torch.linspace(len(schedule.sigmas) - 1, 0, steps)
    return _ending_in_zero(schedule.sigma(times).unbind())


def sgm_uniform(schedule: Schedule, steps: int) -> Tensor:
    """Timesteps spread evenly, without the first one."""
    times = torch.linspace(len(schedule.sigmas) - 1, 0, steps + 1)[:-1]
    return _ending_in_zero(schedule.sigma(times).unbind())


def karras(schedule: Schedule, steps: int) -> Tensor:
    """Noise levels of Karras et al. 2022, eq. 5, with rho = 7."""
    return karras_between(schedule.sigma_min, schedule.sigma_max, steps)


def karras_between(sigma_min: float, sigma_max: float, steps: int, rho: float = 7.0) -> Tensor:
    """Karras et al. 2022, eq. 5, between two noise levels."""
    ramp = torch.linspace(0, 1, steps)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return torch.cat([(high + ramp * (low - high)) ** rho, torch.zeros(1)])


def exponential(schedule: Schedule, steps: int) -> Tensor:
    """Noise levels evenly spaced in log sigma."""
    ends = torch.tensor([schedule.sigma_max, schedule.sigma_min]).log()
    return torch.cat([torch.linspace(float(ends[0]), float(ends[1]), steps).exp(), torch.zeros(1)])


def ddim_uniform(schedule: Schedule, steps: int) -> Tensor:
    """Every (T // steps)-th timestep, starting at 1, as ComfyUI counts them."""
    stride = max(len(schedule.sigmas) // steps, 1)
    return _ending_in_zero(reversed([schedule.sigmas[t] for t in range(1, len(schedule.sigmas), stride)]))


def ddim_grid(schedule: Schedule, steps: int) -> Tensor:
    """The paper's DDIM grid: t = 1, 1 + c, ... for c = T / steps, then the level of t = 0 instead of no noise.

    CompVis' code leaves the range for 599 of the 1000 step counts and gives more steps than asked for others; here
    the grid always has `steps` entries, all inside 0..T-1, and equals theirs wherever theirs is sound.
    """
    total = len(schedule.sigmas)
    times = [min(1 + i * total // steps, total - 1) for i in range(steps)]
    return torch.stack([*(schedule.sigmas[t] for t in reversed(times)), schedule.sigmas[0]])


def _ending_in_zero(levels: object) -> Tensor:
    return torch.stack([*levels, torch.zeros(())])  # type: ignore[misc]


SCHEDULERS: Mapping[str, Callable[[Schedule, int], Tensor]] = {
    "simple": simple,
    "sgm_uniform": sgm_uniform,
    "karras": karras,
    "exponential": exponential,
    "ddim_uniform": ddim_uniform,
    "normal": normal,
    "ddim": ddim_grid,
}


def noise_levels(schedule: Schedule, name: str, steps: int, denoise: float = 1.0) -> Tensor:
    """Noise levels of a named schedule; `denoise` below 1 keeps the last `steps` of a proportionally longer one.

    Args:
        steps: 1 or more.
        denoise: 0..1; 0 gives no levels at all, so nothing is sampled.

    Raises:
        KeyError: no schedule has this name.
    """
    scheduler = SCHEDULERS[name]
    if denoise > 0.9999:
        return scheduler(schedule, steps)
    if denoise <= 0.0:
        return torch.zeros(0)
    return scheduler(schedule, int(steps / denoise))[-(steps + 1) :]
