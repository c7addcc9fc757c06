"""Samplers in float64 against k-diffusion's and diffusers' own ends, and Brownian noise against torchsde's."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from ldm.diffusion.noise import StepNoise
from ldm.diffusion.samplers import sampler
from tests.goldens.samplers import (
    BROWNIAN_SHAPE,
    DIFFUSERS,
    K_DIFFUSION,
    SEED,
    brownian_levels,
    ideal,
    levels,
    points,
)

GOLDEN = json.loads((Path(__file__).parents[2] / "goldens/samplers.json").read_text("utf-8"))
SETTINGS = {**K_DIFFUSION, **DIFFUSERS}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_sampler_ends_where_the_reference_does(name: str) -> None:
    *_, end = sampler(name, SETTINGS[name])(ideal, points(), levels(), StepNoise(SEED))
    assert end.x.flatten().tolist() == pytest.approx(GOLDEN["ends"][name], abs=1e-10)


def test_the_references_are_those_that_are_asked_for() -> None:
    assert list(GOLDEN["ends"]) == list(SETTINGS)


def test_brownian_noise_is_torchsdes() -> None:
    places = brownian_levels()
    noise, like = StepNoise(SEED), torch.zeros(BROWNIAN_SHAPE)
    assert len(GOLDEN["brownian"]) == len(places) - 1
    for pair, theirs in zip(pairwise(torch.tensor(places)), GOLDEN["brownian"], strict=True):
        ours = noise.between(*pair, (places[-1], places[0]), like)
        assert ours.flatten().tolist() == pytest.approx(theirs, abs=2e-6)
