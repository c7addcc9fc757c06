"""The sampling nodes, called as the plain functions they are."""

from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any

import pytest
import torch

from engine.api import NULL_CONTEXT, Cancelled, Context
from ldm.diffusion.samplers import SAMPLERS
from ldm.diffusion.sigmas import noise_levels
from nodes.first_stage import decode_latent, encode_image
from nodes.latent import empty_latent
from nodes.noise import no_noise, random_noise
from nodes.port_types import (
    Conditioning,
    DiffusionModel,
    FirstStage,
    Image,
    Latent,
    SamplerChoice,
    Sigmas,
    TextModel,
)
from nodes.sampling import sample
from nodes.sampling_custom import sample_custom
from nodes.schedulers import schedule_levels
from nodes.stages import denoise_step, finish_latent, noise_level, sampling_levels, start_latent
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
    assert start_latent(MODEL, random_noise(0), CANVAS, 1.0).samples.shape == (2, 4, 4, 8)  # f = 4


def test_without_noise_a_latent_stays_as_it_is() -> None:
    latent = Latent(torch.ones(1, 4, 4, 4))
    assert torch.equal(start_latent(MODEL, no_noise(), latent, 1.0).samples, latent.samples)


def painted(text: str = "a red circle", latent: Latent = CANVAS, **settings: Any) -> Latent:
    """What KSampler makes, of few steps."""
    usual = {"steps": 4, "cfg": 2.5, "positive": prompt(text), "negative": prompt(""), "ctx": NULL_CONTEXT}
    return sample(model=MODEL, latent_image=latent, **{**usual, **settings})


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(("scheduler", "denoise"), [("normal", 1.0), ("ddim", 1.0), ("karras", 0.6)])
def test_the_stages_wired_by_hand_give_the_bits_of_the_fused_sampler(
    sampler: Any, scheduler: Any, denoise: float
) -> None:
    fused = painted(seed=3, sampler_name=sampler, scheduler=scheduler, denoise=denoise)
    levels = levels_of(sampler, scheduler, denoise)
    latent = start_latent(MODEL, random_noise(3), CANVAS, levels[0])
    method, told = SAMPLERS[sampler], (prompt(), prompt(""), SamplerChoice(sampler))
    whole = sampling_levels(MODEL, sampler, scheduler, 4, denoise) if method.sees_all else None
    for step, ends in islice(enumerate(pairwise(levels)), method.steps(len(levels) - 1)):
        latent = denoise_step(MODEL, *told, latent, *ends, 2.5, 3, step, sigmas=whole)
    end = levels[-1] if scheduler == "ddim" else 0.0
    assert torch.equal(finish_latent(latent, end).samples, fused.samples)


def levels_of(sampler: str, scheduler: str, denoise: float) -> list[float]:
    """The noise levels of four steps, as one picks them one by one."""
    one_more = SAMPLERS[sampler].wants_one_more
    sigmas = Sigmas(noise_levels(MODEL.schedule, scheduler, 4, denoise, skip_last_but_one=one_more))
    return [noise_level(sigmas, index) for index in range(len(sigmas.levels))]


def test_a_step_behind_the_last_of_a_run_is_refused() -> None:
    whole = sampling_levels(MODEL, "uni_pc", "normal", 4)
    with pytest.raises(ValueError, match="The run has 4 steps, but step 4 is asked for"):
        denoise_step(
            MODEL, prompt(), prompt(), SamplerChoice("uni_pc"), CANVAS, 1.0, 0.5, step=4, sigmas=whole
        )


def test_the_same_seed_gives_the_same_latent_and_another_seed_another() -> None:
    first, again, other = (painted(seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.samples, again.samples)
    assert not torch.equal(first.samples, other.samples)


def test_the_prompt_matters_and_more_so_with_more_guidance() -> None:
    def moved(cfg: float) -> float:
        red, nothing = (painted(text, cfg=cfg, steps=3).samples for text in ("red", ""))
        return float((red - nothing).norm())

    assert 0 < moved(1.0) < moved(8.0)


def test_no_denoising_gives_the_latent_back() -> None:
    latent = Latent(torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(painted(latent=latent, denoise=0.0).samples, latent.samples)


def test_a_custom_run_tells_the_models_last_guess_too() -> None:
    run = sample_custom(
        model=MODEL,
        positive=prompt(),
        negative=prompt(""),
        sampler=SamplerChoice("euler"),
        sigmas=schedule_levels(MODEL, "normal", 3),
        latent_image=CANVAS,
        ctx=NULL_CONTEXT,
    )
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

    def tell(self, kind: str, data: bytes, client: str, binary: int | None) -> None:
        """Not of interest."""

    def cancel(self) -> None:
        """Not of interest."""


def test_a_run_reports_every_step_and_stops_between_steps() -> None:
    stopper = Stopper(after=3)
    with pytest.raises(Cancelled):
        painted(steps=10, ctx=Context(watcher=stopper))
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
