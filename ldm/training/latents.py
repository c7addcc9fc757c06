"""Encoded data for the second stage: encode once, draw batches for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ldm.first_stage.autoencoder import FirstStageModel

CHUNK = 64


@torch.no_grad()
def encode_all(
    first_stage: FirstStageModel, count: int, pixels: Callable[[int, int], Tensor]
) -> Iterator[Tensor]:
    """Yield the unscaled latents (KL: the modes), in float16, chunk by chunk; `pixels(start, stop)` gives the data."""
    for start in range(0, count, CHUNK):
        scaled = first_stage.encode(pixels(start, min(start + CHUNK, count)))
        yield (scaled / first_stage.spec.scale_factor).half()


def latent_scale(latents: Tensor) -> float:
    """1 / std over everything, one number (LDM, appendix G); the mean is not shifted."""
    return 1.0 / float(latents.float().flatten().std())


@dataclass(frozen=True, slots=True)
class CaptionedLatents:
    """Unscaled latents (n, c, h, w) in float16, and for each a way to describe it anew each time."""

    latents: Tensor
    describe: Callable[[int, torch.Generator], str]

    def draw(self, size: int, generator: torch.Generator) -> tuple[Tensor, list[str]]:
        """A random batch: latents (size, c, h, w) in float32, and their captions."""
        indexes: Sequence[int] = torch.randint(len(self.latents), (size,), generator=generator).tolist()
        return self.latents[torch.tensor(indexes)].float(), [self.describe(i, generator) for i in indexes]
