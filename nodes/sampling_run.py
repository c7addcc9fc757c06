"""One run of a sampler, which all sampling nodes share. No nodes here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from engine.api import Context
from ldm.diffusion.beside import Canvas
from ldm.diffusion.changes import MaskByLevel, SelfAttentionGuidance, of_unet
from ldm.diffusion.denoiser import Denoiser, Model, Network
from ldm.diffusion.guidance import guided
from ldm.diffusion.inpaint import Inpainting, Opening, mask_in_cells
from ldm.diffusion.noise import StepNoise, finish, noise_from_seed, start
from ldm.diffusion.own_attention import Inside
from ldm.diffusion.past import Memory
from ldm.diffusion.patches import in_patches
from ldm.diffusion.samplers import SAMPLERS
from ldm.diffusion.samplers import sampler as sampler_named
from ldm.diffusion.snapping import Snapping
from ldm.diffusion.steering.steer import steered
from ldm.diffusion.step import Step
from ldm.diffusion.told import given, is_negative, network_of
from ldm.unet.changes import MiddleAlone, UNetChange
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
    denoise = denoiser(guider, sampler, latent, clean, drawn, step_seed, levels)
    last, total = Step(x, x), SAMPLERS[sampler.name].steps(len(levels) - 1)
    ctx.progress(0, total)
    steps = steps_of(guider.model, denoise, sampler, levels, x, StepNoise(step_seed))
    for number, last in enumerate(steps, 1):
        ctx.progress(min(number, total), total)
        ctx.preview(UnfinishedLatent(last.guess, guider.model.colours, guider.model.decoder))
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
    guider: Guider,
    sampler: SamplerChoice,
    latent: Latent,
    clean: Tensor,
    drawn: Tensor,
    step_seed: int,
    levels: Tensor | None = None,
) -> Denoiser:
    """D(x, sigma) of the guider for this latent, on the device of its weights; it heeds the latent's mask.

    Args:
        guider: The model and what it is told.
        sampler: By which it is asked.
        latent: What is painted on.
        clean: Its samples, as large as the model wants them.
        drawn: The noise that they begin with.
        step_seed: The seed of the noise that steps add.
        levels: All noise levels of the run, for a mask that opens bit by bit.
    """
    model, device = guider.model, device_of(guider.model)
    height, width = clean.shape[-2:]
    canvas = Canvas(clean, latent.noise_mask, step_seed)
    network = _network(model)
    inside = Inside(_network(model, MiddleAlone()), lambda watch: _network(model, watch=watch))
    denoise = guided(
        Model(network, model.schedule, model.spec.parameterization),
        guider.guidance,
        (height, width),
        model.spec.first_stage.factor,
        device,
        unguided_too=SAMPLERS[sampler.name].unguided,
        given=lambda condition: given(
            model.spec, condition, canvas, negative=is_negative(guider.guidance, condition)
        ),
        changes=model.changes,
        inside=inside,
    )
    denoise = steered(denoise, model.steering, model.schedule)
    if model.codebook is not None:
        denoise = Snapping(denoise, model.codebook)
    if latent.noise_mask is None:
        return denoise
    if sampler.name == "ddim":  # as ComfyUI: it shows the model the known part under other noise
        drawn = noise_from_seed(clean.shape, step_seed + 1)
    mask = mask_in_cells(latent.noise_mask, clean.shape).to(device)
    return Inpainting(denoise, clean.to(device), drawn.to(device), mask, _opening(model, levels))


def _network(
    model: DiffusionModel, *more: UNetChange, watch: Callable[[Tensor], None] | None = None
) -> Network:
    """The model's network, as it is changed; with more changes, or watched."""
    network = network_of(model.unet, (*of_unet(model.changes), *more), watch)
    if model.patches is None:
        return network
    if any(isinstance(one, SelfAttentionGuidance) for one in model.changes):
        raise ValueError(
            "Self-attention guidance looks at the whole picture, but this model sees it in patches. Leave out one of "
            "the two nodes."
        )
    return in_patches(network, model.patches)


def _opening(model: DiffusionModel, levels: Tensor | None) -> Opening | None:
    """When a mask's places begin to change, where they do so one after the other."""
    share = next((one.share for one in model.changes if isinstance(one, MaskByLevel)), None)
    if share is None:
        return None
    if levels is None:
        raise ValueError(
            "This model's mask opens bit by bit (Differential Diffusion), for which a single step must know all noise "
            "levels of the run: connect `sigmas`, and say which step it is."
        )
    return Opening(model.schedule, float(levels[0]), float(levels[-1]), share)


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
