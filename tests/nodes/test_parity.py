"""What ComfyUI 0.3.64 does, written down once more as plainly as can be, against the nodes."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import NULL_CONTEXT
from ldm.diffusion.samplers import SAMPLERS
from ldm.diffusion.sigmas import SCHEDULERS, STOPPING_ABOVE_ZERO
from nodes.conditioning import combine, set_area, set_mask, set_range
from nodes.guiders import basic_guider, cfg_guider
from nodes.inpaint import set_noise_mask
from nodes.latent import empty_latent
from nodes.latent_batch import latent_from_batch
from nodes.noise import add_noise, no_noise, random_noise
from nodes.port_types import (
    Conditioning,
    DiffusionModel,
    Latent,
    Mask,
    Noise,
    SamplerChoice,
    Sigmas,
    TextModel,
)
from nodes.sampling import sample, sample_advanced, sample_stepwise
from nodes.sampling_custom import sample_custom, sample_custom_advanced
from nodes.schedulers import schedule_levels
from nodes.sigmas import split_sigmas
from nodes.text import encode_text
from nodes.widgets import SamplerName, SchedulerName
from tests.ldm.tiny import tiny_model

LOADED = tiny_model()
MODEL = DiffusionModel(LOADED.unet, LOADED.schedule, LOADED.spec)
CLIP = TextModel(LOADED.text)
SIGMAS = LOADED.schedule.sigmas
STEPS, CFG, SEED = 6, 2.5, 41


def told(text: str) -> Conditioning:
    """What the tiny model is told."""
    return encode_text(text, CLIP)


POSITIVE, NEGATIVE = told("a red circle"), told("")


def clean(batch: int = 2, height: int = 8, width: int = 8) -> Latent:
    """A latent that is not empty."""
    return Latent(torch.randn(batch, 4, height, width, generator=torch.Generator().manual_seed(1)), factor=4)


def run(latent: Latent, **settings: Any) -> Tensor:
    """KSampler with what differs from usual."""
    usual = {"seed": SEED, "steps": STEPS, "cfg": CFG, "positive": POSITIVE, "negative": NEGATIVE}
    return sample(model=MODEL, latent_image=latent, ctx=NULL_CONTEXT, **{**usual, **settings}).samples


def run_advanced(latent: Latent, **settings: Any) -> Latent:
    """KSamplerAdvanced with what differs from usual."""
    usual = {"noise_seed": SEED, "steps": STEPS, "cfg": CFG, "positive": POSITIVE, "negative": NEGATIVE}
    return sample_advanced(model=MODEL, latent_image=latent, ctx=NULL_CONTEXT, **{**usual, **settings})


# --- the reference


def unet(x: Tensor, sigma: float, context: Tensor) -> Tensor:
    """x0 from an eps-model: the input scaled to unit variance, the nearest timestep in log sigma."""
    time = (SIGMAS.log() - math.log(sigma)).abs().argmin()
    with torch.no_grad():
        eps = LOADED.unet(x / math.sqrt(1 + sigma**2), time.expand(len(x)), context.expand(len(x), -1, -1))
    guess: Tensor = x - sigma * eps
    return guess


def x0(x: Tensor, sigma: float) -> Tensor:
    """Classifier-free guidance."""
    told, untold = unet(x, sigma, POSITIVE.context), unet(x, sigma, NEGATIVE.context)
    return untold + (told - untold) * CFG


def global_noise(shape: torch.Size) -> Tensor:
    """One draw of the global CPU generator."""
    torch.manual_seed(SEED)
    return torch.randn(shape)


def begin(latent: Tensor, noise: Tensor, sigma: float) -> Tensor:
    """Noise scaling, with its rule for the schedule's highest level."""
    highest = float(SIGMAS[-1])
    return latent + noise * (math.sqrt(1 + sigma**2) if math.isclose(sigma, highest, rel_tol=1e-5) else sigma)


def normal(steps: int) -> list[float]:
    """Evenly spread timesteps; those of 999 / (steps - 1) need not be whole."""
    levels = []
    for index in range(steps):
        time = 999 - 999 * index / (steps - 1)
        low = math.floor(time)
        share = time - low
        high = min(low + 1, 999)
        levels.append(math.exp((1 - share) * float(SIGMAS[low].log()) + share * float(SIGMAS[high].log())))
    return [*levels, 0.0]


