"""Weights kept in 8 bits, and brought to the precision of what is computed with them when they are needed."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SmallLinear(nn.Linear):
    """A linear layer whose weight is kept smaller than it computes."""

    def forward(self, input: Tensor) -> Tensor:
        """As the layer that it was."""
        return F.linear(input, self.weight.to(input.dtype), self.bias)


class SmallConv2d(nn.Conv2d):
    """A convolution whose weight is kept smaller than it computes."""

    def forward(self, input: Tensor) -> Tensor:
        """As the layer that it was."""
        x: Tensor = self._conv_forward(input, self.weight.to(input.dtype), self.bias)
        return x


def keep_small(module: nn.Module, kind: torch.dtype) -> None:
    """Keep the weights of a network's linear layers and convolutions in so few bits; norms and biases stay as they are.

    They keep their names, so that whatever changes or writes the network finds them.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.weight = nn.Parameter(layer.weight.to(kind), requires_grad=False)
            layer.__class__ = SmallLinear if isinstance(layer, nn.Linear) else SmallConv2d


def computed_in(module: nn.Module) -> torch.dtype:
    """The precision that a network computes in: that of its norms and biases."""
    return next(one.dtype for one in module.parameters() if one.dtype.itemsize > 1)
