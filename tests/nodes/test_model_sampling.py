"""Telling how a model was trained, by nodes."""

from typing import Any

import pytest
import torch

from engine.api import NULL_CONTEXT
from nodes.latent import empty_latent
from nodes.model_sampling import sample_continuous_v, sample_discrete, sample_edm
from nodes.port_types import DiffusionModel
from nodes.samplers import choose_euler_cfg_pp, choose_lcm_upscale
from nodes.sampling import sample
from nodes.sampling_custom import sample_custom
from nodes.schedulers import schedule_levels
from nodes.text import encode_text
from tests.nodes.tasks import SPECS, parts

MODEL, CLIP, VAE = parts(SPECS["text"])
TOLD: dict[str, Any] = {"positive": encode_text("a red circle", CLIP), "negative": encode_text("", CLIP)}


def painted(model: DiffusionModel, **settings: Any) -> torch.Tensor:
    """What KSampler makes in three steps."""
    usual = {"steps": 3, "cfg": 2.0, "scheduler": "normal", "latent_image": empty_latent(16, 16)}
    return sample(model=model, ctx=NULL_CONTEXT, **{**usual, **TOLD, **settings}).samples


CHANGED = {
    "eps": MODEL,
    "v": sample_discrete(MODEL, "v_prediction"),
    "v, no signal at the end": sample_discrete(MODEL, "v_prediction", zsnr=True),
    "x0": sample_discrete(MODEL, "x0"),
    "lcm": sample_discrete(MODEL, "lcm"),
    "edm": sample_edm(MODEL, "edm", 80.0, 0.002),
    "edm that guesses eps": sample_edm(MODEL, "eps"),
    "edm that guesses v": sample_edm(MODEL),
    "continuous v": sample_continuous_v(MODEL),
}


@pytest.mark.parametrize("kind", CHANGED)
@pytest.mark.parametrize("scheduler", ["normal", "karras", "beta", "ddim"])
def test_a_model_can_be_sampled_however_it_was_trained(kind: str, scheduler: str) -> None:
    assert bool(painted(CHANGED[kind], scheduler=scheduler).isfinite().all())


def test_each_way_paints_another_picture() -> None:
    made = [painted(model) for model in CHANGED.values()]
    for number, one in enumerate(made):
        assert not any(torch.allclose(one, other, atol=1e-3) for other in made[:number]), number


def test_the_model_that_is_changed_stays_as_it_was_and_shares_its_weights() -> None:
    changed = CHANGED["v, no signal at the end"]
    assert changed.unet is MODEL.unet
    assert (MODEL.spec.parameterization, MODEL.spec.schedule.zero_terminal) == ("eps", False)
    assert (changed.spec.parameterization, changed.spec.schedule.zero_terminal) == ("v", True)
    assert changed.schedule.spec == changed.spec.schedule
    assert torch.equal(painted(sample_discrete(changed, "eps")), painted(MODEL))


def test_a_consistency_model_is_sampled_on_the_timesteps_that_it_knows() -> None:
    assert len(CHANGED["lcm"].schedule.sigmas) == 50
    levels = schedule_levels(CHANGED["lcm"], "sgm_uniform", 4).levels
    known = MODEL.schedule.sigmas[19::20]
    assert float((known.log()[:, None] - levels[:1].log()).abs().min()) < 1e-6


def test_levels_that_do_not_rise_from_above_zero_are_refused() -> None:
    with pytest.raises(ValueError, match=r"from 0.0 to 80.0"):
        sample_edm(MODEL, "edm", 80.0, 0.0)
    with pytest.raises(ValueError, match="set by another node already"):
        sample_discrete(CHANGED["edm"])


# ---- samplers that only their own nodes can choose


def custom(sampler: Any, cfg: float = 3.0) -> torch.Tensor:
    """What SamplerCustom makes in four steps."""
    settings: dict[str, Any] = {"model": MODEL, "cfg": cfg, **TOLD, "latent_image": empty_latent(16, 16)}
    levels = schedule_levels(MODEL, "normal", 4)
    return sample_custom(sampler=sampler, sigmas=levels, ctx=NULL_CONTEXT, **settings).output.samples


def test_latents_grow_over_the_first_half_of_a_consistency_run() -> None:
    assert custom(choose_lcm_upscale(2.0)).shape == (1, 4, 8, 8)
    assert custom(choose_lcm_upscale(1.5, 1, "bicubic")).shape == (1, 4, 6, 6)
    assert custom(choose_lcm_upscale(3.0, 0)).shape == (1, 4, 4, 4)
    assert torch.equal(custom(choose_lcm_upscale(1.0)), painted(MODEL, sampler_name="lcm", steps=4, cfg=3.0))


def test_the_alternative_of_cfg_pp_is_eulers_step_where_guidance_changes_nothing() -> None:
    plain = painted(MODEL, steps=4, cfg=1.0)
    told, canvas = TOLD["positive"], empty_latent(16, 16)
    regular, other = (choose_euler_cfg_pp(version) for version in ("regular", "alternative"))
    levels = schedule_levels(MODEL, "normal", 4)

    def unguided(sampler: Any) -> torch.Tensor:
        settings = {"model": MODEL, "positive": told, "negative": told, "latent_image": canvas}
        return sample_custom(sampler=sampler, sigmas=levels, ctx=NULL_CONTEXT, **settings).output.samples

    torch.testing.assert_close(unguided(other), plain, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(unguided(regular), plain, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(custom(regular), custom(other), atol=1e-3)
