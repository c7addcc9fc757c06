"""The pictures and features behind the golden numbers of metrics."""

import torch
from torch import Tensor

from ldm.metrics.inception import Inception
from ldm.metrics.lpips import Lpips
from tests.ldm.tiny import randomise


def pictures(size: int) -> tuple[Tensor, Tensor]:
    """Two soft pictures and rougher ones like them, (2, 3, size, size + 8) in -1..1."""
    generator = torch.Generator().manual_seed(21)
    coarse = torch.rand(2, 3, 6, 6, generator=generator, dtype=torch.float64) * 2 - 1
    soft = torch.nn.functional.interpolate(coarse, size=(size, size + 8), mode="bicubic").clamp(-1, 1)
    rough = soft + 0.2 * torch.randn(soft.shape, generator=generator, dtype=torch.float64)
    return soft, rough.clamp(-1, 1)


def features() -> tuple[Tensor, Tensor]:
    """Two sets of features that overlap, (60, 8) and (50, 8)."""
    generator = torch.Generator().manual_seed(22)
    mix = torch.randn(8, 8, generator=generator, dtype=torch.float64)
    real = torch.randn(60, 8, generator=generator, dtype=torch.float64) @ mix
    return real, torch.randn(50, 8, generator=generator, dtype=torch.float64) @ mix * 0.8 + 0.3


def lpips() -> Lpips:
    """LPIPS with random weights in float64; those of channels are not negative, as trained ones are."""
    net = Lpips().double()
    randomise(net)
    for name, weight in net.named_parameters():
        if name.startswith("lin"):
            weight.data.abs_()
    return net.requires_grad_(requires_grad=False).eval()


def inception() -> Inception:
    """Inception in float64 with random weights that float32 can hold, since pytorch-fid makes its own in that."""
    net = Inception()
    randomise(net)
    return net.double().requires_grad_(requires_grad=False).eval()
