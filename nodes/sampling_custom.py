"""Sampling put together from parts: noise, a guider, a sampler and noise levels."""

from __future__ import annotations

from engine.api import Context, Seed, node
from ldm.diffusion.guidance import ClassifierFree
from nodes.facts import latents
from nodes.port_types import Conditioning, DiffusionModel, Guider, Latent, Noise, SamplerChoice, Sigmas
from nodes.sampling_run import Sampled, run_sampler
from nodes.widgets import Guidance


@node(
    "SamplerCustom",
    title="Sample (custom)",
    category="sampling/custom_sampling",
    device=True,
    version=2,
    facts=latents.sampled_twice,
)
def sample_custom(
    *,
    model: DiffusionModel,
    add_noise: bool = True,
    noise_seed: Seed = 0,
    cfg: Guidance = 8.0,
    positive: Conditioning,
    negative: Conditioning,
    sampler: SamplerChoice,
    sigmas: Sigmas,
    latent_image: Latent,
    ctx: Context,
) -> Sampled:
    """Paint with a sampler and noise levels of your own, DDIM with eta among them.

    Args:
        model: The diffusion model, from the checkpoint.
        add_noise: Off for a latent that carries its noise already.
        noise_seed: The same seed gives the same picture.
        cfg: How much the positive conditioning outweighs the negative; 1 turns guidance off.
        positive: What to paint.
        negative: What not to paint.
        sampler: How a step is taken.
        sigmas: The noise levels to pass through.
        latent_image: An empty latent, an encoded picture, or a noisy latent to go on with.
    """
    guider = Guider(model, ClassifierFree(positive.entries, negative.entries, cfg))
    noise = Noise(noise_seed if add_noise else None)
    return run_sampler(guider, sampler, sigmas.levels, latent_image, noise, noise_seed, ctx)


@node(
    "SamplerCustomAdvanced",
    title="Sample (custom, advanced)",
    category="sampling/custom_sampling",
    device=True,
    facts=latents.sampled_by_guider,
)
def sample_custom_advanced(
    noise: Noise,
    guider: Guider,
    sampler: SamplerChoice,
    sigmas: Sigmas,
    latent_image: Latent,
    *,
    ctx: Context,
) -> Sampled:
    """Paint with noise, a guider, a sampler and noise levels of your own.

    Args:
        noise: What the latent begins with; its seed also serves samplers that add noise on the way.
        guider: The model and what it is told.
        sampler: How a step is taken.
        sigmas: The noise levels to pass through.
        latent_image: An empty latent, an encoded picture, or a noisy latent to go on with.
    """
    return run_sampler(guider, sampler, sigmas.levels, latent_image, noise, noise.seed or 0, ctx)
