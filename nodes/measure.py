"""How well a model paints what it is told, measured on Shapeland."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, NamedTuple

import torch

from engine.api import NULL_CONTEXT, Context, Range, Seed, node
from ldm.diffusion.condition import Condition
from ldm.diffusion.guidance import ClassifierFree
from ldm.diffusion.noise import noise_from_seed, start
from ldm.diffusion.sigmas import noise_levels
from ldm.shapeland.adherence import adherence
from ldm.shapeland.caption import full_caption
from ldm.shapeland.scene import Scene, random_scene
from nodes.first_stage import decode_latent
from nodes.port_types import (
    DiffusionModel,
    FirstStage,
    Guider,
    Image,
    Latent,
    Noise,
    SamplerChoice,
    TextModel,
)
from nodes.sampling_run import finished, run_sampler
from nodes.text import encode_text
from nodes.widgets import Guidance, SamplerName, SchedulerName, Steps

CHUNK = 32
SIDE = 64


class Measured(NamedTuple):
    """The figures in words, and the pictures that were judged.

    Attributes:
        report: How much is right.
        pictures: The first of them on one sheet.
        images: All of them, to be measured further.
    """

    report: str
    pictures: Image
    images: Image


@node("ShapelandAdherence", title="Measure adherence", category="training", device=True, version=2)
def measure_adherence(
    model: DiffusionModel,
    clip: TextModel,
    vae: FirstStage,
    count: Annotated[int, Range(1, 100_000)] = 256,
    things: Annotated[int, Range(1, 3)] = 1,
    steps: Steps = 20,
    cfg: Guidance = 3.0,
    sampler_name: SamplerName = "ddim",
    scheduler: SchedulerName = "ddim",
    seed: Seed = 0,
    *,
    ctx: Context,
) -> Measured:
    """Paint captions that training never saw, read the pictures back and count what is right.

    Single things are of the held-out combinations. `strict` counts pictures with everything right and nothing more.

    Args:
        model: The diffusion model.
        clip: Its text encoder.
        vae: Its first stage.
        count: How many pictures.
        things: How many shapes in each.
        steps: Sampling steps.
        cfg: Guidance.
        sampler_name: How a step is taken.
        scheduler: How the noise levels are spread.
        seed: Of captions and noise.
    """
    rng = random.Random(seed)
    mix = (float(things == 1), float(things == 2), float(things == 3))
    scenes = [random_scene(rng, mix, held_out=things == 1) for _ in range(count)]
    sigmas = noise_levels(model.schedule, scheduler, steps)
    noise = noise_from_seed(
        (count, vae.autoencoder.spec.embed_dim, *[SIDE // vae.autoencoder.spec.factor] * 2), seed
    )
    empty, sampler = encode_text("", clip), SamplerChoice(sampler_name)

    def paint() -> Iterator[torch.Tensor]:
        for first in range(0, count, CHUNK):
            told = [encode_text(full_caption(scene), clip).context for scene in scenes[first : first + CHUNK]]
            guider = Guider(model, ClassifierFree((Condition(torch.cat(told)),), empty.entries, cfg))
            part = noise[first : first + CHUNK]
            noisy = Latent(start(torch.zeros_like(part), part, sigmas[0], model.schedule.sigma_max))
            # Its steps are not told of, since progress here counts pictures.
            done, _ = run_sampler(guider, sampler, sigmas, noisy, Noise(None), seed, NULL_CONTEXT)
            yield decode_latent(finished(done, sigmas[-1], None), vae).pixels

    pixels = torch.cat(list(ctx.track(paint(), total=-(-count // CHUNK))))
    return Measured(_report(scenes, pixels, cfg, steps), Image(_sheet(pixels[:64])), Image(pixels))


def _report(scenes: list[Scene], pixels: torch.Tensor, cfg: float, steps: int) -> str:
    found = adherence(scenes, pixels.movedim(-1, 1) * 2 - 1)
    figures = ", ".join(f"{name} {share:.3f}" for name, share in asdict(found).items())
    return f"{len(scenes)} pictures of {len(scenes[0].things)} thing(s), {steps} steps, guidance {cfg:g}: {figures}"


def _sheet(pixels: torch.Tensor, columns: int = 8) -> torch.Tensor:
    """Many small pictures as one: (1, rows * 64, columns * 64, 3)."""
    rows = -(-len(pixels) // columns)
    missing = rows * columns - len(pixels)
    filled = torch.cat([pixels, torch.ones(missing, *pixels.shape[1:])])
    return torch.cat([torch.cat(list(row), dim=1) for row in torch.split(filled, columns)])[None]
