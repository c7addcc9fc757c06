"""Stable Diffusion 1.5 at 256 x 256 on this CPU: the sampler node against bare UNet calls."""

from __future__ import annotations

import torch

from benchmarks.report import Row
from benchmarks.timing import side_by_side
from engine.api import NULL_CONTEXT
from engine.run.memory import choose_dtype
from ldm.diffusion.condition import Condition
from ldm.diffusion.schedule import Schedule
from ldm.published import SD1
from ldm.unet.unet import UNet
from nodes.port_types import Conditioning, DiffusionModel, Latent
from nodes.sampling import sample

TITLE = "Sample with Stable Diffusion 1.5"
STEPS, CELLS = 4, 32
MOST_ABOVE = {torch.float32: 0.03, torch.bfloat16: 0.05}
ROUNDS = 3


def measure() -> list[Row]:
    """Four Euler steps with guidance and the UNet calls in them, taking turns; bf16 only where it is fast."""
    torch.manual_seed(0)
    unet = UNet(SD1.unet).requires_grad_(requires_grad=False).eval()
    fast = choose_dtype("auto", "cpu") == "bf16"
    return [_row(unet.to(dtype), dtype) for dtype in MOST_ABOVE if dtype == torch.float32 or fast]


def _row(unet: UNet, dtype: torch.dtype) -> Row:
    model = DiffusionModel(unet, Schedule(SD1.schedule), SD1)
    told = Conditioning((Condition(torch.randn(1, 77, 768)),))
    latent = Latent(torch.zeros(1, 4, CELLS, CELLS))
    both, contexts = torch.randn(2, 4, CELLS, CELLS, dtype=dtype), told.context.to(dtype).expand(2, -1, -1)
    times = [torch.full((2,), 999 - 250 * step) for step in range(STEPS)]

    def bare() -> None:
        with torch.no_grad():
            for time in times:
                unet(both, time, contexts)

    def node() -> None:
        sample(model=model, positive=told, negative=told, latent_image=latent, steps=STEPS, ctx=NULL_CONTEXT)

    ours, theirs = side_by_side(node, bare, rounds=ROUNDS)
    above, most = ours / theirs - 1, MOST_ABOVE[dtype]
    return Row(
        work=f"SD 1.5, 256 x 256, Euler, {STEPS} steps with guidance, {str(dtype).removeprefix('torch.')}",
        measured=f"{above:+.1%} ({ours:.2f} s; bare UNet calls {theirs:.2f} s)",
        reach=f"within {most:.0%}",
        reached=above <= most,
    )
