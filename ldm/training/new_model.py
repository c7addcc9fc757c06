"""The spec of a small model to train, from what its data tell and what is shown beside their latents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from torch import Tensor

from ldm.data.told import Boxes, Classes, Maps, Silence, Telling, Words
from ldm.spec import (
    Beside,
    ClassSpec,
    ConcatSpec,
    FirstStageSpec,
    ModelSpec,
    Parameterization,
    RescalerSpec,
    ScheduleSpec,
    TextSpec,
    UNetSpec,
)

WIDTH = 128  # of the context
RESCALED = 3  # channels that a semantic map is mixed to (LDM, section 4.3.2)
CORNERS = 32  # places of a box's corner along each side of the picture

ClassesIn: TypeAlias = Literal["context", "time"]
"""Where a class is told: as a context that is attended to (LDM), or added to the time (ADM)."""


def new_model(
    name: str,
    first_stage: FirstStageSpec,
    told: Telling,
    beside: Mapping[Beside, Tensor],
    parameterization: Parameterization,
    *,
    channels: int = 32,
    learned_variance: bool = False,
    classes_in: ClassesIn = "context",
) -> ModelSpec:
    """A model with a UNet of three levels, `channels` wide at the latent's resolution, then twice and three times that.

    Args:
        name: Of the model.
        first_stage: Whose latents it paints.
        told: What the data tell.
        beside: What is shown beside the latents, (n, c, h, w) each, in this order.
        parameterization: What it guesses.
        channels: Of the UNet.
        learned_variance: It guesses a variance too.
        classes_in: Where a class is told.
    """
    latent = first_stage.embed_dim
    in_time = isinstance(told, Classes) and classes_in == "time"
    listens = not (in_time or isinstance(told, Silence | Maps))
    return ModelSpec(
        name=name,
        first_stage=first_stage,
        unet=UNetSpec(
            in_channels=latent + sum(_channels(name, maps) for name, maps in beside.items()),
            out_channels=2 * latent if learned_variance else latent,
            model_channels=channels,
            channel_mult=(1, 2, 3),
            res_blocks=1,
            attention_factors=(2, 4),
            heads=None,
            head_channels=32,
            context_dim=WIDTH if listens else None,
            classes=len(told.names) + 1 if in_time and isinstance(told, Classes) else None,
            pooled=listens,
        ),
        text=_text(told),
        classes=ClassSpec(classes=len(told.names) + 1, width=WIDTH)
        if listens and isinstance(told, Classes)
        else None,
        rescaler=_rescaler(told, first_stage) if "semantic_map" in beside else None,
        concat=ConcatSpec(order=tuple(beside)) if beside else None,
        schedule=ScheduleSpec(),
        parameterization=parameterization,
    )


def _channels(name: Beside, maps: Tensor) -> int:
    return RESCALED if name == "semantic_map" else maps.shape[1]


def _rescaler(told: Telling, first_stage: FirstStageSpec) -> RescalerSpec | None:
    """What brings a map of pixels to the latent's size."""
    if not isinstance(told, Maps):
        return None
    return RescalerSpec(
        channels=told.classes, out_channels=RESCALED, stages=first_stage.factor.bit_length() - 1
    )


def _text(told: Telling) -> TextSpec | None:
    match told:
        case Words(words, length):
            return TextSpec(words=words, length=length, width=WIDTH, layers=4, heads=4, head_width=32)
        case Boxes(names, most):
            # Classes and corners are numbered alike, and one number stands for no box.
            entries = max(CORNERS**2, len(names) + 1)
            length = 3 * most + 2
            return TextSpec(
                tokens="boxes", entries=entries, length=length, width=WIDTH, layers=4, heads=4, head_width=32
            )
        case Classes() | Maps() | Silence():
            return None
