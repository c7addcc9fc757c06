"""Make `samplers.json`: where k-diffusion's and diffusers' samplers end, and torchsde's Brownian noise.

Run by hand, with k-diffusion, torchsde and diffusers installed beside the project (they are not its requirements):
    PYTHONPATH=. python tests/goldens/make_samplers.py
"""

import importlib.util
import json
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.schedulers import scheduling_sasolver
from torch import Tensor

from ldm.diffusion.noise import StepNoise
from tests.goldens.samplers import (
    BROWNIAN_SHAPE,
    DIFFUSERS,
    K_DIFFUSION,
    SEED,
    brownian_levels,
    ideal,
    levels,
    points,
)


def k_sampling() -> Any:
    """k-diffusion's samplers alone; the rest of the package wants much that they do not need."""
    found = importlib.util.find_spec("k_diffusion")
    assert found is not None
    assert found.submodule_search_locations is not None
    package = types.ModuleType("k_diffusion")
    package.__path__ = [*found.submodule_search_locations]
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, count: x[(...,) + (None,) * (count - x.ndim)]  # type: ignore[attr-defined]
    package.utils = utils  # type: ignore[attr-defined]
    sys.modules |= {"k_diffusion": package, "k_diffusion.utils": utils}
    return importlib.import_module("k_diffusion.sampling")


def model(x: Tensor, sigma: Tensor, **_: Any) -> Tensor:
    """The denoiser as k-diffusion calls it, with one level for each latent."""
    return ideal(x, sigma.reshape(-1, 1, 1, 1))


def ended_k_diffusion(sampling: Any, name: str) -> Tensor:
    """Where a sampler of k-diffusion ends, with our noise."""
    noise, sigmas, drawn = StepNoise(SEED), levels(), iter(range(1000))
    span = (float(sigmas.min()), float(sigmas.max()))

    def stepping(sigma: Tensor, next_sigma: Tensor) -> Tensor:
        return noise(next(drawn), points())

    def brownian(sigma: Tensor, next_sigma: Tensor) -> Tensor:
        return noise.between(sigma, next_sigma, span, points())

    settings: dict[str, Any] = {"disable": True}
    if "ancestral" in name or "_sde" in name:
        settings["noise_sampler"] = brownian if "_sde" in name else stepping
    if "2m_sde" in name:
        settings["solver_type"] = "heun" if name.endswith("heun") else "midpoint"
    run = getattr(sampling, "sample_" + name.removesuffix("_heun"))
    found: Tensor
    match name:
        case "dpm_fast" | "dpm_adaptive":
            intervals = [len(sigmas) - 1] if name == "dpm_fast" else []
            with in_float64():
                found = run(model, points(), *span, *intervals, **settings)
        case _:
            found = run(model, points(), sigmas, **settings)
    return found


@contextmanager
def in_float64() -> Iterator[None]:
    """Let them make their own tensors in float64. Noise must be drawn outside: it would be other noise."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def scheduler_of(name: str) -> Any:
    """diffusers' scheduler for a sampler."""
    shared = {"num_train_timesteps": 1000, "prediction_type": "epsilon"}
    match name:
        case "uni_pc" | "uni_pc_bh2":
            kind = "bh2" if name.endswith("bh2") else "bh1"
            return diffusers.UniPCMultistepScheduler(**shared, solver_order=3, solver_type=kind)
        case "sa_solver":
            orders = {"predictor_order": 3, "corrector_order": 4, "lower_order_final": False}
            return diffusers.SASolverScheduler(**shared, **orders, tau_func=lambda time: 1.0)
    raise ValueError(name)


def ended_diffusers(name: str) -> Tensor:
    """Where a scheduler of diffusers ends, on our levels and with our noise."""
    sigmas, noise = levels(), StepNoise(SEED)
    drawn = iter([noise(step, points()) for step in range(len(sigmas))])
    scheduling_sasolver.randn_tensor = lambda shape, **_: next(drawn)
    if name == "plms":
        return ended_plms(sigmas)
    with in_float64():
        scheduler = scheduler_of(name)
        scheduler.set_timesteps(len(sigmas) - 1)
        scheduler.timesteps = torch.arange(len(sigmas) - 1)
        scheduler.sigmas = sigmas
        scheduler.set_begin_index(0)
        z = points() / (1 + sigmas[0] ** 2).sqrt()
        for time, sigma in zip(scheduler.timesteps, sigmas, strict=False):
            x = z * (1 + sigma**2).sqrt()
            z = scheduler.step((x - ideal(x, sigma)) / sigma, time, z).prev_sample
        return z * (1 + sigmas[-1] ** 2).sqrt()


def ended_plms(sigmas: Tensor) -> Tensor:
    """The same for PNDM, which knows only its own products of alphas: they become those of our levels."""
    steps = len(sigmas) - 1
    scheduler = diffusers.PNDMScheduler(
        num_train_timesteps=steps + 1, skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1
    )
    scheduler.alphas_cumprod = 1 / (1 + sigmas.flip(0) ** 2)
    scheduler.final_alpha_cumprod = scheduler.alphas_cumprod[0]
    scheduler.num_inference_steps = steps
    scheduler.config.num_train_timesteps = steps
    times = [*range(steps, 0, -1)]
    z = points() / (1 + sigmas[0] ** 2).sqrt()
    for time in [times[0], times[1], *times[1:]]:
        sigma = sigmas[steps - time]
        x = z * (1 + sigma**2).sqrt()
        z = scheduler.step_plms((x - ideal(x, sigma)) / sigma, time, z).prev_sample
    return z * (1 + sigmas[-1] ** 2).sqrt()


def brownian(sampling: Any) -> list[list[float]]:
    """k-diffusion's noise between levels, which is torchsde's."""
    sigmas = brownian_levels()
    tree = sampling.BrownianTreeNoiseSampler(
        torch.zeros(BROWNIAN_SHAPE), torch.tensor(sigmas[-1]), torch.tensor(sigmas[0]), seed=SEED
    )
    return [tree(torch.tensor(a), torch.tensor(b)).flatten().tolist() for a, b in pairwise(sigmas)]


def main() -> None:
    """Write the file."""
    sampling = k_sampling()
    ended: dict[str, Callable[[], Tensor]] = {
        **{name: lambda name=name: ended_k_diffusion(sampling, name) for name in K_DIFFUSION},  # type: ignore[misc]
        **{name: lambda name=name: ended_diffusers(name) for name in DIFFUSERS},  # type: ignore[misc]
    }
    golden = {
        "diffusers": diffusers.__version__,
        "ends": {name: end().flatten().tolist() for name, end in ended.items()},
        "brownian": brownian(sampling),
    }
    Path(__file__).with_name("samplers.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
