"""One run of a sampler, which all sampling nodes share. No nodes here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from engine.api import Context
from ldm.diffusion.denoiser import Denoiser, Model
from ldm.diffusion.guidance import guided
from ldm.diffusion.inpaint import Inpainting, mask_in_cells
from ldm.diffusion.noise import StepNoise, finish, noise_from_seed, start
from ldm.diffusion.past import Memory
from ldm.diffusion.samplers import SAMPLERS
from ldm.diffusion.samplers import sampler as sampler_named
from ldm.diffusion.step import Step
from ldm.diffusion.told import given, network_of
from nodes.port_types import DiffusionModel, Guider, Latent, Noise, SamplerChoice, UnfinishedLatent


class Sampled(NamedTuple):
    """The latent that sampling ends with, and the model's last guess of the clean one."""

    output: Latent
    denoised_output: Latent


def run_sampler(
    guider: Guider,
    sampler: SamplerChoice,
    levels: Tensor,
    latent: Latent,
    noise: Noise,
    step_seed: int,
    ctx: Context,
) -> Sampled:
    """Bring the latent to the first level and take all steps, telling of each and showing the model's guess.

    Without levels the latent is given back as it is.
    """
    clean = sized(latent, guider.model)
    if not len(levels):
        done = sampled(latent, clean, guider.model)
        return Sampled(done, done)
    drawn = drawn_for(noise, latent, clean)
    x = start(clean, drawn, levels[0], guider.model.schedule.sigma_max)
    denoise = denoiser(guider, sampler, latent, clean, drawn, step_seed)
    last, total = Step(x, x), SAMPLERS[sampler.name].steps(len(levels) - 1)
    ctx.progress(0, total)
    steps = steps_of(guider.model, denoise, sampler, levels, x, StepNoise(step_seed))
    for number, last in enumerate(steps, 1):
        ctx.progress(min(number, total), total)
        ctx.preview(UnfinishedLatent(last.guess, guider.model.colours))
        ctx.check_cancelled()
    return Sampled(*(sampled(latent, one.cpu(), guider.model) for one in (last.x, last.guess)))


def sampled(latent: Latent, samples: Tensor, model: DiffusionModel) -> Latent:
    """What came out of sampling a latent: its samples anew, with what was beside them."""
    return replace(latent, samples=samples, canvas=None, factor=model.spec.first_stage.factor, past=())


def finished(latent: Latent, level: Tensor, original: Latent | None) -> Latent:
    """What sampling gives where it stops above zero, as on the DDIM grid: brought to the scale that decoders expect.

    What a mask keeps of the original carries noise of that level still, and so is put back as it was.
    """
    samples = finish(latent.samples, level)
    if level > 0 and original is not None and original.noise_mask is not None:
        known = torch.zeros_like(samples) if original.canvas is not None else original.samples
        samples = torch.lerp(known, samples, mask_in_cells(original.noise_mask, samples.shape))
    return replace(latent, samples=samples, past=())


def sized(latent: Latent, model: DiffusionModel) -> Tensor:
    """The latent's samples; an empty latent becomes zeros of the model's channels and cells.

    Raises:
        ValueError: a latent that is not empty has another number of channels than the model.
    """
    channels, factor = model.spec.first_stage.embed_dim, model.spec.first_stage.factor
    samples = latent.samples
    if latent.canvas is not None:
        width, height = latent.canvas
        return torch.zeros(samples.shape[0], channels, max(height // factor, 1), max(width // factor, 1))
    if samples.shape[1] == channels:
        return samples
    if not bool(samples.any()):
        return torch.zeros(samples.shape[0], channels, *samples.shape[2:])
    raise ValueError(
        f"The latent has {samples.shape[1]} channels, but the model samples {channels}. "
        "Encode the picture with the VAE of the same model."
    )


def drawn_for(noise: Noise, latent: Latent, clean: Tensor) -> Tensor:
    """The noise for a latent; zeros where there shall be none."""
    if noise.seed is None:
        return torch.zeros_like(clean)
    return noise_from_seed(clean.shape, noise.seed, latent.batch_index)


def denoiser(
    guider: Guider, sampler: SamplerChoice, latent: Latent, clean: Tensor, drawn: Tensor, step_seed: int
) -> Denoiser:
    """D(x, sigma) of the guider for this latent, on the device of its weights; it heeds the latent's mask."""
    model, device = guider.model, device_of(guider.model)
    height, width = clean.shape[-2:]
    network = Model(network_of(model.unet), model.schedule, model.spec.parameterization)
    denoise = guided(
        network,
        guider.guidance,
        (height, width),
        model.spec.first_stage.factor,
        device,
        unguided_too=SAMPLERS[sampler.name].unguided,
        given=lambda condition: given(model.spec, condition, height, width),
    )
    if latent.noise_mask is None:
        return denoise
    if sampler.name == "ddim":  # as ComfyUI: it shows the model the known part under other noise
        drawn = noise_from_seed(clean.shape, step_seed + 1)
    mask = mask_in_cells(latent.noise_mask, clean.shape)
    return Inpainting(denoise, clean.to(device), drawn.to(device), mask.to(device))


def steps_of(
    model: DiffusionModel,
    denoise: Denoiser,
    sampler: SamplerChoice,
    levels: Tensor,
    noisy: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """Yield each step between these levels, or one of them only."""
    take = sampler_named(sampler.name, sampler.settings, model.schedule)
    device = device_of(model)
    with torch.no_grad():
        yield from take(denoise, noisy.to(device), levels, noise, placed_on(past, device), only)


def placed_on(past: Memory, device: torch.device | str) -> Memory:
    """What a sampler remembers, on a device."""
    return tuple(replace(one, x=one.x.to(device), denoised=one.denoised.to(device)) for one in past)


def device_of(model: DiffusionModel) -> torch.device:
    """Where the model's weights are."""
    return next(model.unet.parameters()).device
