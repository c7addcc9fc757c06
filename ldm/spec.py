"""What a checkpoint must say of itself: every model-specific number, as frozen data that travels with the weights.

Nothing here is a default of the code that samples: a sampler that assumes another model's schedule breaks silently
(the published LDMs end between sigma 14.6 and 101.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Parameterization: TypeAlias = Literal["eps", "v"]
"""What the UNet guesses: eps (LDM eq. 1-3), or v = sqrt(abar) eps - sqrt(1 - abar) z_0 (Salimans & Ho 2022)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStageSpec:
    """The KL-regularised autoencoder of LDM, appendix G; f = 2 ** (len(channel_mult) - 1).

    `attention_resolutions` are feature-map sizes met when a `resolution` sized image goes through (CompVis' rule).
    `scale_factor` is what an encoded latent is multiplied with before diffusion sees it.
    """

    channels: int = 128
    channel_mult: tuple[int, ...] = (1, 2, 4)
    res_blocks: int = 2
    z_channels: int = 3
    embed_dim: int = 3
    attention_resolutions: tuple[int, ...] = ()
    resolution: int = 256
    scale_factor: float = 1.0

    @property
    def factor(self) -> int:
        """How many pixels one latent cell spans along each side."""
        return int(2 ** (len(self.channel_mult) - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetSpec:
    """The time-conditional UNet with cross-attention (LDM, section 3.3 and table 15).

    `attention_factors` are down-sampling factors, not resolutions. One of `heads` and `head_channels` sets the heads.
    `pooled` adds the mean of the context to the time embedding, through `label_emb` (as SDXL does with its vector).
    """

    in_channels: int = 4
    out_channels: int = 4
    model_channels: int = 320
    channel_mult: tuple[int, ...] = (1, 2, 4, 4)
    res_blocks: int = 2
    attention_factors: tuple[int, ...] = (4, 2, 1)
    heads: int | None = 8
    head_channels: int | None = None
    context_dim: int = 768
    depth: int = 1
    pooled: bool = False

    def heads_for(self, channels: int) -> int:
        """The number of attention heads at a level of so many channels."""
        if self.head_channels is not None:
            return channels // self.head_channels
        if self.heads is None:
            raise ValueError("UNetSpec needs `heads` or `head_channels`; both are missing.")
        return self.heads


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpec:
    """The unmasked transformer tau over a closed vocabulary (LDM, appendix E.2.1); padding attends."""

    words: tuple[str, ...]
    length: int = 77
    width: int = 1280
    layers: int = 32
    heads: int = 8
    head_width: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpec:
    """CLIP's causal text tower (Radford et al. 2021); the numbers are those of ViT-L/14, which SD 1.x listens to.

    `pad` fills a row behind its end. The context is what layer `layers - skipped` gives, behind the last norm if
    `normed` says so.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """The betas of the forward process. `sqrt_linear` is linear in sqrt(beta), which CompVis calls "linear"."""

    kind: Literal["sqrt_linear", "linear"] = "sqrt_linear"
    first: float = 0.0015
    last: float = 0.0195
    steps: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A whole text-to-image latent diffusion model. It listens either to `text` (tau) or to `clip`."""

    name: str
    first_stage: FirstStageSpec
    unet: UNetSpec
    text: TextSpec | None = None
    clip: ClipSpec | None = None
    schedule: ScheduleSpec = ScheduleSpec()
    parameterization: Parameterization = "eps"
