"""The sampler node against nothing but the UNet calls that it makes."""

from __future__ import annotations

import torch

from benchmarks.report import Row
from benchmarks.timing import side_by_side
from engine.api import NULL_CONTEXT
from ldm.diffusion.condition import Condition
from ldm.diffusion.schedule import Schedule
from ldm.spec import FirstStageSpec, ModelSpec, ScheduleSpec, TextSpec, UNetSpec
from ldm.unet.unet import UNet
from nodes.port_types import Conditioning, DiffusionModel, Latent
from nodes.sampling import sample

TITLE = "Sample"
STEPS = 20
MOST_ABOVE = 0.03

# Shapeland's sizes: with so small a network the loop around it shows most.
CONTEXT = 128
SPEC = ModelSpec(
    name="benchmark",
    first_stage=FirstStageSpec(z_channels=4, embed_dim=4),
    unet=UNetSpec(
        model_channels=32,
        channel_mult=(1, 2, 3),
        res_blocks=1,
        attention_factors=(1, 2),
        heads=None,
        head_channels=32,
        context_dim=CONTEXT,
    ),
    text=TextSpec(words=(), length=32, width=128),
)


def measure() -> list[Row]:
    """The node and the bare calls taking turns, with guidance, for one picture and for four."""
    torch.manual_seed(0)
    unet = UNet(SPEC.unet).eval()
    model = DiffusionModel(unet, Schedule(ScheduleSpec()), SPEC)
    return [_row(model, batch) for batch in (1, 4)]


def _row(model: DiffusionModel, batch: int) -> Row:
    context = Conditioning((Condition(torch.randn(1, 32, CONTEXT)),))
    latent = Latent(torch.randn(batch, SPEC.unet.in_channels, 16, 16))
    both = torch.cat([latent.samples, latent.samples])
    contexts = context.context.expand(2 * batch, -1, -1)
    times = [torch.full((2 * batch,), 999 - 50 * step) for step in range(STEPS)]

    def bare() -> None:
        with torch.no_grad():
            for time in times:
                model.unet(both, time, contexts)

    def node() -> None:
        sample(
            model=model,
            positive=context,
            negative=context,
            latent_image=latent,
            steps=STEPS,
            ctx=NULL_CONTEXT,
        )

    ours, theirs = side_by_side(node, bare)
    above = ours / theirs - 1
    return Row(
        work=f"sampler loop, {STEPS} steps with guidance, batch {batch}",
        measured=f"{above:+.1%} ({ours * 1e3:.0f} ms; bare UNet calls {theirs * 1e3:.0f} ms)",
        reach=f"within {MOST_ABOVE:.0%}",
        reached=above <= MOST_ABOVE,
    )
