"""Samplers by name: each a short generator of steps that only knows D(x, sigma) and the noise levels to pass through.

Each can be asked for one step alone, with what the step before has handed on: that is how the step-wise sampler takes
them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from torch import Tensor

from ldm.diffusion.cfg_pp import (
    dpmpp_2m_cfg_pp,
    dpmpp_2s_ancestral_cfg_pp,
    euler_ancestral_cfg_pp,
    gradient_estimation_cfg_pp,
    res_multistep_cfg_pp,
)
from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.dpm_solver import dpm_adaptive, dpm_fast, fast_steps
from ldm.diffusion.multi_step import (
    deis,
    dpmpp_2m,
    gradient_estimation,
    ipndm,
    ipndm_v,
    lms,
    plms,
    res_multistep,
)
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory
from ldm.diffusion.predictor_corrector import sa_solver, uni_pc
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.seeds import seeds_2, seeds_3
from ldm.diffusion.single_step import (
    ddim,
    ddpm,
    dpm_2,
    dpm_2_ancestral,
    dpmpp_2s_ancestral,
    euler,
    heun,
    heunpp2,
    lcm,
)
from ldm.diffusion.step import Step
from ldm.diffusion.stochastic import dpmpp_2m_sde, dpmpp_3m_sde, dpmpp_sde, er_sde


class Sampler(Protocol):
    """Yield each step.

    x: (b, c, h, w) at sigmas[0]; sigmas: falling, (steps + 1,); past: what the step before has handed on; only: the
    number of the one step to take, where a run is taken apart.
    """

    def __call__(
        self,
        denoise: Denoiser,
        x: Tensor,
        sigmas: Tensor,
        noise: StepNoise,
        past: Memory = (),
        only: int | None = None,
    ) -> Iterator[Step]:
        """Sample."""
        ...


def _nothing(schedule: Schedule) -> Mapping[str, float]:
    return {}


def _same(intervals: int) -> int:
    return intervals


@dataclass(frozen=True, slots=True)
class Method:
    """A sampler, and what else one has to know of it.

    `wants_one_more`: its last step but one is so near to zero that it is left out and another is taken instead.
    `sees_all`: a step depends on more levels than its own two, so that it needs all of them to be taken apart.
    `steps`: how many steps it takes over so many intervals.
    `unguided`: it looks at the guess without guidance too.
    `of_schedule`: settings that depend on the model's schedule, where nobody gives others.
    """

    sampler: Sampler
    wants_one_more: bool = False
    sees_all: bool = False
    steps: Callable[[int], int] = _same
    unguided: bool = False
    of_schedule: Callable[[Schedule], Mapping[str, float]] = _nothing


def noisy_part(schedule: Schedule, first: float = 0.2, last: float = 0.8) -> Mapping[str, float]:
    """Between which levels SA-Solver adds noise: at these shares of the way."""
    return {"noisy_from": schedule.sigma_at(first), "noisy_to": schedule.sigma_at(last)}


def _one_step(intervals: int) -> int:
    return min(intervals, 1)


_DPMPP_SDE = Method(dpmpp_sde, sees_all=True)
_DPMPP_2M_SDE = Method(dpmpp_2m_sde, sees_all=True)
_DPMPP_2M_SDE_HEUN = Method(partial(dpmpp_2m_sde, solver_type="heun"), sees_all=True)
_DPMPP_3M_SDE = Method(dpmpp_3m_sde, sees_all=True)

# In ComfyUI's order, with its names; "_gpu" is where it draws the noise, which here is on the CPU always. At the end
# one more.
SAMPLERS: Mapping[str, Method] = {
    "euler": Method(euler),
    "euler_cfg_pp": Method(partial(euler_ancestral_cfg_pp, eta=0.0), unguided=True),
    "euler_ancestral": Method(partial(ddim, eta=1.0)),
    "euler_ancestral_cfg_pp": Method(euler_ancestral_cfg_pp, unguided=True),
    "heun": Method(heun),
    "heunpp2": Method(heunpp2, sees_all=True),
    "exp_heun_2_x0": Method(partial(seeds_2, eta=0.0, r=1.0, solver_type="phi_2")),
    "exp_heun_2_x0_sde": Method(partial(seeds_2, r=1.0, solver_type="phi_2")),
    "dpm_2": Method(dpm_2, wants_one_more=True),
    "dpm_2_ancestral": Method(dpm_2_ancestral, wants_one_more=True),
    "lms": Method(lms),
    "dpm_fast": Method(dpm_fast, sees_all=True, steps=fast_steps),
    "dpm_adaptive": Method(dpm_adaptive, sees_all=True, steps=_one_step),
    "dpmpp_2s_ancestral": Method(dpmpp_2s_ancestral),
    "dpmpp_2s_ancestral_cfg_pp": Method(dpmpp_2s_ancestral_cfg_pp, unguided=True),
    "dpmpp_sde": _DPMPP_SDE,
    "dpmpp_sde_gpu": _DPMPP_SDE,
    "dpmpp_2m": Method(dpmpp_2m),
    "dpmpp_2m_cfg_pp": Method(dpmpp_2m_cfg_pp, unguided=True),
    "dpmpp_2m_sde": _DPMPP_2M_SDE,
    "dpmpp_2m_sde_gpu": _DPMPP_2M_SDE,
    "dpmpp_2m_sde_heun": _DPMPP_2M_SDE_HEUN,
    "dpmpp_2m_sde_heun_gpu": _DPMPP_2M_SDE_HEUN,
    "dpmpp_3m_sde": _DPMPP_3M_SDE,
    "dpmpp_3m_sde_gpu": _DPMPP_3M_SDE,
    "ddpm": Method(ddpm),
    "lcm": Method(lcm),
    "ipndm": Method(ipndm),
    "ipndm_v": Method(ipndm_v),
    "deis": Method(deis),
    "res_multistep": Method(res_multistep),
    "res_multistep_cfg_pp": Method(res_multistep_cfg_pp, unguided=True),
    "res_multistep_ancestral": Method(partial(res_multistep, eta=1.0)),
    "res_multistep_ancestral_cfg_pp": Method(partial(res_multistep_cfg_pp, eta=1.0), unguided=True),
    "gradient_estimation": Method(gradient_estimation),
    "gradient_estimation_cfg_pp": Method(gradient_estimation_cfg_pp, unguided=True),
    "er_sde": Method(er_sde),
    "seeds_2": Method(seeds_2),
    "seeds_3": Method(seeds_3),
    "sa_solver": Method(sa_solver, sees_all=True, of_schedule=noisy_part),
    "sa_solver_pece": Method(partial(sa_solver, use_pece=True), sees_all=True, of_schedule=noisy_part),
    "ddim": Method(ddim),
    "uni_pc": Method(uni_pc, wants_one_more=True, sees_all=True),
    "uni_pc_bh2": Method(partial(uni_pc, variant="bh2"), wants_one_more=True, sees_all=True),
    "plms": Method(plms),
}


def sampler(
    name: str, settings: Mapping[str, float | str] | None = None, schedule: Schedule | None = None
) -> Sampler:
    """Give a sampler by its name, with settings of its own such as `{"eta": 0.5}`.

    Args:
        name: One of `SAMPLERS`.
        settings: What is not as usual.
        schedule: Of the model, for those whose usual settings depend on it.

    Raises:
        KeyError: no sampler has this name.
    """
    method = SAMPLERS[name]
    of_schedule = method.of_schedule(schedule) if schedule is not None else {}
    given = {**of_schedule, **(settings or {})}
    return cast("Sampler", partial(method.sampler, **cast("Any", given))) if given else method.sampler
