"""The moving average of weights that is sampled from (LDM: decay 0.9999)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


class MovingAverage:
    """Averaged copies of a module's parameters.

    The effective decay is min(decay, (1 + n) / (10 + n)) with n counted before its use, so early averages forget fast.
    """

    def __init__(self, module: nn.Module, decay: float = 0.9999) -> None:
        self.decay = decay
        self.updates = 0
        self.shadow = {name: p.detach().clone() for name, p in module.named_parameters()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average a little towards the module's present weights."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        parameters = dict(module.named_parameters())
        names = list(self.shadow)
        torch._foreach_lerp_([self.shadow[n] for n in names], [parameters[n] for n in names], 1 - decay)

    def state(self) -> dict[str, Tensor]:
        """Everything needed to go on later."""
        return {"updates": torch.tensor(self.updates), **self.shadow}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up a state given by `state`."""
        self.updates = int(state["updates"])
        for name, value in self.shadow.items():
            value.copy_(state[name])

    @torch.no_grad()
    def copy_to(self, module: nn.Module) -> None:
        """Put the averaged weights into a module of the same shape."""
        for name, parameter in module.named_parameters():
            parameter.copy_(self.shadow[name])
