"""Samplers by name: each a short generator of steps that only knows D(x, sigma) and the noise levels to pass through.

Run over two levels, with what it remembers of the steps before, each does one step: that is how the step-wise
sampler takes them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.multi_step import dpmpp_2m, gradient_estimation, ipndm, lms, res_multistep
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory
from ldm.diffusion.single_step import ddim, dpm_2, dpm_2_ancestral, dpmpp_2s_ancestral, euler, heun, lcm
from ldm.diffusion.step import Step


class Sampler(Protocol):
    """Yield each step; x: (b, c, h, w) at sigmas[0], sigmas: falling, (steps + 1,), past: the steps before."""

    def __call__(
        self, denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = ()
    ) -> Iterator[Step]:
        """Sample."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """A sampler, and how many steps it remembers.

    `wants_one_more`: its last step but one is so near to zero that it is left out and another is taken instead.
    """

    sampler: Sampler
    remembers: int = 0
    wants_one_more: bool = False


# In ComfyUI's order, with its names.
SAMPLERS: Mapping[str, Method] = {
    "euler": Method(euler),
    "euler_ancestral": Method(partial(ddim, eta=1.0)),
    "heun": Method(heun),
    "dpm_2": Method(dpm_2, wants_one_more=True),
    "dpm_2_ancestral": Method(dpm_2_ancestral, wants_one_more=True),
    "lms": Method(lms, remembers=3),
    "dpmpp_2s_ancestral": Method(dpmpp_2s_ancestral),
    "dpmpp_2m": Method(dpmpp_2m, remembers=1),
    "ddpm": Method(partial(ddim, eta=1.0)),
    "lcm": Method(lcm),
    "ipndm": Method(ipndm, remembers=3),
    "res_multistep": Method(res_multistep, remembers=1),
    "res_multistep_ancestral": Method(partial(res_multistep, eta=1.0), remembers=1),
    "gradient_estimation": Method(gradient_estimation, remembers=1),
    "ddim": Method(ddim),
}


def sampler(name: str, settings: Mapping[str, float] | None = None) -> Sampler:
    """Give a sampler by its name, with settings of its own such as `{"eta": 0.5}`.

    Raises:
        KeyError: no sampler has this name.
    """
    found = SAMPLERS[name].sampler
    return cast("Sampler", partial(found, **cast("Any", settings))) if settings else found
