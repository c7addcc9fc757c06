"""The sampling nodes, called as the plain functions they are."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import torch

from engine.api import NULL_CONTEXT, Cancelled, Context
from nodes.first_stage import decode_latent, encode_image
from nodes.latent import add_noise, empty_latent, no_noise, random_noise
from nodes.port_types import Conditioning, DiffusionModel, FirstStage, Image, Latent, SamplerChoice, TextModel
from nodes.sampling import sample, sample_custom
from nodes.stages import denoise_step, finish_latent, noise_level, schedule_levels
from nodes.text import encode_text, encode_tokens, tokenize_text
from tests.ldm.tiny import tiny_model

LOADED = tiny_model()
MODEL = DiffusionModel(LOADED.unet, LOADED.schedule, LOADED.spec)
CLIP, VAE = TextModel(LOADED.text), FirstStage(LOADED.first_stage)


def prompt(text: str = "a red circle") -> Conditioning:
    """What the tiny model is told."""
    return encode_text(text, CLIP)


CANVAS = empty_latent(32, 16, 2)


def test_an_empty_canvas_becomes_what_the_model_needs() -> None:
    assert CANVAS.samples.shape == (2, 4, 2, 4)  # as ComfyUI sees it
    sigmas = schedule_levels(MODEL, "normal", 3)
    assert add_noise(MODEL, random_noise(0), sigmas, CANVAS).samples.shape == (2, 4, 4, 8)  # f = 4


def test_without_noise_a_latent_stays_as_it_is() -> None:
    latent = Latent(torch.ones(1, 4, 4, 4))
    sigmas = schedule_levels(MODEL, "normal", 3, 0.5)
    assert torch.equal(add_noise(MODEL, no_noise(), sigmas, latent).samples, latent.samples)


@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "heun", "ddim"])
@pytest.mark.parametrize(("scheduler", "denoise"), [("normal", 1.0), ("ddim", 1.0), ("karras", 0.6)])
def test_the_stages_wired_by_hand_give_the_bits_of_the_fused_sampler(
    sampler: str, scheduler: str, denoise: float
) -> None:
    fused = sample(
        MODEL,
        prompt(),
        prompt(""),
        CANVAS,
        seed=3,
        steps=4,
        cfg=2.5,
        sampler_name=sampler,  # type: ignore[arg-type]
        scheduler=scheduler,  # type: ignore[arg-type]
        denoise=denoise,
        ctx=NULL_CONTEXT,
    )
    sigmas = schedule_levels(MODEL, scheduler, 4, denoise)  # type: ignore[arg-type]
    latent = add_noise(MODEL, random_noise(3), sigmas, CANVAS)
    levels = [noise_level(sigmas, index) for index in range(len(sigmas.levels))]
    for step, (sigma, next_sigma) in enumerate(pairwise(levels)):
        latent = denoise_step(
            MODEL, prompt(), prompt(""), SamplerChoice(sampler), latent, sigma, next_sigma, 2.5, 3, step
        )
    assert torch.equal(finish_latent(latent, levels[-1]).samples, fused.samples)


def test_the_same_seed_gives_the_same_latent_and_another_seed_another() -> None:
    first, again, other = (
        sample(MODEL, prompt(), prompt(""), CANVAS, seed, 2, ctx=NULL_CONTEXT) for seed in (1, 1, 2)
    )
    assert torch.equal(first.samples, again.samples)
    assert not torch.equal(first.samples, other.samples)


def test_the_prompt_matters_and_more_so_with_more_guidance() -> None:
    def moved(cfg: float) -> float:
        red, nothing = (
            sample(MODEL, prompt(text), prompt(""), CANVAS, 0, 3, cfg, ctx=NULL_CONTEXT).samples
            for text in ("red", "")
        )
        return float((red - nothing).norm())

    assert 0 < moved(1.0) < moved(8.0)


def test_no_denoising_gives_the_latent_back() -> None:
    latent = Latent(torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0)))
    out = sample(MODEL, prompt(), prompt(""), latent, denoise=0.0, ctx=NULL_CONTEXT)
    assert torch.equal(out.samples, latent.samples)


def test_a_custom_run_tells_the_models_last_guess_too() -> None:
    sigmas = schedule_levels(MODEL, "normal", 3)
    run = sample_custom(MODEL, prompt(), prompt(""), SamplerChoice("euler"), sigmas, CANVAS, ctx=NULL_CONTEXT)
    # The last Euler step goes to sigma 0 and so lands on the guess itself, up to rounding.
    assert torch.allclose(run.output.samples, run.denoised_output.samples, atol=1e-4)


@dataclass
class Stopper:
    """Watches a run and stops it after some steps."""

    after: int
    seen: list[tuple[int, int]] = field(default_factory=list)

    @property
    def cancelled(self) -> bool:
        """Whether enough was seen."""
        return len(self.seen) > self.after

    def progress(self, done: int, total: int) -> None:
        """Note how far it is."""
        self.seen.append((done, total))

    def preview(self, value: object) -> None:
        """Not of interest."""


def test_a_run_reports_every_step_and_stops_between_steps() -> None:
    stopper = Stopper(after=3)
    with pytest.raises(Cancelled):
        sample(MODEL, prompt(), prompt(""), CANVAS, steps=10, ctx=Context(watcher=stopper))
    assert stopper.seen == [(0, 10), (1, 10), (2, 10), (3, 10)]


def test_tokenizing_and_encoding_apart_is_encoding_at_once() -> None:
    apart = encode_tokens(tokenize_text("a red circle", CLIP), CLIP)
    assert torch.equal(apart.context, prompt().context)


def test_pictures_survive_the_way_to_latents_and_back_in_size_and_range() -> None:
    image = Image(torch.rand(2, 18, 25, 3, generator=torch.Generator().manual_seed(0)))
    latent = encode_image(image, VAE)
    assert latent.samples.shape == (2, 4, 4, 6)  # cropped to multiples of f = 4
    pixels = decode_latent(latent, VAE).pixels
    assert pixels.shape == (2, 16, 24, 3)
    assert 0.0 <= float(pixels.min()) <= float(pixels.max()) <= 1.0
