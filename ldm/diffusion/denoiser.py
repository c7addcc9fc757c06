"""The one contract of sampling, D(x, sigma) -> denoised, and the wrapper that makes an LDM keep it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from torch import Tensor

from ldm.diffusion.control import Followed
from ldm.diffusion.schedule import Schedule
from ldm.spec import Answer


@dataclass(frozen=True, slots=True)
class Given:
    """What a network is given beside the noisy latent and the time, for each latent of a batch or one for all.

    `context` (1 or b, m, d) is attended to. `vector` is added to the time: numbers of classes
    (1 or b,), or (1 or b, d). `beside` (1 or b, c, h, w) stands behind the channels of the noisy latent. `control` are
    pictures that ControlNets make it follow.
    """

    context: Tensor
    vector: Tensor | None = None
    beside: Tensor | None = None
    control: tuple[Followed, ...] = ()

    def changed(self, change: Callable[[Tensor], Tensor]) -> Given:
        """The same with each tensor changed."""
        vector = None if self.vector is None else change(self.vector)
        beside = None if self.beside is None else change(self.beside)
        control = tuple(one.changed(change) for one in self.control)
        return Given(change(self.context), vector, beside, control)


EDM_SPREAD = 0.5  # sigma_data of Karras et al. (2022), table 1
LCM_SPREAD, LCM_TIME = 0.5, 10.0  # sigma_data and timestep scaling of Luo et al. (2023)

Network: TypeAlias = Callable[[Tensor, Tensor, Given], Tensor]
"""F_theta(z_t, t, given), in the variance-preserving scale of training."""


class Denoiser(Protocol):
    """Give the expected clean latent of x = z_0 + sigma * eps; x: (b, c, h, w), sigma: a number or (b,)."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise."""
        ...


@runtime_checkable
class GuidedDenoiser(Denoiser, Protocol):
    """A denoiser that can also say what it would guess without guidance."""

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Denoise, with guidance and without."""
        ...


def apart(denoise: Denoiser, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Give the guess, and the guess without guidance; where there is none they are the same."""
    if isinstance(denoise, GuidedDenoiser):
        return denoise.apart(x, sigma)
    guess = denoise(x, sigma)
    return guess, guess


@runtime_checkable
class LearnedVariance(Denoiser, Protocol):
    """A denoiser that also says how much noise the reverse process adds."""

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Denoise, and place the variance between the smallest (0) and the largest (1) that fit, shaped like x."""
        ...


def with_variance(denoise: Denoiser, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Give the guess, and the place of the variance.

    Raises:
        ValueError: the model has learned none.
    """
    if isinstance(denoise, LearnedVariance):
        return denoise.with_variance(x, sigma)
    raise ValueError(NO_VARIANCE)


NO_VARIANCE = "The model has learned no variance. Choose a fixed one: 'small' or 'large'."


@dataclass(frozen=True, slots=True)
class Model:
    """A network, with what its training said of time and of its answer."""

    network: Network
    schedule: Schedule
    parameterization: Answer = "eps"


@dataclass(frozen=True, slots=True)
class ModelDenoiser:
    """A model under one condition.

    With z = x / sqrt(1 + sigma^2): D = x - sigma * F(z, t) if F guesses eps,
    D = (z - sigma * F(z, t)) / sqrt(1 + sigma^2) if F guesses v (Salimans & Ho 2022, appendix D), D = F(z, t) if it
    guesses z_0. Other answers are read as Karras et al. (2022) and Luo et al. (2023) read them.
    """

    model: Model
    given: Given

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level."""
        return self._told(x, sigma)[0]

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the place of the variance: the network's second half, which is told from -1 to 1."""
        guess, place = self._told(x, sigma)
        if not place.shape[1]:
            raise ValueError(NO_VARIANCE)
        return guess, (place + 1) / 2

    def _told(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        # Samplers keep their levels on the CPU, so that no step waits for the device.
        time = self.model.schedule.timestep(sigma.cpu()).to(x.device).expand(x.shape[0])
        spread = sigma.to(x).reshape(-1, 1, 1, 1)
        data = EDM_SPREAD if self.model.parameterization == "edm" else 1.0
        width = (data**2 + spread.square()).sqrt()
        z = x / width
        whole = self.model.network(z, time, self.given.changed(lambda one: for_all(one, x.shape[0])))
        answer, place = whole[:, : x.shape[1]], whole[:, x.shape[1] :]
        match self.model.parameterization:
            case "eps":
                return x - spread * answer, place
            case "v":
                return (z - spread * answer) / width, place
            case "x0":
                return answer, place
            case "edm":
                return data * (z * data + spread * answer) / width, place
            case "lcm":
                skip, out = _between_input_and_guess(time.to(x).reshape(-1, 1, 1, 1))
                return skip * x + out * (x - spread * answer), place


def _between_input_and_guess(time: Tensor) -> tuple[Tensor, Tensor]:
    """c_skip and c_out of a consistency model, which gives its input back where there is no noise."""
    later = LCM_TIME * time
    whole = LCM_SPREAD**2 + later.square()
    return LCM_SPREAD**2 / whole, later / whole.sqrt()


def for_all(values: Tensor, size: int) -> Tensor:
    """As many as there are latents: a single one for all, others repeated from the first."""
    if values.shape[0] == 1:
        return values.expand(size, *values.shape[1:])
    return values.repeat(-(-size // values.shape[0]), *[1] * (values.ndim - 1))[:size]