def euler(x: Tensor, levels: list[float]) -> Tensor:
    """Euler's method."""
    for sigma, after in pairwise(levels):
        x = x + (x - x0(x, sigma)) / sigma * (after - sigma)
    return x


def euler_ancestral(x: Tensor, levels: list[float]) -> Tensor:
    """With fresh noise from a stream of its own, seeded like the first."""
    stream = torch.Generator().manual_seed(SEED)
    for sigma, after in pairwise(levels):
        guess = x0(x, sigma)
        up = min(after, math.sqrt(after**2 * (sigma**2 - after**2) / sigma**2))
        down = math.sqrt(after**2 - up**2)
        x = x + (x - guess) / sigma * (down - sigma)
        if after > 0:
            x = x + torch.randn(x.shape, generator=stream) * up
    return x


def close(ours: Tensor, theirs: Tensor) -> bool:
    """To within rounding in float32."""
    return torch.allclose(ours, theirs, atol=2e-4, rtol=2e-4)


# --- the tests


def test_an_empty_latent_is_painted_as_there() -> None:
    levels = normal(STEPS)
    x = begin(torch.zeros(2, 4, 8, 8), global_noise(torch.Size((2, 4, 8, 8))), levels[0])
    assert close(run(empty_latent(32, 32, 2), scheduler="normal"), euler(x, levels))


def test_a_partial_denoise_starts_from_the_end_of_a_longer_schedule() -> None:
    levels = normal(int(STEPS / 0.4))[-(STEPS + 1) :]
    x = begin(clean().samples, global_noise(clean().samples.shape), levels[0])
    assert close(run(clean(), scheduler="normal", denoise=0.4), euler(x, levels))


def test_ancestral_noise_is_the_stream_of_the_first_noise() -> None:
    levels = normal(STEPS)
    x = begin(clean().samples, global_noise(clean().samples.shape), levels[0])
    ours = run(clean(), scheduler="normal", sampler_name="euler_ancestral")
    assert close(ours, euler_ancestral(x, levels))


def test_second_order_samplers_leave_out_the_last_level_but_one_in_ksampler_only() -> None:
    longer = normal(STEPS + 1)
    through = Sigmas(torch.tensor([*longer[:-2], longer[-1]]))
    custom = custom_run(through, "dpm_2")
    assert close(run(clean(), scheduler="normal", sampler_name="dpm_2"), custom.samples)
    assert not close(custom_run(schedule_levels(MODEL, "normal", STEPS), "dpm_2").samples, custom.samples)


def custom_run(
    sigmas: Sigmas, sampler: str = "euler", latent: Latent | None = None, *, add: bool = True
) -> Latent:
    """SamplerCustom's output."""
    return sample_custom(
        model=MODEL,
        add_noise=add,
        noise_seed=SEED,
        cfg=CFG,
        positive=POSITIVE,
        negative=NEGATIVE,
        sampler=SamplerChoice(sampler),
        sigmas=sigmas,
        latent_image=clean() if latent is None else latent,
        ctx=NULL_CONTEXT,
    ).output


def test_the_first_of_a_batch_is_what_its_seed_paints_alone_and_the_others_are_not_their_own_seeds() -> None:
    batch, alone, next_seed = (
        run(empty_latent(32, 32, 2)),
        run(empty_latent(32, 32)),
        run(empty_latent(32, 32), seed=SEED + 1),
    )
    assert close(batch[:1], alone)
    assert not close(batch[1:], next_seed)


def test_latents_with_places_draw_their_noise_one_by_one() -> None:
    batch = run(empty_latent(32, 32, 3))
    third = run(latent_from_batch(empty_latent(32, 32, 3), 2))
    torch.manual_seed(SEED)
    draws = [torch.randn(1, 4, 8, 8) for _ in range(3)]
    levels = [float(level) for level in schedule_levels(MODEL, "simple", STEPS).levels]
    assert close(third, euler(begin(torch.zeros(1, 4, 8, 8), draws[2], levels[0]), levels))
    assert close(third, batch[2:])  # since torch draws large tensors in one stream as well


def test_an_advanced_run_of_all_steps_is_the_plain_one() -> None:
    assert torch.equal(run_advanced(clean()).samples, run(clean()))


