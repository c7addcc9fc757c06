"""What a checkpoint must say of itself: every model-specific number, as frozen data that travels with the weights.

Nothing here is a default of the code that samples: a sampler that assumes another model's schedule breaks silently
(the published LDMs end between sigma 14.6 and 101.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Parameterization: TypeAlias = Literal["eps", "v", "x0"]
"""What a UNet is trained to guess: eps (LDM eq. 1-3), v = sqrt(abar) eps - sqrt(1 - abar) z_0 (Salimans & Ho 2022),
or z_0 itself."""

Answer: TypeAlias = Literal["eps", "v", "x0", "lcm", "edm"]
"""How a UNet's answer is read: as what it was trained to guess; as eps that a consistency model puts between its input
and z_0 ("lcm", Luo et al. 2023); or as Karras et al. (2022) precondition it ("edm")."""


Attention: TypeAlias = Literal["vanilla", "linear", "none"]
"""How an autoencoder attends: over all places, in linear time, or not at all (LDM, table 8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStageSpec:
    """The autoencoder of LDM, appendix G; f = 2 ** (len(channel_mult) - 1).

    `kind` says what regularises it: "kl" a weak pull to the normal distribution, "vq" a codebook of `codes` vectors.
    "identity" is none at all: diffusion in pixels (LDM-1).
    `attention_resolutions` are feature-map sizes met when a `resolution` sized image goes through (CompVis' rule); the
    middle attends in any case, unless `attention` is "none".
    `scale_factor` is what an encoded latent is multiplied with before diffusion sees it.
    """

    kind: Literal["kl", "vq", "identity"] = "kl"
    channels: int = 128
    channel_mult: tuple[int, ...] = (1, 2, 4)
    res_blocks: int = 2
    z_channels: int = 3
    embed_dim: int = 3
    attention_resolutions: tuple[int, ...] = ()
    attention: Attention = "vanilla"
    resolution: int = 256
    codes: int = 0
    scale_factor: float = 1.0

    @property
    def moments(self) -> int:
        """How many numbers the encoder tells of each latent value: two with KL (mean and log variance), else one."""
        return 2 if self.kind == "kl" else 1

    @property
    def factor(self) -> int:
        """How many pixels one latent cell spans along each side."""
        return int(2 ** (len(self.channel_mult) - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetSpec:
    """The time-conditional UNet (LDM, section 3.3 and table 15; ADM, Dhariwal & Nichol 2021).

    `attention_factors` are down-sampling factors, not resolutions. One of `heads` and `head_channels` sets the heads.
    With a `context_dim` it attends to a context through transformers, `depth` blocks each (or so many at each level);
    without one it attends to itself alone. `linear_projection` is how SD 2 and SDXL lead into and out of them. At
    levels that are `crossed` nothing attends to itself, but twice to the context (SD 2's upscaler).
    `resize_in_blocks` (ADM's `resblock_updown`) changes sizes inside of residual blocks, as BigGAN does;
    `scale_shift_norm` lets time scale and shift a norm's output, where else it is added.
    To the time embedding is added, through `label_emb`: one of `classes` learned vectors, or a vector of `vector_dim`
    numbers (SDXL), or, `pooled`, the mean of the context. `out_channels` is twice the latent's for a learned variance.
    """

    in_channels: int = 4
    out_channels: int = 4
    model_channels: int = 320
    channel_mult: tuple[int, ...] = (1, 2, 4, 4)
    res_blocks: int = 2
    attention_factors: tuple[int, ...] = (4, 2, 1)
    heads: int | None = 8
    head_channels: int | None = None
    context_dim: int | None = 768
    depth: int | tuple[int, ...] = 1
    linear_projection: bool = False
    crossed: tuple[int, ...] = ()
    resize_in_blocks: bool = False
    scale_shift_norm: bool = False
    classes: int | None = None
    vector_dim: int | None = None
    pooled: bool = False

    def depth_at(self, level: int) -> int:
        """How many transformer blocks follow each other at a level; the middle is like the last one."""
        return self.depth if isinstance(self.depth, int) else self.depth[level]

    def heads_for(self, channels: int) -> int:
        """The number of attention heads at a level of so many channels."""
        if self.head_channels is not None:
            return channels // self.head_channels
        if self.heads is None:
            raise ValueError("UNetSpec needs `heads` or `head_channels`; both are missing.")
        return self.heads


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpec:
    """The unmasked transformer tau (LDM, appendix E.2.1); padding attends.

    `tokens` says what it reads: the closed vocabulary `words`, BERT's word pieces (whose list is a file of its own), or
    boxes of a layout. The last two have `entries` tokens.
    """

    words: tuple[str, ...] = ()
    tokens: Literal["words", "wordpiece", "boxes"] = "words"
    entries: int = 0
    length: int = 77
    width: int = 1280
    layers: int = 32
    heads: int = 8
    head_width: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpec:
    """CLIP's causal text tower (Radford et al. 2021); the numbers are those of ViT-L/14, which SD 1.x listens to.

    `pad` fills a row behind its end. The context is what layer `layers - skipped` gives, behind the last norm if
    `normed` says so. With a `projection` the end of a text is told apart as well, pooled, in so many numbers.
    `layout` is how files name its tensors: as CLIP in transformers, or as OpenCLIP. So many layers at the end are
    `missing` in the file: nothing is read from them.
    """

    width: int = 768
    layers: int = 12
    heads: int = 12
    vocabulary: int = 49408
    length: int = 77
    activation: Literal["quick_gelu", "gelu"] = "quick_gelu"
    pad: int = 49407
    skipped: int = 0
    normed: bool = True
    projection: int | None = None
    layout: Literal["clip", "open_clip"] = "clip"
    missing: int = 0

    @property
    def inner(self) -> int:
        """How wide a layer is between its two linear maps."""
        return 4 * self.width


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionSpec:
    """CLIP's image tower; the numbers are those of ViT-L/14. It sees squares of `resolution` pixels in patches."""

    width: int = 1024
    layers: int = 24
    heads: int = 16
    inner: int = 4096
    activation: Literal["quick_gelu", "gelu"] = "quick_gelu"
    patch: int = 14
    resolution: int = 224
    projection: int = 768


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSpec:
    """A learned vector for each class; the last one may stand for none of them (LDM, section 4.3.1)."""

    classes: int = 1001
    width: int = 512
    null: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RescalerSpec:
    """Makes a map of `channels` fit beside the latent: halved `stages` times, then mixed to `out_channels`."""

    channels: int = 182
    out_channels: int = 3
    stages: int = 2


Beside: TypeAlias = Literal["mask", "masked_image", "low_resolution", "semantic_map", "source", "depth"]
"""What a UNet can be shown beside the noisy latent; "source" is a picture that shall be changed as it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcatSpec:
    """What is concatenated to the noisy latent, in this order.

    The mask is 1 in the hole and 0 elsewhere, or -1 if it is `signed`; the hole is filled with `hole` (of -1..1) before
    the picture is encoded. `blank` is what the first stage makes of a picture that is all hole, a number for each
    channel, where it is known. An `unscaled` source is shown as the first stage encodes it, without its scale.
    """

    order: tuple[Beside, ...]
    signed: bool = False
    hole: float = 0.0
    blank: tuple[float, ...] = ()
    unscaled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """How much noise there is at which time.

    Most kinds say betas from `first` to `last`: "sqrt_linear" linear in sqrt(beta), which CompVis calls "linear";
    "linear" in beta (DDPM), which CompVis calls "sqrt_linear"; "sqrt" in beta squared; "cosine" knows no ends (Nichol &
    Dhariwal 2021, eq. 17); "given" takes them from `betas`. With `zero_terminal` they are rescaled so that nothing of
    the picture is left at the end (Lin et al. 2024, alg. 1).
    Two kinds have no betas, but levels from `first` to `last` and a time of their own: "log_sigma" log(sigma) / 4
    (Karras et al. 2022), "arctan_sigma" the angle of sigma as a share of the right one.
    Of each `every` timesteps a distilled model knows the last one only.
    """

    kind: Literal["sqrt_linear", "linear", "sqrt", "cosine", "given", "log_sigma", "arctan_sigma"] = (
        "sqrt_linear"
    )
    first: float = 0.0015
    last: float = 0.0195
    steps: int = 1000
    betas: tuple[float, ...] = ()
    zero_terminal: bool = False
    every: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RoughSpec:
    """Noise that what a model is shown is roughened with on purpose; which of the levels 0 to `most`, it is told."""

    schedule: ScheduleSpec
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageVectorSpec:
    """CLIP's vector of a picture, which unCLIP models are told: how wide it is, and its usual mean and spread."""

    width: int
    mean: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A whole latent diffusion model.

    It listens to one of `text` (tau), `clip` (with SDXL's `second_clip` beside it) and `classes`, or to nothing.
    `concat` is shown to it beside the latent, a semantic map through the `rescaler`. An `image_vector` is told beside
    the time; that, or a low-resolution image, is `roughened` first.
    """

    name: str
    first_stage: FirstStageSpec
    unet: UNetSpec
    text: TextSpec | None = None
    clip: ClipSpec | None = None
    second_clip: ClipSpec | None = None
    classes: ClassSpec | None = None
    rescaler: RescalerSpec | None = None
    concat: ConcatSpec | None = None
    image_vector: ImageVectorSpec | None = None
    roughened: RoughSpec | None = None
    schedule: ScheduleSpec = ScheduleSpec()
    parameterization: Answer = "eps"

    @property
    def conditioning_key(self) -> Literal["crossattn", "concat", "hybrid", "none"]:
        """How it is told something, as CompVis calls it."""
        match self.unet.context_dim is not None, self.concat is not None:
            case True, True:
                return "hybrid"
            case True, False:
                return "crossattn"
            case False, True:
                return "concat"
        return "none"
