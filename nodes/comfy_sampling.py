"""`comfy.samplers`, `comfy.sample` and what `nodes` has of sampling: with Weft's samplers, by ComfyUI's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor

from engine.api import offer_module, pack_call
from ldm.diffusion.guidance import ClassifierFree, Guidance, Plain
from ldm.diffusion.noise import StepNoise, noise_from_seed, start
from ldm.diffusion.samplers import SAMPLERS
from ldm.diffusion.sigmas import SCHEDULERS, STOPPING_ABOVE_ZERO, noise_levels
from nodes.comfy_models import ModelAdapter, ModelSampling, SamplerAdapter, Sampling
from nodes.comfy_values import conditioning_out, latent_in, latent_out
from nodes.port_types import DiffusionModel, Guider, Latent, SamplerChoice
from nodes.sampling_run import denoiser, sized, steps_of

SAMPLER_NAMES = KSAMPLER_NAMES = list(SAMPLERS)
SCHEDULER_NAMES = [name for name in SCHEDULERS if name not in STOPPING_ABOVE_ZERO]
SCHEDULER_HANDLERS = dict(SCHEDULERS)
WANTING_ONE_MORE = {name for name, one in SAMPLERS.items() if one.wants_one_more}
ALL = 0.9999

Callback: TypeAlias = "Callable[[int, Tensor, Tensor, int], object] | None"


def prepare_noise(latent_image: Tensor, seed: int, noise_inds: Any = None) -> Tensor:
    """The noise for latents."""
    return noise_from_seed(latent_image.shape, seed, noise_inds)


def fix_empty_latent_channels(model: ModelAdapter, latent_image: Tensor) -> Tensor:
    """Latents with as many channels as the model has, if they are empty."""
    return sized(Latent(latent_image), model.weft)


def calculate_sigmas(model_sampling: ModelSampling, scheduler_name: str, steps: int) -> Tensor:
    """The noise levels of a schedule."""
    return noise_levels(model_sampling._schedule, scheduler_name, steps)


def sampler_object(name: str) -> SamplerAdapter:
    """A sampler by its name."""
    if name not in SAMPLERS:
        raise ValueError(f"Weft has no sampler '{name}'. It has {', '.join(SAMPLERS)}.")
    return SamplerAdapter(SamplerChoice(name))


def ksampler(
    sampler_name: str, extra_options: Mapping[str, Any] | None = None, inpaint_options: Any = None
) -> SamplerAdapter:
    """A sampler by its name, with settings."""
    return SamplerAdapter(SamplerChoice(sampler_name, dict(extra_options or {})))


class KSampler:
    """ComfyUI's sampler for a model, a number of steps and a schedule."""

    SAMPLERS = SAMPLER_NAMES
    SCHEDULERS = SCHEDULER_NAMES
    DISCARD_PENULTIMATE_SIGMA_SAMPLERS = WANTING_ONE_MORE

    def __init__(
        self,
        model: ModelAdapter,
        steps: int,
        device: Any = None,
        sampler: str | None = None,
        scheduler: str | None = None,
        denoise: float | None = None,
        model_options: Any = None,
    ) -> None:
        self.model = model
        self.steps = steps
        self.sampler = sampler_object(sampler or SAMPLER_NAMES[0]).weft.name
        self.scheduler = scheduler or SCHEDULER_NAMES[0]
        if self.scheduler not in SCHEDULER_NAMES:
            raise ValueError(f"Weft has no scheduler '{scheduler}'. It has {', '.join(SCHEDULER_NAMES)}.")
        one_more = SAMPLERS[self.sampler].wants_one_more
        share = 1.0 if denoise is None or denoise > ALL else denoise
        self.sigmas = noise_levels(
            model.weft.schedule, self.scheduler, steps, share, skip_last_but_one=one_more
        )

    def sample(
        self,
        noise: Tensor,
        positive: Any,
        negative: Any,
        cfg: float,
        latent_image: Tensor | None = None,
        start_step: int | None = None,
        last_step: int | None = None,
        force_full_denoise: bool = False,
        denoise_mask: Tensor | None = None,
        sigmas: Tensor | None = None,
        callback: Callback = None,
        disable_pbar: bool = False,
        seed: int | None = None,
    ) -> Tensor:
        """Sample a part of the way, or all of it."""
        levels = self.sigmas if sigmas is None else sigmas
        if last_step is not None and last_step < len(levels) - 1:
            levels = levels[: last_step + 1].clone()
            if force_full_denoise:
                levels[-1] = 0.0
        if start_step is not None:
            levels = levels[start_step:] if start_step < len(levels) - 1 else levels[:0]
        image = torch.zeros_like(noise) if latent_image is None else latent_image
        told = ClassifierFree(_told(positive), _told(negative), cfg)
        return _sampled(
            self.model.weft,
            told,
            SamplerChoice(self.sampler),
            noise,
            image,
            levels,
            denoise_mask,
            callback,
            seed,
        )