def test_a_run_cut_in_two_with_leftover_noise_is_the_whole_run() -> None:
    first = run_advanced(clean(), end_at_step=4, return_with_leftover_noise="enable")
    second = run_advanced(first, add_noise="disable", start_at_step=4)
    assert close(second.samples, run(clean()))


def test_without_leftover_noise_the_last_step_goes_all_the_way() -> None:
    levels = [float(level) for level in schedule_levels(MODEL, "simple", STEPS).levels][:4]
    x = begin(clean().samples, global_noise(clean().samples.shape), levels[0])
    assert close(run_advanced(clean(), end_at_step=3).samples, euler(x, [*levels[:3], 0.0]))


def test_a_start_behind_the_last_step_gives_the_latent_back() -> None:
    assert torch.equal(run_advanced(clean(), start_at_step=STEPS).samples, clean().samples)
    assert torch.equal(run_advanced(clean(), start_at_step=4, end_at_step=4).samples, clean().samples)


def test_split_levels_hand_the_noisy_latent_on_as_it_is() -> None:
    high, low = split_sigmas(schedule_levels(MODEL, "simple", STEPS), 3)
    noisy = custom_run(high)
    assert close(custom_run(low, latent=noisy, add=False).samples, run(clean()))


def test_sampling_from_parts_is_sampling_whole() -> None:
    guider = cfg_guider(MODEL, POSITIVE, NEGATIVE, CFG)
    sigmas = schedule_levels(MODEL, "simple", STEPS)

    def parts(noise: Noise, latent: Latent) -> Tensor:
        done = sample_custom_advanced(noise, guider, SamplerChoice("euler"), sigmas, latent, ctx=NULL_CONTEXT)
        return done.output.samples

    assert torch.equal(parts(random_noise(SEED), clean()), run(clean()))
    assert not torch.equal(parts(no_noise(), clean()), run(clean()))
    basic = basic_guider(MODEL, POSITIVE)
    done = sample_custom_advanced(
        random_noise(SEED), basic, SamplerChoice("euler"), sigmas, clean(), ctx=NULL_CONTEXT
    )
    assert torch.equal(done.output.samples, run(clean(), cfg=1.0))


def test_added_noise_is_as_strong_as_the_levels_are_apart() -> None:
    sigmas = Sigmas(torch.tensor([5.0, 3.0, 1.0]))
    noisy = add_noise(MODEL, random_noise(SEED), sigmas, clean()).samples
    assert close(noisy, clean().samples + global_noise(clean().samples.shape) * 4)
    single = add_noise(MODEL, random_noise(SEED), Sigmas(torch.tensor([5.0])), clean()).samples
    assert close(single, clean().samples + global_noise(clean().samples.shape) * 5)
    assert torch.equal(
        add_noise(MODEL, random_noise(SEED), Sigmas(torch.zeros(0)), clean()).samples, clean().samples
    )


# --- a part of the picture


def left_half() -> Mask:
    """Open on the left."""
    values = torch.zeros(1, 32, 32)
    values[..., :16] = 1
    return Mask(values)


def test_outside_of_the_mask_the_latent_stays_and_inside_the_model_sees_it_under_the_same_noise() -> None:
    masked = set_noise_mask(clean(), left_half())
    mask = F.interpolate(left_half().values[None], size=(8, 8), mode="bilinear")
    noise, levels = global_noise(clean().samples.shape), normal(STEPS)
    x = begin(clean().samples, noise, levels[0])
    for sigma, after in pairwise(levels):
        shown = x * mask + (clean().samples + noise * sigma) * (1 - mask)
        guess = x0(shown, sigma) * mask + clean().samples * (1 - mask)
        x = x + (x - guess) / sigma * (after - sigma)
    ours = run(masked, scheduler="normal")
    assert close(ours, x)
    assert close(ours[..., 5:], clean().samples[..., 5:])


def test_ddim_shows_the_known_part_under_noise_of_the_next_seed() -> None:
    masked = set_noise_mask(clean(), left_half())
    assert close(run(masked, sampler_name="ddim")[..., 5:], clean().samples[..., 5:])
    assert not close(run(masked, sampler_name="ddim"), run(masked, sampler_name="euler"))
    assert torch.equal(run(clean(), sampler_name="ddim"), run(clean(), sampler_name="euler"))
    assert bool(run(masked, sampler_name="ddim", seed=2**64 - 1).isfinite().all())  # whose next seed is 0


