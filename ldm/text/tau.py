"""What every tau can do, whatever it listens to; this one listens to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ldm.text.tokenizer import Tokens


class NotHeard(ValueError):
    """A model was told something that it does not listen to."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a tau makes of tokens: the context (b, m, width), and the pooled meaning (b, width) where there is one."""

    context: Tensor
    pooled: Tensor | None = None


class Tau(nn.Module):
    """The tau of a model that listens to nothing: only silence can be told to it."""

    hears = "no text"

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """The texts as rows of tokens.

        Raises:
            NotHeard: the model does not listen to such a text.
        """
        for text in texts:
            if text.strip():
                raise NotHeard(f"This model listens to {self.hears}. Leave the text empty: {text[:60]!r}.")
        return Tokens(tuple(() for _ in texts))

    def hear(self, tokens: Tokens) -> Heard:
        """Give what the UNet is told."""
        return Heard(torch.zeros(len(tokens.ids), 0, 0))

    def encode(self, tokens: Tokens) -> Tensor:
        """Give the context alone, (b, m, width)."""
        return self.hear(tokens).context
