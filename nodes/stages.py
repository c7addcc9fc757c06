"""The stages of sampling, each a node: the noise levels, the choice of a sampler, and one denoise step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import torch
from torch import Tensor

from engine.api import Output, Range, Seed, node
from ldm.diffusion.denoiser import Denoiser, Model
from ldm.diffusion.guidance import guided
from ldm.diffusion.noise import StepNoise, finish
from ldm.diffusion.samplers import sampler as sampler_named
from ldm.diffusion.sigmas import noise_levels
from nodes.port_types import Conditioning, DiffusionModel, Latent, SamplerChoice, Sigmas

SamplerName = Literal["euler", "euler_ancestral", "heun", "ddim"]
SchedulerName = Literal["simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "normal", "ddim"]
Steps = Annotated[int, Range(1, 10000)]
Guidance = Annotated[float, Range(0.0, 100.0, step=0.1)]
Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Level = Annotated[float, Range(0.0, 5000.0)]


@node("BasicScheduler", title="Noise schedule", category="sampling/stages")
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


@node("KSamplerSelect", title="Choose sampler", category="sampling/stages")
def choose_sampler(sampler_name: SamplerName = "euler") -> Annotated[SamplerChoice, Output("sampler")]:
    """Choose a sampler by name.

    Args:
        sampler_name: How a step is taken.
    """
    return SamplerChoice(sampler_name)


@node("SamplerDDIM", title="DDIM sampler", category="sampling/stages")
def choose_ddim(eta: Share = 0.0) -> Annotated[SamplerChoice, Output("sampler")]:
    """The paper's sampler, DDIM.

    Args:
        eta: How much fresh noise each step adds: 0 none, 1 as much as DDPM.
    """
    return SamplerChoice("ddim", eta)


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


@node("DenoiseStep", title="One denoise step", category="sampling/stages", device=True)
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
) -> Latent:
    """Take one step from a noise level to the next: one call of the UNet (two for second-order samplers).

    Args:
        model: The diffusion model.
        positive: What to paint.
        negative: What not to paint.
        sampler: How the step is taken.
        latent_image: The latent at level `sigma`, from Add noise or from the step before.
        sigma: The noise level that the latent is at.
        next_sigma: The level to go to; 0 at the end.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
        noise_seed: For samplers that add noise.
        step: Which step of the run this is, from 0: it picks the noise that is added.
    """
    denoise = guided_by(model, positive, negative, cfg)
    levels = torch.tensor([sigma, next_sigma])
    (samples,) = steps_of(model, denoise, sampler, levels, latent_image.samples, StepNoise(noise_seed, step))
    return Latent(samples.cpu())


@node("FinishLatent", title="Finish latent", category="sampling/stages")
def finish_latent(latent_image: Latent, sigma: Level = 0.0) -> Latent:
    """Bring a latent whose last noise level is above zero, as on the DDIM grid, to the scale the decoder expects.

    Args:
        latent_image: The latent after the last step.
        sigma: The level that it stopped at.
    """
    return Latent(finish(latent_image.samples, torch.tensor(sigma)))


def guided_by(model: DiffusionModel, positive: Conditioning, negative: Conditioning, cfg: float) -> Denoiser:
    """The model as D(x, sigma) under guidance, on the device where its weights are."""
    device = next(model.unet.parameters()).device
    network = Model(model.unet, model.schedule, model.spec.parameterization)
    return guided(network, positive.context.to(device), negative.context.to(device), cfg)


def steps_of(
    model: DiffusionModel,
    denoise: Denoiser,
    sampler: SamplerChoice,
    levels: Tensor,
    noisy: Tensor,
    noise: StepNoise,
) -> Iterator[Tensor]:
    """Yield the latent after each step between these levels."""
    x = noisy.to(next(model.unet.parameters()).device)
    with torch.no_grad():
        yield from sampler_named(sampler.name, sampler.eta)(denoise, x, levels, noise)
