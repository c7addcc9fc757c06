"""The stages of sampling, each a node: the noisy latent to begin with, one denoise step, and the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch

from engine.api import Output, Range, Seed, node
from ldm.diffusion.guidance import ClassifierFree
from ldm.diffusion.noise import StepNoise, start
from ldm.diffusion.samplers import SAMPLERS
from ldm.diffusion.sigmas import noise_levels
from nodes.facts import latents
from nodes.port_types import Conditioning, DiffusionModel, Guider, Latent, Noise, SamplerChoice, Sigmas
from nodes.sampling_run import denoiser, drawn_for, finished, placed_on, sampled, sized, steps_of
from nodes.widgets import Guidance, SamplerName, SchedulerName, Share, Steps

Level = Annotated[float, Range(0.0, 20000.0)]


@node("NoiseLevel", title="Pick noise level", category="sampling/stages")
def noise_level(
    sigmas: Sigmas, index: Annotated[int, Range(0, 10000)] = 0
) -> Annotated[float, Output("sigma")]:
    """One of the noise levels of a schedule, for a denoise step.

    Args:
        sigmas: The schedule.
        index: Which one, from 0; the last is where sampling ends.
    """
    if index >= len(sigmas.levels):
        raise ValueError(
            f"The schedule has levels 0 to {len(sigmas.levels) - 1}, but level {index} is asked for."
        )
    return float(sigmas.levels[index])


@node("StartLatent", title="Start latent", category="sampling/stages", facts=latents.started)
def start_latent(model: DiffusionModel, noise: Noise, latent_image: Latent, sigma: Level) -> Latent:
    """Bring a clean latent to a noise level: the z_t that sampling begins with.

    Args:
        model: Its schedule says where full noise lies.
        noise: From which seed.
        latent_image: The clean latent, or an empty one.
        sigma: The level of the first denoise step.
    """
    clean = sized(latent_image, model)
    drawn = drawn_for(noise, latent_image, clean)
    noisy = start(clean, drawn, torch.tensor(sigma), model.schedule.sigma_max)
    return sampled(latent_image, noisy, model)


@node(
    "DenoiseStep",
    title="One denoise step",
    category="sampling/stages",
    device=True,
    version=2,
    facts=latents.sampled,
)
def denoise_step(
    model: DiffusionModel,
    positive: Conditioning,
    negative: Conditioning,
    sampler: SamplerChoice,
    latent_image: Latent,
    sigma: Level,
    next_sigma: Level,
    cfg: Guidance = 8.0,
    noise_seed: Seed = 0,
    step: Annotated[int, Range(0, 9999)] = 0,
    original: Latent | None = None,
    sigmas: Sigmas | None = None,
) -> Latent:
    """Take one step from a noise level to the next: one call of the UNet (two for second-order samplers).

    Args:
        model: The diffusion model.
        positive: What to paint.
        negative: What not to paint.
        sampler: How the step is taken.
        latent_image: The latent at level `sigma`, from Start latent or from the step before.
        sigma: The noise level that the latent is at.
        next_sigma: The level to go to; 0 at the end.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
        noise_seed: For samplers that add noise.
        step: Which step of the run this is, from 0: it picks the noise that is added.
        original: The clean latent that Start latent began with. If it has a mask, only what the mask opens changes.
        sigmas: All levels of the run, for samplers that look further than one step; then `step` says which to take.
    """
    guider = Guider(model, ClassifierFree(positive.entries, negative.entries, cfg))
    known = latent_image if original is None else original
    clean = sized(known, model)
    masked = known if original is not None else replace(known, noise_mask=None)
    drawn = drawn_for(Noise(noise_seed), known, clean)
    run = None if sigmas is None else sigmas.levels
    denoise = denoiser(guider, sampler, masked, clean, drawn, noise_seed, run)
    if sigmas is None:
        levels, only, noise = torch.tensor([sigma, next_sigma]), 0, StepNoise(noise_seed, step)
    else:
        levels, only, noise = sigmas.levels, step, StepNoise(noise_seed)
    taken = [*steps_of(model, denoise, sampler, levels, latent_image.samples, noise, latent_image.past, only)]
    if not taken:
        raise ValueError(f"The run has {len(levels) - 1} steps, but step {step} is asked for.")
    return replace(latent_image, samples=taken[-1].x.cpu(), past=placed_on(taken[-1].past, "cpu"))


@node("SamplingLevels", title="Noise levels of a sampler", category="sampling/stages")
def sampling_levels(
    model: DiffusionModel,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    steps: Steps = 20,
    denoise: Share = 1.0,
) -> Sigmas:
    """The noise levels that Sample takes: those of a schedule, and how the sampler wants them.

    Args:
        model: Whose schedule it is.
        sampler_name: Some samplers take one level more and leave out the last but one.
        scheduler: How the levels are spread; "ddim" is the paper's grid.
        steps: How many steps.
        denoise: Below 1 only the last part of the way is gone.
    """
    one_more = SAMPLERS[sampler_name].wants_one_more
    return Sigmas(noise_levels(model.schedule, scheduler, steps, denoise, skip_last_but_one=one_more))


@node("FinishLatent", title="Finish latent", category="sampling/stages", version=2)
def finish_latent(latent_image: Latent, sigma: Level = 0.0, original: Latent | None = None) -> Latent:
    """Bring a latent whose last noise level is above zero, as on the DDIM grid, to the scale the decoder expects.

    Args:
        latent_image: The latent after the last step.
        sigma: The level that it stopped at.
        original: The clean latent that Start latent began with. If it has a mask, what that keeps is put back.
    """
    return finished(latent_image, torch.tensor(sigma), original)
