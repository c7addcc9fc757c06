"""Converting in tiles, and a first look at latents."""

from fractions import Fraction

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.checkpoint import load_first_stage
from ldm.first_stage.glance import colours_of, glance
from ldm.first_stage.tiles import one_tiling, tiled
from tests.architecture.sources import ROOT


def enlarged(x: Tensor) -> Tensor:
    """A decoder without a view beyond its cell: tiles change nothing for it."""
    return F.interpolate(x, scale_factor=4, mode="nearest")


def shrunk(x: Tensor) -> Tensor:
    """An encoder of that kind."""
    return F.avg_pool2d(x, 4)


X = torch.randn(2, 3, 40, 56, generator=torch.Generator().manual_seed(0))


def test_tiles_of_a_local_conversion_give_what_the_whole_gives() -> None:
    assert torch.allclose(tiled(enlarged, X, 16, 4, Fraction(4)), enlarged(X), atol=1e-6)
    assert torch.allclose(tiled(shrunk, X, 16, 4, Fraction(1, 4)), shrunk(X), atol=1e-6)


def test_what_fits_into_one_tile_is_converted_at_once() -> None:
    calls: list[Tensor] = []

    def watched(x: Tensor) -> Tensor:
        calls.append(x)
        return x

    assert torch.equal(one_tiling(watched, X, (40, 56), 8, Fraction(1)), X)
    assert len(calls) == 1


def test_tiles_fade_into_each_other() -> None:
    numbers = iter(range(1, 100))
    flat = torch.zeros(1, 1, 4, 28)
    found = one_tiling(lambda part: part + next(numbers), flat, (4, 16), 4, Fraction(1))[0, 0, 0]
    assert found[:12].tolist() == pytest.approx([1.0] * 12)
    assert found[12:16].tolist() == pytest.approx([1.2, 1.4, 1.6, 1.8])
    assert found[16:24].tolist() == pytest.approx([2.0] * 8)


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
