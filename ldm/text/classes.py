"""The taus that are no text encoders: a class, and a map beside the latent (LDM, sections 4.3.1 and 4.3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.spec import ClassSpec, RescalerSpec
from ldm.text.tau import Heard, NotHeard, Tau
from ldm.text.tokenizer import Tokens


class ClassEmbedder(Tau):
    """One vector for a class, told by its number; no text is the class that stands for none."""

    hears = "the number of a class"

    def __init__(self, spec: ClassSpec) -> None:
        super().__init__()
        self.spec = spec
        self.embedding = nn.Embedding(spec.classes, spec.width)

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """Each text is a number.

        Raises:
            NotHeard: it is none, or there is no such class.
        """
        return Tokens(tuple((self._number(text.strip()),) for text in texts))

    def _number(self, text: str) -> int:
        last = self.spec.classes - 1
        if not text and self.spec.null:
            return last
        if not text.isdecimal() or int(text) > last:
            raise NotHeard(f"This model listens to {self.hears}, 0 to {last}, but is told {text[:60]!r}.")
        return int(text)

    def hear(self, tokens: Tokens) -> Heard:
        """Give the context (b, 1, width)."""
        return Heard(self.embedding(torch.tensor(tokens.ids, device=self.embedding.weight.device)))


class SpatialRescaler(Tau):
    """Make a map fit beside the latent; text it does not listen to."""

    hears = "a map, and to no text"

    def __init__(self, spec: RescalerSpec) -> None:
        super().__init__()
        self.spec = spec
        self.channel_mapper = nn.Conv2d(spec.channels, spec.out_channels, 1, bias=False)

    def rescale(self, map: Tensor) -> Tensor:
        """(b, channels, h, w) to (b, out_channels, h / 2^stages, w / 2^stages)."""
        for _ in range(self.spec.stages):
            map = F.interpolate(map, scale_factor=0.5, mode="bilinear", align_corners=False)
        map = self.channel_mapper(map)
        return map
