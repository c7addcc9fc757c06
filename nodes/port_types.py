"""What flows along the links. Frozen values; where ComfyUI has a name for the same thing, the port has it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.first_stage.features import FeatureNet
from ldm.shapeland.dataset import Shapeland
from ldm.spec import ModelSpec
from ldm.text.transformer import TextEncoder
from ldm.training.latents import CaptionedLatents
from ldm.unet.unet import UNet


@dataclass(frozen=True, slots=True)
class Image:
    """Pictures: pixels (b, h, w, 3) in 0..1, on the CPU."""

    __port_name__: ClassVar[str] = "IMAGE"
    pixels: Tensor


@dataclass(frozen=True, slots=True)
class Mask:
    """Where a picture is chosen: values (b, h, w) in 0..1, on the CPU."""

    __port_name__: ClassVar[str] = "MASK"
    values: Tensor


@dataclass(frozen=True, slots=True)
class Latent:
    """Latents: samples (b, c, h, w), scaled as diffusion sees them, on the CPU.

    `canvas` is set on empty latents only: the size (width, height) in pixels that was asked for. The model that
    samples decides how many channels and cells that is.
    """

    __port_name__: ClassVar[str] = "LATENT"
    samples: Tensor
    canvas: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Tokenised texts: ids (b, length), whole numbers."""

    __port_name__: ClassVar[str] = "TOKENS"
    ids: Tensor


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What a model is told: tau(y), context (1 or b, m, d), on the CPU."""

    __port_name__: ClassVar[str] = "CONDITIONING"
    context: Tensor


@dataclass(frozen=True, slots=True)
class Sigmas:
    """Noise levels to pass through, falling: levels (steps + 1,)."""

    __port_name__: ClassVar[str] = "SIGMAS"
    levels: Tensor


@dataclass(frozen=True, slots=True)
class Noise:
    """Where noise comes from: a seed; without one there is no noise."""

    __port_name__: ClassVar[str] = "NOISE"
    seed: int | None


@dataclass(frozen=True, slots=True)
class SamplerChoice:
    """A sampler by its name, and how much fresh noise it adds (`ddim` only)."""

    __port_name__: ClassVar[str] = "SAMPLER"
    name: str
    eta: float = 0.0


@dataclass(frozen=True, slots=True)
class DiffusionModel:
    """epsilon_theta with its schedule and the spec that it was trained under."""

    __port_name__: ClassVar[str] = "MODEL"
    unet: UNet
    schedule: Schedule
    spec: ModelSpec


@dataclass(frozen=True, slots=True)
class TextModel:
    """tau: the tokenizer's words and the transformer over them."""

    __port_name__: ClassVar[str] = "CLIP"
    encoder: TextEncoder


@dataclass(frozen=True, slots=True)
class FirstStage:
    """The autoencoder E, D; it owns the latent scale."""

    __port_name__: ClassVar[str] = "VAE"
    autoencoder: AutoencoderKL


@dataclass(frozen=True, slots=True)
class Features:
    """A net whose inner maps tell how different two pictures look."""

    __port_name__: ClassVar[str] = "FEATURES"
    net: FeatureNet


@dataclass(frozen=True, slots=True)
class DataSet:
    """Pictures with captions to train on."""

    __port_name__: ClassVar[str] = "DATASET"
    scenes: Shapeland


@dataclass(frozen=True, slots=True)
class EncodedData:
    """A data set behind the first stage: latents, not scaled, with captions."""

    __port_name__: ClassVar[str] = "ENCODED_DATASET"
    data: CaptionedLatents


@dataclass(frozen=True, slots=True)
class LossCurve:
    """How a training went: pairs of step and smoothed loss."""

    __port_name__: ClassVar[str] = "LOSS_CURVE"
    name: str
    points: tuple[tuple[int, float], ...]
