"""What a first stage loses: pictures beside what comes back of them (LDM, table 8), part by part and then together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ldm.first_stage.autoencoder import AutoencoderVQ, FirstStageModel
from ldm.metrics.distributions import frechet_distance
from ldm.metrics.nets import Net, looks_apart, seen
from ldm.metrics.pairs import psnr, ssim

SPAN = 2.0  # of pixels, -1..1


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Some pictures that went through a first stage: a number for each of `psnr`, `ssim` and `apart`.

    `before` and `after` (n, d) are what a net makes of them; `codes` (k,) how often each code of a codebook was used.
    """

    psnr: Tensor
    ssim: Tensor
    apart: Tensor
    before: Tensor
    after: Tensor
    codes: Tensor | None


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """Means over all pictures; `rfid` between those before and those after.

    Of a codebook: the share of codes that are used at all, and as how many that are used alike they count.
    """

    count: int
    psnr: float
    ssim: float
    apart: float
    rfid: float
    codes_used: float | None = None
    perplexity: float | None = None

    def __str__(self) -> str:
        """In words."""
        codes = "" if self.codes_used is None else f", codes used {self.codes_used:.3f}"
        codes += "" if self.perplexity is None else f", perplexity {self.perplexity:.1f}"
        return (
            f"{self.count} pictures: PSNR {self.psnr:.2f} dB, SSIM {self.ssim:.4f}, "
            f"perceptual distance {self.apart:.4f}, rFID {self.rfid:.4g}{codes}"
        )


@torch.no_grad()
def rebuilt(model: FirstStageModel, pixels: Tensor, looks: Net, contents: Net) -> tuple[Tensor, Rebuilt]:
    """Pictures (n, 3, h, w) in -1..1 encoded and decoded, and measured; on the device of the nets.

    Args:
        model: The first stage.
        pixels: The pictures.
        looks: The net behind the perceptual distance.
        contents: The net behind rFID.
    """
    latent = model.encode(pixels.to(dtype=model.dtype))
    after = model.decode(latent).to(pixels).clamp(-1, 1)
    codes = None
    if isinstance(model, AutoencoderVQ):
        numbers = model.quantize.nearest(latent / model.spec.scale_factor)
        codes = numbers.flatten().bincount(minlength=model.spec.codes).cpu()
    return after, Rebuilt(
        psnr=psnr(pixels, after, SPAN).cpu(),
        ssim=ssim(pixels, after, SPAN).cpu(),
        apart=looks_apart(looks, pixels, after).cpu(),
        before=seen(contents, pixels).features.cpu(),
        after=seen(contents, after).features.cpu(),
        codes=codes,
    )


def together(parts: Sequence[Rebuilt]) -> Reconstruction:
    """The figures of all parts."""

    def mean(values: Sequence[Tensor]) -> float:
        return float(torch.cat(list(values)).double().mean())

    before, after = torch.cat([one.before for one in parts]), torch.cat([one.after for one in parts])
    counts = [one.codes for one in parts if one.codes is not None]
    used, perplexity = codebook_use(torch.stack(counts).sum(dim=0)) if counts else (None, None)
    return Reconstruction(
        count=len(before),
        psnr=mean([one.psnr for one in parts]),
        ssim=mean([one.ssim for one in parts]),
        apart=mean([one.apart for one in parts]),
        rfid=frechet_distance(before, after),
        codes_used=used,
        perplexity=perplexity,
    )


def codebook_use(counts: Tensor) -> tuple[float, float]:
    """The share of codes (k,) that were used at all, and the perplexity of how often each was."""
    shares = counts.double() / counts.sum()
    return float((counts > 0).double().mean()), float((-torch.xlogy(shares, shares).sum()).exp())
