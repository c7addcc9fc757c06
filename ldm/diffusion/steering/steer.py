"""D(x, sigma) that is pushed towards what a classifier or a picture asks for, by the gradient of its log-likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ldm.diffusion.denoiser import Denoiser, apart, for_all, with_variance
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.steering.pictures import SQUARED, Distance, Transform, transformed
from ldm.first_stage.autoencoder import FirstStageModel
from ldm.unet.classifier import Classifier

Through: TypeAlias = Literal["decoder", "model"]


@dataclass(frozen=True, slots=True)
class TowardsClass:
    """Make latents more like a class, as a classifier of noisy latents sees them (Dhariwal & Nichol 2021, alg. 2).

    `start` and `end` are shares of the way from noise to picture between which it counts.
    """

    classifier: Classifier
    label: int
    scale: float = 1.0
    start: float = 0.0
    end: float = 1.0

    def log_likelihood(self, x: Tensor, sigma: Tensor, guess: Tensor, schedule: Schedule) -> Tensor:
        """How likely the class is: log p(class | x), (b,)."""
        z = x / (1 + sigma.to(x).reshape(-1, 1, 1, 1).square()).sqrt()
        time = schedule.timestep(sigma.cpu()).to(x.device).expand(x.shape[0])
        logits: Tensor = self.classifier(z, time)
        return logits.float().log_softmax(dim=1)[:, self.label]


@dataclass(frozen=True, slots=True)
class TowardsPicture:
    """Make what T shows of the decoded guess more like a picture (LDM, appendix C): log p = -distance(y, T(D(z_0))).

    `wanted` is y, (1 or b, 3, h, w) in -1..1, of the size that T gives. `start` and `end` as above. The distance counts
    for each cell of the latent, not for each number that is compared: so one scale suits every first stage and T.

    `through` says what the gradient goes through: the decoder and the model, as in the paper, or the decoder alone (He
    et al. 2023). That is faster, and holds in sizes that the model was not trained for, where its gradient goes astray.
    """

    first_stage: FirstStageModel
    wanted: Tensor
    transforms: tuple[Transform, ...] = ()
    distance: Distance = SQUARED
    scale: float = 1.0
    start: float = 0.0
    end: float = 1.0
    through: Through = "decoder"

    def log_likelihood(self, x: Tensor, sigma: Tensor, guess: Tensor, schedule: Schedule) -> Tensor:
        """How likely the picture is: log p(y | x) but for a constant, (b,).

        Raises:
            ValueError: the picture is not of the size that T gives.
        """
        decoded = self.first_stage.decode(guess.to(dtype=self.first_stage.dtype))
        seen = transformed(decoded.to(guess), self.transforms)
        if seen.shape[1:] != self.wanted.shape[1:]:
            (high, wide), (height, width) = seen.shape[-2:], self.wanted.shape[-2:]
            raise ValueError(
                f"The picture that guides is {width} x {height} pixels, but what is compared with it is "
                f"{wide} x {high}. Give a picture of that size, another transform, or another size of the latent."
            )
        cells, numbers = guess.shape[-2] * guess.shape[-1], seen[0].numel()
        return -self.distance(seen, for_all(self.wanted, len(seen)).to(seen)) * (cells / numbers)


Steering: TypeAlias = TowardsClass | TowardsPicture


def steered(denoise: Denoiser, steering: tuple[Steering, ...], schedule: Schedule) -> Denoiser:
    """Give D(x, sigma) + sigma^2 * scale * grad_x log p(y | x), for all that steers together.

    This is the score of x given y, since the score is (D - x) / sigma^2. In the noise it is eps - sigma * grad log p;
    the plus in the paper's appendix C is a slip. Where the gradient goes through the decoder alone, it is that of z_0
    in place of sigma^2 times that of x. Without any steering, D itself is given.
    """
    return _Steered(denoise, steering, schedule) if steering else denoise


@dataclass(frozen=True, slots=True)
class _Steered:
    denoise: Denoiser
    steering: tuple[Steering, ...]
    schedule: Schedule

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level."""

        def ask(x: Tensor) -> tuple[Tensor, Tensor]:
            guess = self.denoise(x, sigma)
            return guess, guess

        return self._pushed(ask, x, sigma)[0]

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and without guidance of any kind."""
        return self._pushed(lambda x: apart(self.denoise, x, sigma), x, sigma)

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the place of the variance."""
        return self._pushed(lambda x: with_variance(self.denoise, x, sigma), x, sigma)

    def _pushed(
        self, ask: Callable[[Tensor], tuple[Tensor, Tensor]], x: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Tensor]:
        level = float(sigma.max())
        counting = [
            one
            for one in self.steering
            if self.schedule.sigma_at(one.end) <= level <= self.schedule.sigma_at(one.start)
        ]
        if not counting:
            return ask(x)
        x = x.detach().requires_grad_()
        # Only then has anything to be remembered of how the UNet came to its guess, which takes most memory.
        with torch.set_grad_enabled(any(_of_model(one) for one in counting)):
            guess, other = ask(x)
        spread, push = sigma.to(x).reshape(-1, 1, 1, 1).square(), torch.zeros_like(x)
        for one in counting:
            alone = isinstance(one, TowardsPicture) and not _of_model(one)
            with torch.enable_grad():
                z = guess.detach().requires_grad_() if alone else guess
                likelihood = one.scale * one.log_likelihood(x, sigma, z, self.schedule)
                (slope,) = torch.autograd.grad(likelihood.sum(), z if alone else x, retain_graph=True)
            push += slope if alone else spread * slope
        return (guess + push).detach(), other.detach()


def _of_model(steering: Steering) -> bool:
    """Whether the model's own gradient is asked for."""
    return isinstance(steering, TowardsPicture) and steering.through == "model"
