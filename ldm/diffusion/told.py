"""What a condition tells a model of this spec: the context, and what its UNet is given beside that."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ldm.diffusion.beside import Canvas, beside
from ldm.diffusion.condition import Condition
from ldm.diffusion.denoiser import Given, Network
from ldm.diffusion.guidance import Guidance, Plain
from ldm.diffusion.vectors import vector
from ldm.small_weights import computed_in
from ldm.spec import ModelSpec
from ldm.unet.changes import UNetChange
from ldm.unet.hints import added_by
from ldm.unet.unet import UNet


def network_of(
    unet: UNet, changes: tuple[UNetChange, ...] = (), watch: Callable[[Tensor], None] | None = None
) -> Network:
    """F_theta of a UNet, changed so: what stands beside the latent goes in as further channels.

    Args:
        unet: The UNet.
        changes: How it computes otherwise than it was trained to.
        watch: Is shown who looks at whom in its middle, (b, heads, n, n).
    """
    exact = computed_in(unet)  # the sampler computes as the latent is

    def as_weights(values: Tensor) -> Tensor:
        return values.to(exact) if values.is_floating_point() else values

    def guess(z: Tensor, time: Tensor, given: Given) -> Tensor:
        hints = [one.hint for one in given.control]
        control = added_by(hints, z, time, given.context, given.vector, len(unet.input_blocks))
        told = given.changed(as_weights)
        x = as_weights(z) if told.beside is None else torch.cat([as_weights(z), told.beside], dim=1)
        answer = unet(x, time, told.context, told.vector, changes=changes, control=control, watch=watch)
        return answer.to(z.dtype)  # type: ignore[no-any-return]

    return guess


def is_negative(guidance: Guidance, condition: Condition) -> bool:
    """Whether guidance leads away from this very condition."""
    match guidance:
        case Plain():
            return False
        case _:
            return any(one is condition for one in guidance.negative)


def given(spec: ModelSpec, condition: Condition, canvas: Canvas, *, negative: bool = False) -> Given:
    """What the UNet of this model is given under a condition.

    Args:
        spec: Of the model.
        condition: What it is told.
        canvas: What the run paints on.
        negative: Whether the condition says what not to paint.

    Raises:
        NotTold: the model must be told more than the condition says.
        NotShown: the model must be shown more than the condition says.
    """
    context, width = condition.context, spec.unet.context_dim
    if width is not None and context.shape[-1] == 0:  # silence, to a model that attends to what is no text
        context = torch.zeros(1, 1, width)
    return Given(
        context,
        vector(spec, condition, canvas, negative=negative),
        beside(spec, condition, canvas),
    )
