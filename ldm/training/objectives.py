"""The training objectives of both stages, each a few visible lines: LDM eq. 1-3 and appendix G."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.spec import Parameterization

MAX_ADVERSARIAL_WEIGHT = 1e4


def diffusion_loss(
    predict: Callable[[Tensor, Tensor], Tensor],
    latents: Tensor,
    noise: Tensor,
    timesteps: Tensor,
    alphas_cumprod: Tensor,
    parameterization: Parameterization = "eps",
) -> Tensor:
    """How badly noise is guessed: E || eps - eps_theta(z_t, t) ||^2 (LDM eq. 2; eq. 3 if `predict` closes over tau(y)).

    Args:
        predict: eps_theta(z_t, t), with any conditioning inside.
        latents: z_0, (b, c, h, w), scaled to about unit variance.
        noise: epsilon, like latents.
        timesteps: t, (b,), whole numbers from 0 to T - 1.
        alphas_cumprod: abar_t, (T,).
        parameterization: what is asked for in place of the noise.
    """
    abar = at(alphas_cumprod, timesteps, latents)
    noisy = noised(latents, noise, abar)
    guess = predict(noisy, timesteps).to(latents)
    return F.mse_loss(guess, asked_for(parameterization, latents, noise, abar))


def at(values: Tensor, timesteps: Tensor, like: Tensor) -> Tensor:
    """Those of (T,) numbers that belong to the timesteps (b,), as (b, 1, 1, 1)."""
    return values.to(like)[timesteps][:, None, None, None]


def noised(latents: Tensor, noise: Tensor, abar: Tensor) -> Tensor:
    """z_t of z_0 and eps."""
    return abar.sqrt() * latents + (1 - abar).sqrt() * noise


def asked_for(parameterization: Parameterization, latents: Tensor, noise: Tensor, abar: Tensor) -> Tensor:
    """What to guess: eps, v = sqrt(abar) eps - sqrt(1 - abar) z_0 (Salimans & Ho 2022, eq. 9), or z_0."""
    if parameterization == "eps":
        return noise
    if parameterization == "v":
        return abar.sqrt() * noise - (1 - abar).sqrt() * latents
    return latents


def codebook_loss(
    encoded: Tensor, codes: Tensor, commitment: float = 0.25, *, legacy: bool = False
) -> Tensor:
    """How far apart latents and their codes are (van den Oord et al. 2017, eq. 3): both are drawn to each other.

    Args:
        encoded: what the encoder says, (b, c, h, w).
        codes: the nearest code of each cell, alike.
        commitment: beta, how strongly latents are drawn to their codes; codes are drawn to latents with 1.
        legacy: beta weighs the codes' term and 1 the latents', as the published models were trained.
    """
    drawn_latents = F.mse_loss(encoded, codes.detach())
    drawn_codes = F.mse_loss(codes, encoded.detach())
    return drawn_latents + commitment * drawn_codes if legacy else drawn_codes + commitment * drawn_latents


def kl_divergence(moments: Tensor) -> Tensor:
    """KL(q(z | x) || N(0, 1)), summed over each sample and averaged over the batch."""
    mean, log_variance = moments.chunk(2, dim=1)
    log_variance = log_variance.clamp(-30.0, 20.0)
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum() / moments.shape[0]


def reconstruction_nll(error: Tensor, log_variance: Tensor) -> Tensor:
    """Negative log likelihood of |x - x'| + perceptual distance, with one learned variance (appendix G).

    Args:
        error: (b, 3, h, w), not negative.
        log_variance: a learned scalar.
    """
    return (error / log_variance.exp() + log_variance).sum() / error.shape[0]


def adversarial_weight(nll: Tensor, generator: Tensor, last_layer: Tensor) -> Tensor:
    """Balance both losses by their gradients at the decoder's last layer (Esser et al. 2021, eq. 7)."""
    (nll_slope,) = torch.autograd.grad(nll, last_layer, retain_graph=True)
    (generator_slope,) = torch.autograd.grad(generator, last_layer, retain_graph=True)
    weight: Tensor = nll_slope.norm() / (generator_slope.norm() + 1e-4)
    return weight.clamp(0.0, MAX_ADVERSARIAL_WEIGHT).detach()


def generator_loss(fake_logits: Tensor) -> Tensor:
    """Low when the discriminator takes reconstructions for real."""
    return -fake_logits.mean()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The hinge loss of the discriminator, halved as in CompVis."""
    return 0.5 * (F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean())
