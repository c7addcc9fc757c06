"""Painting a part only."""

import torch
from torch import Tensor

from ldm.diffusion.inpaint import Inpainting, mask_in_cells
from ldm.diffusion.noise import StepNoise, noise_from_seed
from ldm.diffusion.samplers import SAMPLERS, sampler

LATENT, NOISE, X = (noise_from_seed((2, 4, 8, 8), seed) for seed in (1, 2, 3))
LEFT = torch.zeros(1, 8, 8)
LEFT[..., :4] = 1
MASK = mask_in_cells(LEFT, LATENT.shape)
SIGMA = torch.tensor(3.0)


def model(x: Tensor, sigma: Tensor) -> Tensor:
    """A model that shows what it was given."""
    return x / 2


def test_the_model_is_shown_the_known_part_under_noise_of_the_present_level() -> None:
    seen: list[Tensor] = []

    def watched(x: Tensor, sigma: Tensor) -> Tensor:
        seen.append(x)
        return x

    Inpainting(watched, LATENT, NOISE, MASK)(X, SIGMA)
    assert torch.allclose(seen[0][..., 4:], (LATENT + 3 * NOISE)[..., 4:])
    assert torch.equal(seen[0][..., :4], X[..., :4])


def test_the_guess_of_the_known_part_is_what_is_known() -> None:
    guess = Inpainting(model, LATENT, NOISE, MASK)(X, SIGMA)
    assert torch.equal(guess[..., 4:], LATENT[..., 4:])
    assert torch.equal(guess[..., :4], X[..., :4] / 2)


def test_every_sampler_ends_with_the_known_part_as_it_was() -> None:
    sigmas = torch.tensor([3.0, 2.0, 1.0, 0.5, 0.0])
    stops = {"dpm_fast": 0.5, "dpm_adaptive": 0.5, "uni_pc": 0.001, "uni_pc_bh2": 0.001}  # above zero
    for name in SAMPLERS:
        *_, end = sampler(name)(Inpainting(model, LATENT, NOISE, MASK), X, sigmas, StepNoise(0))
        known = torch.lerp(LATENT, X, stops.get(name, 0.0) / 3)
        assert torch.allclose(end.x[..., 4:], known[..., 4:], atol=1e-5), name


def test_a_mask_of_pixels_becomes_one_of_cells_for_each_latent_and_channel() -> None:
    pixels = torch.zeros(1, 64, 64)
    pixels[..., :32] = 1
    assert torch.equal(mask_in_cells(pixels, (3, 4, 8, 8)), MASK[:1].expand(3, -1, -1, -1))
    two = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)])
    assert mask_in_cells(two, (3, 4, 8, 8))[:, 0, 0, 0].tolist() == [0, 1, 0]  # the first again
