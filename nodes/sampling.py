"""Whole samplers: all steps in one node, and the same taken apart into a node for each step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

from engine.api import OUTER, Context, Expand, Graph, Link, Node, Seed, node
from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.noise import StepNoise, finish
from ldm.diffusion.sigmas import noise_levels
from nodes.latent import add_noise as noisy_latent
from nodes.port_types import Conditioning, DiffusionModel, Latent, Noise, SamplerChoice, Sigmas
from nodes.stages import (
    Guidance,
    SamplerName,
    SchedulerName,
    Share,
    Steps,
    guided_by,
    schedule_levels,
    steps_of,
)


@node("KSampler", title="Sample", category="sampling", device=True)
def sample(
    model: DiffusionModel,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Guidance = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    denoise: Share = 1.0,
    *,
    ctx: Context,
) -> Latent:
    """Paint: take a latent from noise to a clean one, in one go.

    Args:
        model: The diffusion model, from the checkpoint.
        positive: What to paint.
        negative: What not to paint.
        latent_image: An empty latent, or an encoded picture to start from.
        seed: The same seed gives the same picture.
        steps: More steps, finer work.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
        sampler_name: How a step is taken.
        scheduler: How the noise levels are spread; "ddim" is the paper's grid.
        denoise: Below 1 only the last part of the way is gone, so that the start picture shows through.
    """
    sigmas = schedule_levels(model, scheduler, steps, denoise)
    noisy = noisy_latent(model, Noise(seed), sigmas, latent_image)
    guided = guided_by(model, positive, negative, cfg)
    return _walk(model, guided, SamplerChoice(sampler_name), sigmas, noisy, StepNoise(seed), ctx)


class Sampled(NamedTuple):
    """The latent that sampling ends with, and the model's last guess of the clean one."""

    output: Latent
    denoised_output: Latent


@node("SamplerCustom", title="Sample (custom)", category="sampling", device=True)
def sample_custom(
    model: DiffusionModel,
    positive: Conditioning,
    negative: Conditioning,
    sampler: SamplerChoice,
    sigmas: Sigmas,
    latent_image: Latent,
    add_noise: bool = True,
    noise_seed: Seed = 0,
    cfg: Guidance = 8.0,
    *,
    ctx: Context,
) -> Sampled:
    """Paint with a sampler and noise levels of your own, DDIM with eta among them.

    Args:
        model: The diffusion model, from the checkpoint.
        positive: What to paint.
        negative: What not to paint.
        sampler: How a step is taken.
        sigmas: The noise levels to pass through.
        latent_image: An empty latent, an encoded picture, or a noisy latent to go on with.
        add_noise: Off for a latent that carries its noise already.
        noise_seed: The same seed gives the same picture.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
    """
    noisy = noisy_latent(model, Noise(noise_seed if add_noise else None), sigmas, latent_image)
    recorded = _Recorded(guided_by(model, positive, negative, cfg))
    output = _walk(model, recorded, sampler, sigmas, noisy, StepNoise(noise_seed), ctx)
    return Sampled(output, output if recorded.last is None else Latent(recorded.last.cpu()))


@node("KSamplerStepwise", title="Sample step by step", category="sampling")
def sample_stepwise(
    model: DiffusionModel,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Guidance = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    denoise: Share = 1.0,
) -> Latent | Expand:
    """Paint as Sample does, bit for bit, but with each step a node of its own, kept in the cache.

    A run that was interrupted goes on from its last step, and every step can be looked at.

    Args:
        model: The diffusion model, from the checkpoint.
        positive: What to paint.
        negative: What not to paint.
        latent_image: An empty latent, or an encoded picture to start from.
        seed: The same seed gives the same picture.
        steps: More steps, finer work.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
        sampler_name: How a step is taken.
        scheduler: How the noise levels are spread; "ddim" is the paper's grid.
        denoise: Below 1 only the last part of the way is gone, so that the start picture shows through.
    """
    levels = noise_levels(model.schedule, scheduler, steps, denoise).tolist()
    stages = {
        "levels": Node(
            "BasicScheduler",
            {"model": Link(OUTER, "model"), "scheduler": scheduler, "steps": steps, "denoise": denoise},
        ),
        "noise": Node("RandomNoise", {"noise_seed": seed}),
        "sampler": Node("KSamplerSelect", {"sampler_name": sampler_name}),
        "start": Node(
            "AddNoise",
            {
                "model": Link(OUTER, "model"),
                "noise": Link("noise", "noise"),
                "sigmas": Link("levels", "sigmas"),
                "latent_image": Link(OUTER, "latent_image"),
            },
        ),
    }
    shared = {name: Link(OUTER, name) for name in ("model", "positive", "negative")}
    last = "start"
    for step, (sigma, next_sigma) in enumerate(pairwise(levels)):
        literals = {"sigma": sigma, "next_sigma": next_sigma, "cfg": cfg, "noise_seed": seed, "step": step}
        links = {**shared, "sampler": Link("sampler", "sampler"), "latent_image": Link(last, "latent")}
        last = f"step {step + 1}"
        stages[last] = Node("DenoiseStep", {**links, **literals})
    end = levels[-1] if levels else 0.0
    stages["finish"] = Node("FinishLatent", {"latent_image": Link(last, "latent"), "sigma": end})
    return Expand(Graph(stages), Link("finish", "latent"))


@dataclass(slots=True)
class _Recorded:
    """A denoiser that remembers its last answer."""

    denoise: Denoiser
    last: Tensor | None = None

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.last = self.denoise(x, sigma)
        return self.last


def _walk(
    model: DiffusionModel,
    denoise: Denoiser,
    sampler: SamplerChoice,
    sigmas: Sigmas,
    noisy: Latent,
    noise: StepNoise,
    ctx: Context,
) -> Latent:
    """Take all steps, reporting each."""
    samples, levels = noisy.samples, sigmas.levels
    steps = steps_of(model, denoise, sampler, levels, samples, noise)
    for latest in ctx.track(steps, total=max(len(levels) - 1, 0)):
        samples = latest
    if len(levels):
        samples = finish(samples, levels[-1])
    return Latent(samples.cpu())