def test_the_mask_and_all_else_come_out_of_sampling_again() -> None:
    masked = set_noise_mask(clean(), left_half())
    done = run_advanced(masked, steps=1)
    assert done.noise_mask is masked.noise_mask
    assert done.factor == 4


# --- what is told, and where


def test_conditions_that_say_the_same_are_one() -> None:
    assert close(run(clean(), positive=combine(POSITIVE, POSITIVE)), run(clean()))


def test_a_mask_splits_the_picture_between_two_conditions() -> None:
    both = combine(set_mask(told("red"), left_half()), set_mask(told("circle"), Mask(1 - left_half().values)))
    one_step = {"steps": 1, "cfg": 1.0}
    ours = run(clean(), positive=both, **one_step)
    assert close(ours[..., :4], run(clean(), positive=told("red"), **one_step)[..., :4])
    assert close(ours[..., 4:], run(clean(), positive=told("circle"), **one_step)[..., 4:])


def test_an_area_changes_its_surroundings_only_later() -> None:
    area = set_area(told("circle"), 64, 64, 0, 0)
    wide = clean(1, 16, 64)  # 64 x 256 pixels
    one_step = {"steps": 1, "cfg": 1.0}
    ours = run(wide, positive=combine(told("red"), area), **one_step)
    without = run(wide, positive=told("red"), **one_step)
    assert close(ours[..., 16:], without[..., 16:])
    assert not close(ours[..., :16], without[..., :16])


def test_a_condition_that_never_counts_changes_nothing() -> None:
    late = combine(POSITIVE, set_range(told("circle"), 1.0, 1.0))
    assert close(run(clean(), positive=late), run(clean()))


@pytest.mark.parametrize("size", [(9, 7), (5, 8), (1, 1)])
def test_latents_of_any_size_can_be_sampled(size: tuple[int, int]) -> None:
    assert run(clean(1, *size)).shape == (1, 4, *size)


# --- lists

COMFYUI_SAMPLERS = """
    euler euler_cfg_pp euler_ancestral euler_ancestral_cfg_pp heun heunpp2 dpm_2 dpm_2_ancestral lms dpm_fast
    dpm_adaptive dpmpp_2s_ancestral dpmpp_2s_ancestral_cfg_pp dpmpp_sde dpmpp_sde_gpu dpmpp_2m dpmpp_2m_cfg_pp
    dpmpp_2m_sde dpmpp_2m_sde_gpu dpmpp_2m_sde_heun dpmpp_2m_sde_heun_gpu dpmpp_3m_sde dpmpp_3m_sde_gpu ddpm lcm
    ipndm ipndm_v deis res_multistep res_multistep_cfg_pp res_multistep_ancestral res_multistep_ancestral_cfg_pp
    gradient_estimation gradient_estimation_cfg_pp er_sde seeds_2 seeds_3 sa_solver sa_solver_pece ddim uni_pc
    uni_pc_bh2
"""
COMFYUI_SCHEDULERS = (
    "simple sgm_uniform karras exponential ddim_uniform beta normal linear_quadratic kl_optimal"
)


def test_the_choices_are_what_there_is_in_comfyuis_order() -> None:
    assert SamplerName.__args__ == tuple(SAMPLERS)  # type: ignore[attr-defined]
    assert SchedulerName.__args__ == tuple(SCHEDULERS)  # type: ignore[attr-defined]
    theirs = COMFYUI_SAMPLERS.split()
    newer = ["exp_heun_2_x0", "exp_heun_2_x0_sde"]  # than the version that the list is of
    assert [*theirs[:6], *newer, *theirs[6:], "plms"] == list(SAMPLERS)
    schedulers = COMFYUI_SCHEDULERS.split()
    assert [*schedulers, *STOPPING_ABOVE_ZERO] == list(SCHEDULERS)


def test_a_stepwise_run_without_steps_gives_the_latent_back() -> None:
    done = sample_stepwise(
        model=MODEL, latent_image=clean(), denoise=0.0, positive=POSITIVE, negative=NEGATIVE
    )
    assert isinstance(done, Latent)
    assert torch.equal(done.samples, clean().samples)
