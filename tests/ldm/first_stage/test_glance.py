"""A first look at latents."""

import torch

from ldm.checkpoint import load_first_stage
from ldm.first_stage.glance import colours_of, glance
from tests.architecture.sources import ROOT


def test_a_glance_shows_about_the_decoders_colours() -> None:
    model = load_first_stage(ROOT / "models" / "checkpoints" / "shapeland-nano.safetensors")
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)
    with torch.no_grad():
        latents = model.encode(corners[:, :, None, None].expand(-1, -1, 64, 64).contiguous())
        decoded = ((model.decode(latents) + 1) / 2).mean(dim=(2, 3))
    shown = glance(latents, colours_of(model))
    assert shown.shape == (8, 16, 16, 3)
    away = (shown.mean(dim=(1, 2)) - decoded).abs().mean()
    assert float(away) < 0.4 * float((decoded - decoded.mean(dim=0)).abs().mean())