def sample(
    model: ModelAdapter,
    noise: Tensor,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent_image: Tensor,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
    noise_mask: Tensor | None = None,
    sigmas: Tensor | None = None,
    callback: Callback = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Tensor:
    """Sample latents by the names of a sampler and a schedule."""
    made = KSampler(model, steps, None, sampler_name, scheduler, denoise)
    part = (start_step, last_step, force_full_denoise, noise_mask, sigmas, callback, disable_pbar, seed)
    return made.sample(noise, positive, negative, cfg, latent_image, *part)


def sample_custom(
    model: ModelAdapter,
    noise: Tensor,
    cfg: float,
    sampler: SamplerAdapter,
    sigmas: Tensor,
    positive: Any,
    negative: Any,
    latent_image: Tensor,
    noise_mask: Tensor | None = None,
    callback: Callback = None,
    disable_pbar: bool = False,
    seed: int | None = None,
) -> Tensor:
    """Sample latents with a sampler and noise levels."""
    told = ClassifierFree(_told(positive), _told(negative), cfg)
    return _sampled(model.weft, told, sampler.weft, noise, latent_image, sigmas, noise_mask, callback, seed)


class CFGGuider(Sampling):
    """A model with what it is told, and how strongly."""

    def __init__(self, model_patcher: ModelAdapter) -> None:
        self.model_patcher = model_patcher
        self.model_options = model_patcher.model_options
        self.conds: dict[str, Any] = {}
        self.cfg = 1.0

    def set_conds(self, positive: Any, negative: Any) -> None:
        """What to paint and what not to."""
        self.conds = {"positive": positive, "negative": negative}

    def set_cfg(self, cfg: float) -> None:
        """How strongly."""
        self.cfg = cfg

    @property
    def weft(self) -> Guider:
        """The same as Weft's nodes know it."""
        positive, negative = _told(self.conds.get("positive")), _told(self.conds.get("negative"))
        guidance: Guidance = ClassifierFree(positive, negative, self.cfg) if negative else Plain(positive)
        return Guider(self.model_patcher.weft, guidance)


def common_ksampler(
    model: ModelAdapter,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent: Mapping[str, Any],
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
) -> tuple[dict[str, Any]]:
    """What ComfyUI's KSampler nodes do: noise, sampling, and the latent with its samples anew."""
    image = sized(latent_out(latent), model.weft)
    noise = (
        torch.zeros_like(image) if disable_noise else prepare_noise(image, seed, latent.get("batch_index"))
    )
    part = (disable_noise, start_step, last_step, force_full_denoise, latent.get("noise_mask"))
    names = (sampler_name, scheduler, positive, negative, image, denoise)
    samples = sample(model, noise, steps, cfg, *names, *part, seed=seed)
    factor = model.weft.spec.first_stage.factor
    return ({**latent, **latent_in(Latent(samples, factor=factor))},)


def sampled_with(
    guider: Guider,
    sampler: SamplerChoice,
    noise: Tensor,
    latent_image: Tensor,
    sigmas: Tensor,
    mask: Tensor | None,
    callback: Callback,
    seed: int | None,
) -> Tensor:
    """Sample with a guider of ours."""
    return _sampled(guider.model, guider.guidance, sampler, noise, latent_image, sigmas, mask, callback, seed)


def _told(conditioning: Any) -> tuple[Any, ...]:
    found = conditioning_out(conditioning) if conditioning else None
    return found.entries if found is not None and hasattr(found, "entries") else ()


def _sampled(
    model: DiffusionModel,
    guidance: Guidance,
    sampler: SamplerChoice,
    noise: Tensor,
    latent_image: Tensor,
    levels: Tensor,
    mask: Tensor | None,
    callback: Callback,
    seed: int | None,
) -> Tensor:
    latent = Latent(latent_image, noise_mask=mask)
    clean = sized(latent, model)
    if not len(levels):
        return clean
    guider, step_seed = Guider(model, guidance), seed or 0
    x = first = start(clean, noise, levels[0], model.schedule.sigma_max)
    denoise = denoiser(guider, sampler, latent, clean, noise, step_seed, levels)
    call, total = pack_call(), SAMPLERS[sampler.name].steps(len(levels) - 1)
    for step, taken in enumerate(steps_of(model, denoise, sampler, levels, first, StepNoise(step_seed))):
        if callback is not None:
            callback(step, taken.guess, x, total)
        if call is not None:
            call.context.progress(min(step + 1, total), total)
        x = taken.x
    return x.cpu()


offer_module("comfy.sample", __name__)
offer_module("comfy.samplers", __name__)
offer_module("nodes", __name__)
