"""Whole samplers: all steps in one node, and the same taken apart into a node for each step."""

from __future__ import annotations

from typing import Annotated, Literal

from engine.api import OUTER, Context, Expand, Graph, Link, Node, Range, Seed, node
from ldm.diffusion.changes import MaskByLevel
from ldm.diffusion.guidance import ClassifierFree
from ldm.diffusion.samplers import SAMPLERS
from ldm.diffusion.sigmas import STOPPING_ABOVE_ZERO, noise_levels
from nodes.facts import latents
from nodes.port_types import Conditioning, DiffusionModel, Guider, Latent, Noise, SamplerChoice
from nodes.sampling_run import finished, run_sampler, sampled, sized
from nodes.widgets import Guidance, SamplerName, SchedulerName, Share, Steps

Place = Annotated[int, Range(0, 10000)]
OnOff = Literal["enable", "disable"]
OffOn = Literal["disable", "enable"]


@node("KSampler", title="Sample", category="sampling", device=True, version=2, facts=latents.sampled)
def sample(
    *,
    model: DiffusionModel,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Guidance = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Share = 1.0,
    ctx: Context,
) -> Latent:
    """Paint: take a latent from noise to a clean one, in one go.

    Args:
        model: The diffusion model, from the checkpoint.
        seed: The same seed gives the same picture.
        steps: More steps, finer work.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
        sampler_name: How a step is taken.
        scheduler: How the noise levels are spread; "ddim" is the paper's grid.
        positive: What to paint.
        negative: What not to paint.
        latent_image: An empty latent, or an encoded picture to start from.
        denoise: Below 1 only the last part of the way is gone, so that the start picture shows through.
    """
    levels = noise_levels(
        model.schedule, scheduler, steps, denoise, skip_last_but_one=SAMPLERS[sampler_name].wants_one_more
    )
    guider = Guider(model, ClassifierFree(positive.entries, negative.entries, cfg))
    output, _ = run_sampler(guider, SamplerChoice(sampler_name), levels, latent_image, Noise(seed), seed, ctx)
    if scheduler in STOPPING_ABOVE_ZERO and len(levels):
        return finished(output, levels[-1], latent_image)
    return output


@node("KSamplerAdvanced", title="Sample (advanced)", category="sampling", device=True, facts=latents.sampled)
def sample_advanced(
    *,
    model: DiffusionModel,
    add_noise: OnOff = "enable",
    noise_seed: Seed = 0,
    steps: Steps = 20,
    cfg: Guidance = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: Place = 0,
    end_at_step: Place = 10000,
    return_with_leftover_noise: OffOn = "disable",
    ctx: Context,
) -> Latent:
    """Paint a part of the way: from one step to another, so that several samplers can share it.

    Args:
        model: The diffusion model, from the checkpoint.
        add_noise: Off for a latent that carries its noise already.
        noise_seed: The same seed gives the same picture.
        steps: Into how many steps the whole way is cut.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
        sampler_name: How a step is taken.
        scheduler: How the noise levels are spread; "ddim" is the paper's grid.
        positive: What to paint.
        negative: What not to paint.
        latent_image: An empty latent, an encoded picture, or what another sampler has left over.
        start_at_step: The first step to take, from 0. Behind the last, the latent comes back as it is.
        end_at_step: The step not to be taken any more.
        return_with_leftover_noise: On if another sampler goes on; off makes the last step go all the way.
    """
    whole = noise_levels(
        model.schedule, scheduler, steps, skip_last_but_one=SAMPLERS[sampler_name].wants_one_more
    )
    levels = whole
    if end_at_step < len(whole) - 1:
        levels = whole[: end_at_step + 1].clone()
        if return_with_leftover_noise == "disable":
            levels[-1] = 0.0
    levels = levels[start_at_step:] if start_at_step < len(levels) - 1 else levels[:0]
    guider = Guider(model, ClassifierFree(positive.entries, negative.entries, cfg))
    noise = Noise(noise_seed if add_noise == "enable" else None)
    output, _ = run_sampler(guider, SamplerChoice(sampler_name), levels, latent_image, noise, noise_seed, ctx)
    if scheduler in STOPPING_ABOVE_ZERO and len(levels) and end_at_step >= len(whole) - 1:
        return finished(output, levels[-1], latent_image)
    return output


@node("KSamplerStepwise", title="Sample step by step", category="sampling", version=2, facts=latents.sampled)
def sample_stepwise(
    *,
    model: DiffusionModel,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Guidance = 8.0,
    sampler_name: SamplerName = "euler",
    scheduler: SchedulerName = "simple",
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Share = 1.0,
) -> Latent | Expand:
    """Paint as Sample does, bit for bit, but with each step a node of its own, kept in the cache.

    A run that was interrupted goes on from its last step, and every step can be looked at.

    Args:
        model: The diffusion model, from the checkpoint.
        seed: The same seed gives the same picture.
        steps: More steps, finer work.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
        sampler_name: How a step is taken.
        scheduler: How the noise levels are spread; "ddim" is the paper's grid.
        positive: What to paint.
        negative: What not to paint.
        latent_image: An empty latent, or an encoded picture to start from.
        denoise: Below 1 only the last part of the way is gone, so that the start picture shows through.
    """
    method = SAMPLERS[sampler_name]
    levels = noise_levels(
        model.schedule, scheduler, steps, denoise, skip_last_but_one=method.wants_one_more
    ).tolist()
    if not levels:
        return sampled(latent_image, sized(latent_image, model), model)
    shared = {name: Link(OUTER, name) for name in ("model", "positive", "negative")}
    clean = Link(OUTER, "latent_image")
    first = {"model": shared["model"], "noise": Link("noise", "noise"), "latent_image": clean}
    stages = {
        "noise": Node("RandomNoise", {"noise_seed": seed}),
        "sampler": Node("KSamplerSelect", {"sampler_name": sampler_name}),
        "start": Node("StartLatent", {**first, "sigma": levels[0]}),
    }
    constant = {**shared, "sampler": Link("sampler", "sampler"), "original": clean}
    if method.sees_all or any(isinstance(one, MaskByLevel) for one in model.changes):
        how = {"sampler_name": sampler_name, "scheduler": scheduler, "steps": steps, "denoise": denoise}
        stages["levels"] = Node("SamplingLevels", {"model": shared["model"], **how})
        constant["sigmas"] = Link("levels", "sigmas")
    last = "start"
    for step in range(method.steps(len(levels) - 1)):
        sigma, next_sigma = levels[step : step + 2]
        literals = {"sigma": sigma, "next_sigma": next_sigma, "cfg": cfg, "noise_seed": seed, "step": step}
        links = {**constant, "latent_image": Link(last, "latent")}
        last = f"step {step + 1}"
        stages[last] = Node("DenoiseStep", {**links, **literals})
    end = levels[-1] if scheduler in STOPPING_ABOVE_ZERO else 0.0
    stages["finish"] = Node(
        "FinishLatent", {"latent_image": Link(last, "latent"), "sigma": end, "original": clean}
    )
    return Expand(Graph(stages), Link("finish", "latent"))
