"""Measuring pictures: beside the ones they should be like, and as many beside many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from engine.api import Context, ModelFile, Published, Range, node
from ldm.first_stage.features import FeatureNet
from ldm.metrics.distributions import frechet_distance, inception_score, precision_and_recall
from ldm.metrics.nets import Net, Seen, load_net, looks_apart, save_net, seen
from ldm.metrics.pairs import psnr, ssim
from ldm.metrics.reconstruction import SPAN, Rebuilt, rebuilt, together
from nodes.port_types import DataSet, Features, FirstStage, Image

OWN_NET = "shapeland-features.safetensors"
FEATURES = "features"
SHOWN = 8  # pictures on the sheet

Count = Annotated[int, Range(1, 10_000_000)]
Chunk = Annotated[int, Range(1, 4096)]


@node("FeaturesLoader", title="Load feature net", category="measuring", device=True, pinned=True)
def load_features(features_name: Annotated[str, ModelFile(FEATURES)] = OWN_NET, *, ctx: Context) -> Features:
    """Load a net that pictures are measured with: Shapeland's own, LPIPS, or FID's Inception, told by its keys.

    Args:
        features_name: A safetensors file below models/features.
    """
    return Features(load_net(ctx.model_file(FEATURES, features_name)).to(ctx.device))


@node("FeaturesSave", title="Save feature net", category="measuring")
def save_features(features: Features, filename_prefix: str = "features/weft", *, ctx: Context) -> Published:
    """Write Shapeland's feature net to a safetensors file in half precision.

    Args:
        features: From TrainFeatures.
        filename_prefix: Where in the output folder, and how the file's name begins.
    """
    net = features.net
    if not isinstance(net, FeatureNet):
        raise ValueError(f"Only Shapeland's net is saved; {type(net).__name__} has a file already.")
    media_type = "application/octet-stream"
    return ctx.files.publish(
        filename_prefix, ".safetensors", media_type, lambda path: save_net(net, path, ctx.provenance)
    )


class Alike(NamedTuple):
    """How alike pictures are, as means over all pairs, and in words.

    Attributes:
        report: The numbers in words.
        psnr: Peak signal-to-noise ratio, in dB; more is better.
        ssim: Structural similarity; 1 for equal pictures.
        perceptual: How different they look to the net; 0 for equal pictures.
    """

    report: str
    psnr: float
    ssim: float
    perceptual: float


@node("ComparePictures", title="Compare pictures", category="measuring", device=True)
def compare_pictures(
    image: Image, reference: Image, features: Features | None = None, *, ctx: Context
) -> Alike:
    """Measure how alike pictures are to the ones they should be like: PSNR, SSIM and a perceptual distance.

    Args:
        image: The pictures.
        reference: What each should be like; or one for all.
        features: LPIPS, or Shapeland's net, which is taken by default.
    """
    pixels, wanted = _signed(image), _signed(reference)
    if wanted.shape[1:] != pixels.shape[1:] or len(wanted) not in (1, len(pixels)):
        raise ValueError(
            f"There are {_size(pixels)} and {_size(wanted)} to compare. Give as many, of one size, or one reference."
        )
    wanted = wanted.expand_as(pixels)
    net = _net(features, ctx)
    with torch.no_grad():
        apart = float(looks_apart(net, pixels.to(ctx.device), wanted.to(ctx.device)).mean())
    noise, structure = float(psnr(pixels, wanted, SPAN).mean()), float(ssim(pixels, wanted, SPAN).mean())
    report = (
        f"{len(pixels)} pictures: PSNR {noise:.2f} dB, SSIM {structure:.4f}, perceptual distance {apart:.4f}"
    )
    return Alike(report, noise, structure, apart)


class Kept(NamedTuple):
    """What a first stage keeps of pictures.

    Attributes:
        report: All figures in words.
        pictures: Some pictures, and below each what came back of it.
    """

    report: str
    pictures: Image


@node("MeasureReconstruction", title="Measure reconstruction", category="measuring", device=True)
def measure_reconstruction(
    vae: FirstStage,
    data: DataSet,
    count: Count = 1000,
    batch: Chunk = 32,
    looks: Features | None = None,
    contents: Features | None = None,
    *,
    ctx: Context,
) -> Kept:
    """Encode and decode pictures and measure what is lost: PSNR, SSIM, perceptual distance, rFID, and codes used.

    Args:
        vae: The first stage.
        data: The pictures.
        count: How many of them, from the first; no more than there are.
        batch: How many at once.
        looks: The net behind the perceptual distance: LPIPS, or Shapeland's by default.
        contents: The net behind rFID: Inception, or Shapeland's by default.
    """
    total = min(count, data.scenes.count)
    own = _net(looks, ctx), _net(contents, ctx)
    shown: list[Tensor] = []

    def parts() -> Iterator[Rebuilt]:
        for start in range(0, total, batch):
            pixels = data.scenes.pictures(start, min(start + batch, total)).to(ctx.device)
            after, measured = rebuilt(vae.autoencoder, pixels, *own)
            if start == 0:
                shown.append(torch.cat([pixels[:SHOWN], after[:SHOWN]]).cpu())
            yield measured

    found = together(list(ctx.track(parts(), total=-(-total // batch))))
    above, below = shown[0].chunk(2)
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in (above, below)], dim=1)
    return Kept(str(found), Image(((sheet + 1) / 2).movedim(0, -1)[None]))


class Spread(NamedTuple):
    """How alike many pictures are to many others.

    Attributes:
        report: All figures in words.
        fid: Frechet distance of the features; 0 for the same pictures.
        inception_score: How sure and how varied the classes are; 1 to the number of classes.
        precision: The share of pictures that lie among the real ones.
        recall: The share of real ones that lie among the pictures.
    """

    report: str
    fid: float
    inception_score: float
    precision: float
    recall: float


@node("MeasureDistribution", title="Measure many pictures", category="measuring", device=True)
def measure_distribution(
    images: Image,
    data: DataSet,
    count: Count = 5000,
    batch: Chunk = 32,
    features: Features | None = None,
    *,
    ctx: Context,
) -> Spread:
    """Measure how alike many pictures are to those of a data set: FID, Inception Score, precision and recall.

    Published numbers are taken with Inception on 50000 pictures; others are comparable among themselves only.

    Args:
        images: The pictures.
        data: The real ones.
        count: How many of those, from the first; no more than there are.
        batch: How many at once.
        features: Inception, or Shapeland's net, which is taken by default.
    """
    net, made, total = _net(features, ctx), _signed(images), min(count, data.scenes.count)
    steps = [(start, min(start + batch, total)) for start in range(0, total, batch)]
    chunks = made.split(batch)

    @torch.no_grad()
    def looked_at() -> Iterator[Seen]:
        for start, stop in steps:
            yield seen(net, data.scenes.pictures(start, stop).to(ctx.device))
        for chunk in chunks:
            yield seen(net, chunk.to(ctx.device))

    looks = list(ctx.track(looked_at(), total=len(steps) + len(chunks)))
    real, painted = (
        torch.cat([one.features.cpu() for one in part]) for part in (looks[: len(steps)], looks[len(steps) :])
    )
    shares = torch.cat([one.shares.cpu() for one in looks[len(steps) :]])
    fid, score = frechet_distance(real, painted), inception_score(shares)
    cover = precision_and_recall(real, painted)
    report = (
        f"{len(painted)} pictures beside {len(real)}: FID {fid:.4g}, IS {score.mean:.3f} +- {score.spread:.3f}, "
        f"precision {cover.precision:.3f}, recall {cover.recall:.3f}"
    )
    return Spread(report, fid, score.mean, cover.precision, cover.recall)


def _net(features: Features | None, ctx: Context) -> Net:
    return (features or load_features(ctx=ctx)).net


def _signed(image: Image) -> Tensor:
    """Pixels (n, 3, h, w) in -1..1."""
    return image.pixels[..., :3].movedim(-1, 1) * 2 - 1


def _size(pixels: Tensor) -> str:
    return f"{len(pixels)} of {pixels.shape[-1]} x {pixels.shape[-2]}"
