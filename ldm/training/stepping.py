"""How an optimizer takes a step: in which precision gradients are computed, and over how many batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Precision: TypeAlias = Literal["fp32", "bf16", "fp16"]
"""In what a training computes; weights, their averages and the optimizer's state are float32 in any case."""

KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def computing(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Compute in this precision what gains by it (matrix products, convolutions); with "fp32", everything as it is."""
    return torch.autocast(device.type, KINDS[precision], enabled=precision != "fp32")


def scaled_rate(rate: float, batch: int, accumulation: int) -> float:
    """The learning rate of a step, from that of a single sample (CompVis' `scale_lr`)."""
    return rate * batch * accumulation


class Stepper:
    """Takes the steps of one optimizer.

    In fp16 losses are scaled up, since small gradients would vanish; a step whose gradients overflow is left out, and
    the scale falls. In other precisions it only calls the optimizer.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, precision: Precision, device: torch.device) -> None:
        self.optimizer = optimizer
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")

    def over(self, batches: int, loss_of: Callable[[int], Tensor]) -> None:
        """Add up the gradients of so many batches, as if they were one; `loss_of` gives the mean loss of each."""
        self.optimizer.zero_grad()
        for index in range(batches):
            loss = loss_of(index)
            self.scaler.scale(loss if batches == 1 else loss / batches).backward()

    def step(self, clipped: Iterable[Tensor] = ()) -> None:
        """Change the weights; the gradients of `clipped` together are cut to a length of 1 before."""
        parameters = list(clipped)
        if parameters:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def state(self) -> dict[str, Tensor]:
        """Everything needed to go on later; nothing but in fp16."""
        return {
            name: torch.tensor(float(value), dtype=torch.float64)
            for name, value in self.scaler.state_dict().items()
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Take up a state given by `state`."""
        known = self.scaler.state_dict()
        if known:
            self.scaler.load_state_dict({name: type(known[name])(state[name].item()) for name in known})
