"""L_hybrid: training a network to say how much noise the reverse process adds (Nichol & Dhariwal 2021, section 3.1)."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.spec import Parameterization
from ldm.training.objectives import asked_for, at, noised

VLB_WEIGHT = 0.001


def hybrid_loss(
    predict: Callable[[Tensor, Tensor], Tensor],
    latents: Tensor,
    noise: Tensor,
    timesteps: Tensor,
    alphas_cumprod: Tensor,
    parameterization: Parameterization = "eps",
    vlb_weight: float = VLB_WEIGHT,
) -> Tensor:
    """L_simple + 0.001 L_vlb (eq. 16); L_vlb teaches the variance alone, since its mean is taken as given.

    Args:
        predict: gives twice the latent's channels: the guess, and the place of the variance from -1 to 1.
        latents: as in `diffusion_loss`, with the rest.
        noise: epsilon.
        timesteps: t.
        alphas_cumprod: abar_t.
        parameterization: what is guessed.
        vlb_weight: lambda.
    """
    abar = at(alphas_cumprod, timesteps, latents)
    noisy = noised(latents, noise, abar)
    guess, place = predict(noisy, timesteps).to(latents).chunk(2, dim=1)
    simple = F.mse_loss(guess, asked_for(parameterization, latents, noise, abar))
    clean = _clean(parameterization, guess.detach(), noisy, abar)
    bound = variational_bound(latents, noisy, clean, (place + 1) / 2, timesteps, alphas_cumprod)
    return simple + vlb_weight * len(alphas_cumprod) * bound.mean()


def variational_bound(
    latents: Tensor, noisy: Tensor, clean: Tensor, place: Tensor, timesteps: Tensor, alphas_cumprod: Tensor
) -> Tensor:
    """L_t of each latent (b,), in bits for each number: KL(q(z_t-1 | z_t, z_0) || p_theta), and -log p(z_0 | z_1) at 0.

    Args:
        latents: z_0.
        noisy: z_t.
        clean: what is guessed of z_0.
        place: v, where the variance lies between the posterior's (0) and beta_t (1), on a logarithmic scale (eq. 15).
        timesteps: t, (b,).
        alphas_cumprod: abar_t, (T,).
    """
    of_clean, of_noisy, smallest, largest = (at(one, timesteps, latents) for one in posterior(alphas_cumprod))
    log_variance = place * largest + (1 - place) * smallest
    wanted, guessed = of_clean * latents + of_noisy * noisy, of_clean * clean + of_noisy * noisy
    spread = (-log_variance).exp()
    divergence = log_variance - smallest + (smallest - log_variance).exp() - 1
    last = math.log(2 * math.pi) + log_variance
    first = timesteps[:, None, None, None] == 0
    gap = torch.where(first, latents - guessed, wanted - guessed)
    nats = 0.5 * (torch.where(first, last, divergence) + gap.square() * spread)
    return nats.flatten(1).mean(dim=1) / math.log(2)


def posterior(alphas_cumprod: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """q(z_t-1 | z_t, z_0): the factors of z_0 and z_t in its mean, log of its variance, and log beta; each (T,).

    At t = 0 there is no variance; that of t = 1 stands for it.
    """
    abar = alphas_cumprod.double()
    before = torch.cat([torch.ones_like(abar[:1]), abar[:-1]])
    beta = 1 - abar / before
    variance = beta * (1 - before) / (1 - abar)
    variance = torch.cat([variance[1:2], variance[1:]])
    of_clean = before.sqrt() * beta / (1 - abar)
    of_noisy = (1 - beta).sqrt() * (1 - before) / (1 - abar)
    return of_clean, of_noisy, variance.log(), beta.log()


def _clean(parameterization: Parameterization, guess: Tensor, noisy: Tensor, abar: Tensor) -> Tensor:
    """The clean latent that a guess stands for."""
    if parameterization == "eps":
        return (noisy - (1 - abar).sqrt() * guess) / abar.sqrt()
    if parameterization == "v":
        return abar.sqrt() * noisy - (1 - abar).sqrt() * guess
    return guess
