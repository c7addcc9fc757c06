"""What a model carries with it into sampling beside its weights: changes of its UNet, of its guidance, of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ldm.diffusion.condition import Condition
from ldm.unet.changes import FreeU, HyperTile, MergeTokens, MiddleAlone, Shrink, UNetChange


@dataclass(frozen=True, slots=True)
class RescaledGuidance:
    """The guided guess as much spread as the positive one, by a share (Lin et al. 2024, section 3.4)."""

    share: float


@dataclass(frozen=True, slots=True)
class GuidedBetween:
    """Guidance between two noise levels only (Kynkaanniemi et al. 2024); outside, the positive guess as it is."""

    highest: float
    lowest: float


@dataclass(frozen=True, slots=True)
class PerpendicularTo:
    """Classifier-free guidance in which only that part of the negative counts that is perpendicular to the positive."""

    empty: tuple[Condition, ...]
    scale: float


@dataclass(frozen=True, slots=True)
class SelfAttentionGuidance:
    """Away from the guess with all blurred that much is looked at (Hong et al. 2023)."""

    scale: float
    blur: float


@dataclass(frozen=True, slots=True)
class PerturbedAttention:
    """Away from the guess of the same model without self-attention in its middle (Ahn et al. 2024)."""

    scale: float


@dataclass(frozen=True, slots=True)
class MaskByLevel:
    """A mask's grey says when a place begins to change: the darker, the later (Levin & Fried 2023); by a share."""

    share: float


GuidanceChange: TypeAlias = (
    RescaledGuidance | GuidedBetween | PerpendicularTo | SelfAttentionGuidance | PerturbedAttention
)
ModelChange: TypeAlias = UNetChange | GuidanceChange | MaskByLevel


def of_unet(changes: tuple[ModelChange, ...]) -> tuple[UNetChange, ...]:
    """Those that concern the UNet."""
    return tuple(
        one for one in changes if isinstance(one, FreeU | HyperTile | MergeTokens | Shrink | MiddleAlone)
    )
