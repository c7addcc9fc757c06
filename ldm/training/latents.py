"""Encoded data for the second stage: encode once, draw batches for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.data.told import Described
from ldm.first_stage.autoencoder import FirstStageModel
from ldm.spec import Beside

CHUNK = 64


@torch.no_grad()
def encode_all(
    first_stage: FirstStageModel, count: int, pixels: Callable[[int, int], Tensor]
) -> Iterator[Tensor]:
    """Yield the unscaled latents (KL: the modes), in float16, chunk by chunk; `pixels(start, stop)` gives the data."""
    for start in range(0, count, CHUNK):
        shown = pixels(start, min(start + CHUNK, count))
        scaled = first_stage.encode(shown.to(first_stage.device, first_stage.dtype))
        yield (scaled / first_stage.spec.scale_factor).half().cpu()


@torch.no_grad()
def encode_masked(
    first_stage: FirstStageModel,
    count: int,
    pixels: Callable[[int, int], Tensor],
    holes: Callable[[int, int], Tensor],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield masks in cells (b, 1, h, w) and unscaled latents of pictures whose holes are grey, chunk by chunk.

    `holes(start, stop)` gives masks (n, 1, h, w) in pixels, 1 in the hole.
    """
    for start in range(0, count, CHUNK):
        stop = min(start + CHUNK, count)
        hole = holes(start, stop).round()
        shown = (pixels(start, stop) * (1 - hole)).to(first_stage.device, first_stage.dtype)
        latent = first_stage.encode(shown) / first_stage.spec.scale_factor
        cells = F.interpolate(hole, size=latent.shape[-2:], mode="bilinear", align_corners=False).round()
        yield cells.half(), latent.half().cpu()


def shrunk(count: int, pixels: Callable[[int, int], Tensor], factor: int) -> Iterator[Tensor]:
    """Yield the pictures as small as their latents, (b, 3, h / f, w / f) in -1..1, chunk by chunk."""
    for start in range(0, count, CHUNK):
        large = pixels(start, min(start + CHUNK, count))
        size = [side // factor for side in large.shape[-2:]]
        yield F.interpolate(large, size=size, mode="bicubic", antialias=True).clamp(-1, 1).half()


def latent_scale(latents: Tensor) -> float:
    """1 / std over everything, one number (LDM, appendix G); the mean is not shifted."""
    return 1.0 / float(latents.float().flatten().std())


@dataclass(frozen=True, slots=True)
class Batch:
    """Latents (b, c, h, w) in float32, what is told of each, and what stands beside them, each (b, c', h', w')."""

    latents: Tensor
    described: list[Described]
    beside: Mapping[Beside, Tensor]


@dataclass(frozen=True, slots=True)
class CaptionedLatents:
    """Unscaled latents (n, c, h, w) in float16, and for each a way to describe it anew each time.

    `beside` is what a model is shown beside them, for each: a mask, the latent of the masked picture (not scaled
    either), a small picture, a map of classes (n, 1, h', w') by their numbers.
    """

    latents: Tensor
    describe: Callable[[int, torch.Generator], Described]
    beside: Mapping[Beside, Tensor] = field(default_factory=dict)

    def draw(self, size: int, generator: torch.Generator) -> Batch:
        """A random batch."""
        indexes: Sequence[int] = torch.randint(len(self.latents), (size,), generator=generator).tolist()
        chosen = torch.tensor(indexes)
        told = [self.describe(index, generator) for index in indexes]
        beside = {name: maps[chosen].float() for name, maps in self.beside.items()}
        return Batch(self.latents[chosen].float(), told, beside)
