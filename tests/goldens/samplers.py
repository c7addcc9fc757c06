"""The model, levels and settings behind the golden numbers of samplers: data N(MEAN, STD^2), its denoiser known."""

import math

import torch
from torch import Tensor

MEAN, STD, TOP = 0.3, 0.5, 10.0
SEED = 3

# Without settings beside the name, those that are usual.
K_DIFFUSION: dict[str, dict[str, float | str]] = {
    "heun": {},
    "dpm_2": {},
    "dpm_2_ancestral": {},
    "lms": {},
    "dpm_fast": {},
    "dpm_adaptive": {},
    "dpmpp_2s_ancestral": {},
    "dpmpp_2m": {},
    "dpmpp_sde": {},
    "dpmpp_2m_sde": {},
    "dpmpp_2m_sde_heun": {},
    "dpmpp_3m_sde": {},
}
DIFFUSERS: dict[str, dict[str, float | str]] = {
    "uni_pc": {},
    "uni_pc_bh2": {},
    "sa_solver": {"simple_order_2": True},  # diffusers has that form only
    "plms": {},
}
BROWNIAN_SHAPE = (1, 2, 3, 3)


def ideal(x: Tensor, sigma: Tensor) -> Tensor:
    """E[z_0 | z_0 + sigma eps = x]."""
    spread = sigma**2
    return (STD**2 * x + spread * MEAN) / (STD**2 + spread)


def levels() -> Tensor:
    """Uneven levels, which end above zero."""
    shares = torch.linspace(0, 1, 15, dtype=torch.float64) ** 1.3
    return (math.log(TOP) + shares * (math.log(0.05) - math.log(TOP))).exp()


def points() -> Tensor:
    """Noisy points to start from."""
    return MEAN + torch.linspace(-3, 3, 11, dtype=torch.float64)[:, None, None, None] * math.hypot(STD, TOP)


def brownian_levels() -> list[float]:
    """Levels of a run, falling to its lowest above zero."""
    return torch.tensor([14.6146, 9.5, 3.1234567, 0.7, 0.029167]).tolist()
