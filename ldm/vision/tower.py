"""CLIP's image tower (Radford et al. 2021; Dosovitskiy et al. 2021), in the key layout of transformers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.spec import VisionSpec
from ldm.text.clip import ClipLayers

MEAN, SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that CLIP was trained on: red, green and blue."""

BYTE = 255


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tower makes of pictures.

    `vector` (b, projection) is what is compared with texts; `last` and `before` (b, patches + 1, width) are what the
    last layer says, and the one before it.
    """

    vector: Tensor
    last: Tensor
    before: Tensor


class VisionEmbeddings(nn.Module):
    """A vector for each patch, one that stands for the whole, and one for each place."""

    def __init__(self, spec: VisionSpec) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(spec.width))
        self.patch_embedding = nn.Conv2d(3, spec.width, spec.patch, stride=spec.patch, bias=False)
        self.position_embedding = nn.Embedding((spec.resolution // spec.patch) ** 2 + 1, spec.width)

    def forward(self, pixels: Tensor) -> Tensor:
        """(b, 3, resolution, resolution) to (b, patches + 1, width)."""
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        whole = self.class_embedding.expand(len(patches), 1, -1)
        return torch.cat([whole, patches], dim=1) + self.position_embedding.weight


class VisionTransformer(nn.Module):
    """Embed patches, normalise, attend."""

    def __init__(self, spec: VisionSpec) -> None:
        super().__init__()
        self.embeddings = VisionEmbeddings(spec)
        self.pre_layrnorm = nn.LayerNorm(spec.width)  # as transformers spells it
        self.encoder = ClipLayers(spec)
        self.post_layernorm = nn.LayerNorm(spec.width)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the last layer says, the one before it, and the last of the whole picture, normalised."""
        x = before = self.pre_layrnorm(self.embeddings(pixels))
        for layer in self.encoder.layers:
            before, x = x, layer(x)
        return x, before, self.post_layernorm(x[:, 0])


class ClipVision(nn.Module):
    """Pictures to vectors that lie close to those of texts which say the same."""

    def __init__(self, spec: VisionSpec) -> None:
        super().__init__()
        self.spec = spec
        self.vision_model = VisionTransformer(spec)
        self.visual_projection = nn.Linear(spec.width, spec.projection, bias=False)

    def forward(self, pixels: Tensor) -> Seen:
        """Look at pictures (b, 3, resolution, resolution) that `prepared` has made ready."""
        last, before, whole = self.vision_model(pixels)
        return Seen(self.visual_projection(whole), last, before)


def prepared(pixels: Tensor, resolution: int, *, crop: bool) -> Tensor:
    """Pictures (b, 3, h, w) in 0..1 as CLIP was trained to see them.

    Args:
        pixels: Of any size.
        resolution: What it becomes along each side.
        crop: Cut what reaches beyond a square, evenly; else the picture is squeezed into one.
    """
    height, width = pixels.shape[-2:]
    size = (resolution, resolution)
    if crop:
        scale = resolution / min(height, width)
        size = (round(scale * height), round(scale * width))
    pixels = F.interpolate(pixels, size=size, mode="bicubic", antialias=True)
    top, left = ((side - resolution) // 2 for side in size)
    pixels = pixels[..., top : top + resolution, left : left + resolution]
    pixels = (pixels * BYTE).clamp(0, BYTE).round() / BYTE  # as a picture of bytes
    mean, spread = (torch.tensor(one).reshape(3, 1, 1).to(pixels) for one in (MEAN, SPREAD))
    return (pixels - mean) / spread
