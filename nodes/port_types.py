"""What flows along the links. Frozen values; where ComfyUI has a name for the same thing, the port has it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from ldm.data.picture_set import PictureSet
from ldm.data.told import Telling
from ldm.diffusion.changes import ModelChange
from ldm.diffusion.condition import Condition
from ldm.diffusion.guidance import Guidance
from ldm.diffusion.past import Past
from ldm.diffusion.patches import Patches
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.steering.pictures import Transform
from ldm.diffusion.steering.steer import Steering
from ldm.first_stage.autoencoder import AutoencoderVQ, FirstStageModel
from ldm.metrics.nets import Net
from ldm.spec import ModelSpec
from ldm.text.boxes import LayoutBox
from ldm.text.tau import Tau
from ldm.text.tokenizer import Learned
from ldm.training.latents import CaptionedLatents
from ldm.unet.classifier import Classifier
from ldm.unet.hints import HintNet
from ldm.unet.unet import UNet
from ldm.vision.tower import ClipVision


@dataclass(frozen=True, slots=True)
class Image:
    """Pictures: pixels (b, h, w, 3) in 0..1, on the CPU. A fourth channel is alpha: 1 where the picture is solid."""

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
    `noise_mask` (b, 1, h, w in pixels or cells) is 1 where sampling may change the latent; without one, everywhere.
    `batch_index` says for each latent which draw of the seed's noise is its own; without one they are 0, 1, 2...
    `factor` is how many pixels a cell spans, which ComfyUI takes to be 8 always.
    `past` is what a multi-step sampler remembers between steps that are nodes of their own.
    `extra` is what others have put beside the samples; it is passed on untouched.
    """

    __port_name__: ClassVar[str] = "LATENT"
    samples: Tensor
    canvas: tuple[int, int] | None = None
    noise_mask: Tensor | None = None
    batch_index: tuple[int, ...] | None = None
    factor: int = 8
    past: tuple[Past, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Tokenised texts: ids (b, length), whole numbers; and how loud each token is, where the encoder heeds that.

    `learned` are the words from files that some of the tokens stand for.
    """

    __port_name__: ClassVar[str] = "TOKENS"
    ids: Tensor
    weights: Tensor | None = None
    learned: tuple[Learned, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """What shall be where: boxes in shares of the picture, each with the number of a class."""

    __port_name__: ClassVar[str] = "LAYOUT"
    boxes: tuple[LayoutBox, ...]


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What a model is told, one entry beside the other: each a context with where, when and how strongly it counts."""

    __port_name__: ClassVar[str] = "CONDITIONING"
    entries: tuple[Condition, ...]

    @property
    def context(self) -> Tensor:
        """The context of the first entry."""
        return self.entries[0].context


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
    """A sampler by its name, with those of its settings that are not as usual: `{"eta": 0.5}`."""

    __port_name__: ClassVar[str] = "SAMPLER"
    name: str
    settings: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DiffusionModel:
    """epsilon_theta with its schedule and the spec that it was trained under.

    `colours` (channels + 1, 3) shows its latents without a decoder: each cell's colour as a sum of its channels; where
    there is a quick `decoder`, that shows them. `steering` is what pushes its guesses by gradients. With `patches` its
    UNet sees parts of a latent only. `changes` are what nodes have changed in how it computes and is guided. With a
    `codebook` each guess is moved to it.
    """

    __port_name__: ClassVar[str] = "MODEL"
    unet: UNet
    schedule: Schedule
    spec: ModelSpec
    colours: Tensor | None = None
    steering: tuple[Steering, ...] = ()
    patches: Patches | None = None
    changes: tuple[ModelChange, ...] = ()
    codebook: AutoencoderVQ | None = None
    decoder: FirstStageModel | None = None


@dataclass(frozen=True, slots=True)
class ControlModel:
    """A ControlNet or a T2I adapter: it makes a diffusion model follow a picture.

    `task` is which of its tasks a net for many is told.
    """

    __port_name__: ClassVar[str] = "CONTROL_NET"
    net: HintNet
    task: int | None = None


@dataclass(frozen=True, slots=True)
class UnfinishedLatent:
    """What sampling has so far, to be looked at: a guess (b, c, h, w), the model's `colours` and quick `decoder`."""

    guess: Tensor
    colours: Tensor | None
    decoder: FirstStageModel | None = None


@dataclass(frozen=True, slots=True)
class Guider:
    """A model and what it is told: all that a sampler needs of them."""

    __port_name__: ClassVar[str] = "GUIDER"
    model: DiffusionModel
    guidance: Guidance


@dataclass(frozen=True, slots=True)
class TextModel:
    """What a model listens through: tau, CLIP's towers, a class; silent for a model that listens to nothing."""

    __port_name__: ClassVar[str] = "CLIP"
    encoder: Tau


@dataclass(frozen=True, slots=True)
class VisionModel:
    """CLIP's image tower."""

    __port_name__: ClassVar[str] = "CLIP_VISION"
    tower: ClipVision


@dataclass(frozen=True, slots=True)
class SeenPictures:
    """What CLIP sees in pictures: a vector (b, projection) of each, and what its last two layers say, on the CPU."""

    __port_name__: ClassVar[str] = "CLIP_VISION_OUTPUT"
    vector: Tensor
    last: Tensor
    before: Tensor


@dataclass(frozen=True, slots=True)
class FirstStage:
    """The autoencoder E, D; it owns the latent scale."""

    __port_name__: ClassVar[str] = "VAE"
    autoencoder: FirstStageModel


@dataclass(frozen=True, slots=True)
class Features:
    """A net that pictures are measured with: how different two of them look, or what is in one."""

    __port_name__: ClassVar[str] = "FEATURES"
    net: Net


@dataclass(frozen=True, slots=True)
class NoisyClassifier:
    """A net that tells the classes of noisy latents, for classifier guidance."""

    __port_name__: ClassVar[str] = "CLASSIFIER"
    net: Classifier


@dataclass(frozen=True, slots=True)
class PictureTransform:
    """What a picture is shown through before it is compared with another: differentiable steps, in their order."""

    __port_name__: ClassVar[str] = "PICTURE_TRANSFORM"
    steps: tuple[Transform, ...]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Pictures to train on and to measure with, and what is told of them."""

    __port_name__: ClassVar[str] = "DATASET"
    scenes: PictureSet


@dataclass(frozen=True, slots=True)
class EncodedData:
    """A data set behind the first stage: latents, not scaled, and what is told of them."""

    __port_name__: ClassVar[str] = "ENCODED_DATASET"
    data: CaptionedLatents
    told: Telling


@dataclass(frozen=True, slots=True)
class LossCurve:
    """How a training went: pairs of step and smoothed loss."""

    __port_name__: ClassVar[str] = "LOSS_CURVE"
    name: str
    points: tuple[tuple[int, float], ...]
