"""Shapeland as a data set: endless random pictures, and a fixed list of scenes with captions that vary."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ldm.data.told import Telling, Words
from ldm.shapeland.caption import MAX_WORDS, WORDS, caption
from ldm.shapeland.render import render
from ldm.shapeland.scene import Scene, crowded_scene, random_scene


def follow(generator: torch.Generator) -> random.Random:
    """A `random.Random` that follows a torch generator, for the parts of a batch that are not tensors."""
    return random.Random(int(torch.randint(2**62, (), generator=generator)))


@dataclass(frozen=True)
class Shapeland:
    """`count` scenes drawn with `seed`, none of them held out; `mix` weighs scenes of one, two and three things."""

    count: int
    mix: tuple[float, float, float] = (0.5, 0.3, 0.2)
    seed: int = 0

    @property
    def told(self) -> Telling:
        """Captions of a small closed English."""
        return Words(WORDS, MAX_WORDS + 2)

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """The scenes, always the same ones."""
        rng = random.Random(self.seed)
        return tuple(random_scene(rng, self.mix) for _ in range(self.count))

    def pictures(self, start: int, stop: int) -> Tensor:
        """Render scenes start..stop: (n, 3, 64, 64) in -1..1."""
        return render(self.scenes[start:stop])

    def describe(self, index: int, generator: torch.Generator) -> str:
        """Caption a scene, in other words each time."""
        return caption(self.scenes[index], follow(generator))

    def fresh(self, size: int, generator: torch.Generator) -> tuple[list[Scene], Tensor]:
        """New random scenes that follow the generator, and their pictures."""
        rng = follow(generator)
        scenes = [random_scene(rng, self.mix) for _ in range(size)]
        return scenes, render(scenes)

    def pixels(self, size: int, generator: torch.Generator) -> Tensor:
        """New pictures for a first stage: every other one crowded, since edges are what it has to learn."""
        rng = follow(generator)
        return render(
            [crowded_scene(rng) if index % 2 else random_scene(rng, self.mix) for index in range(size)]
        )
