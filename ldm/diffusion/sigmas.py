"""Which noise levels a sampler passes through: the field's named schedules. All give steps + 1 levels, falling to 0.

`ddim_grid` and `ddim_quadratic` are the paper's own; the others have ComfyUI's names and meanings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ldm.diffusion.beta_quantile import quantile
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.sigma_formulas import exponential_between, karras_between, kl_optimal_between


def simple(schedule: Schedule, steps: int) -> Tensor:
    """Equally spaced timesteps, counted down from the noisiest."""
    stride = len(schedule.sigmas) / steps
    return _ending_in_zero([schedule.sigmas[-(1 + int(i * stride))] for i in range(steps)])


def normal(schedule: Schedule, steps: int) -> Tensor:
    """Timesteps spread evenly from the last to the first, both included."""
    times = torch.linspace(*schedule.times, steps)
    return _ending_in_zero(schedule.sigma(times).unbind())


def sgm_uniform(schedule: Schedule, steps: int) -> Tensor:
    """Timesteps spread evenly, without the first one."""
    times = torch.linspace(*schedule.times, steps + 1)[:-1]
    return _ending_in_zero(schedule.sigma(times).unbind())


def karras(schedule: Schedule, steps: int) -> Tensor:
    """Noise levels of Karras et al. 2022, eq. 5, with rho = 7."""
    return karras_between(schedule.sigma_min, schedule.sigma_max, steps)


def exponential(schedule: Schedule, steps: int) -> Tensor:
    """Noise levels evenly spaced in log sigma."""
    return exponential_between(schedule.sigma_min, schedule.sigma_max, steps)


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


def ddim_quadratic(schedule: Schedule, steps: int) -> Tensor:
    """DDIM's quadratic grid (Song et al. 2021, appendix D.2), as LDM's code has it: sqrt(t) even up to 0.8 T.

    Of timesteps that fall together one is kept, so that there may be fewer levels than asked for.
    """
    most = math.sqrt(0.8 * len(schedule.sigmas))
    times = [int((most * i / max(steps - 1, 1)) ** 2) + 1 for i in range(steps)]
    return torch.stack([*(schedule.sigmas[t] for t in reversed(dict.fromkeys(times))), schedule.sigmas[0]])


def beta(schedule: Schedule, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    """Timesteps at the quantiles of a beta distribution (Lee et al. 2024): more of them near both ends.

    Of timesteps that fall together one is kept, so that there may be fewer levels than asked for.
    """
    last = len(schedule.sigmas) - 1
    times = [round(quantile(1 - i / steps, alpha, beta) * last) for i in range(steps)]
    return _ending_in_zero([schedule.sigmas[time] for time in dict.fromkeys(times)])


def linear_quadratic(schedule: Schedule, steps: int) -> Tensor:
    """Half of the steps for the first 0.025 of the way from sigma_max to 0, the rest along a parabola (of Mochi)."""
    threshold, linear = 0.025, steps // 2
    if steps == 1:
        return torch.tensor([1.0, 0.0]) * schedule.sigmas[-1]
    rest = steps - linear
    slope = threshold / linear
    curve = (1 - threshold - slope * rest) / rest**2  # meets the line with its slope, and 1 at the end
    gone = [slope * i for i in range(linear)]
    gone += [threshold + slope * i + curve * i**2 for i in range(rest)]
    return torch.tensor([*(1 - share for share in gone), 0.0]) * schedule.sigmas[-1]


def kl_optimal(schedule: Schedule, steps: int) -> Tensor:
    """Noise levels evenly spaced in arctan sigma."""
    return kl_optimal_between(schedule.sigma_min, schedule.sigma_max, steps)


def _ending_in_zero(levels: object) -> Tensor:
    return torch.stack([*levels, torch.zeros(())])  # type: ignore[misc]


SCHEDULERS: Mapping[str, Callable[[Schedule, int], Tensor]] = {
    "simple": simple,
    "sgm_uniform": sgm_uniform,
    "karras": karras,
    "exponential": exponential,
    "ddim_uniform": ddim_uniform,
    "beta": beta,
    "normal": normal,
    "linear_quadratic": linear_quadratic,
    "kl_optimal": kl_optimal,
    "ddim": ddim_grid,
    "ddim_quadratic": ddim_quadratic,
}

STOPPING_ABOVE_ZERO = ("ddim", "ddim_quadratic")
"""Those whose last level is that of t = 0, so that what sampling gives must be brought to the decoder's scale."""


def noise_levels(
    schedule: Schedule, name: str, steps: int, denoise: float = 1.0, *, skip_last_but_one: bool = False
) -> Tensor:
    """Noise levels of a named schedule; `denoise` below 1 keeps the last `steps` of a proportionally longer one.

    Args:
        schedule: Of the model.
        name: Which of `SCHEDULERS`.
        steps: 1 or more.
        denoise: 0..1; 0 gives no levels at all, so nothing is sampled.
        skip_last_but_one: Of one level more, leave out the last but one, as some samplers want it.

    Raises:
        KeyError: no schedule has this name.
    """
    scheduler = SCHEDULERS[name]
    if denoise <= 0.0:
        return torch.zeros(0)
    whole = steps if denoise > 0.9999 else int(steps / denoise)
    levels = scheduler(schedule, whole + skip_last_but_one)
    if skip_last_but_one:
        levels = torch.cat([levels[:-2], levels[-1:]])
    return levels if denoise > 0.9999 else levels[-(steps + 1) :]
