"""The nets that pictures are measured with, and their files: Shapeland's own, LPIPS, FID's Inception.

Their weights cannot be shipped but for Shapeland's; a person puts them into models/features.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import torch
from safetensors.torch import save_file
from torch import Tensor

from ldm.first_stage.features import FeatureNet, perceptual_distance
from ldm.metrics.inception import Inception
from ldm.metrics.lpips import Lpips
from ldm.tensor_file import CheckpointError, Read, TensorFile, fill, opened

Net: TypeAlias = FeatureNet | Lpips | Inception

LOSS_PREFIXES = ("", "loss.perceptual_loss.", "first_stage_model.loss.perceptual_loss.")
"""What stands before LPIPS' names: nothing, or as the training files of first stages keep it."""


class NetUnfit(ValueError):
    """A net that cannot measure what it is asked for; the message names one that can."""


def looks_apart(net: Net, a: Tensor, b: Tensor) -> Tensor:
    """How different two pictures (n, 3, h, w) in -1..1 look to a net, (n,).

    Raises:
        NetUnfit: for Inception, which was not made for that.
    """
    match net:
        case FeatureNet():
            return perceptual_distance(net, a, b)
        case Lpips():
            distance: Tensor = net(a, b)
            return distance
        case Inception():
            raise NetUnfit(
                "Inception is for FID and IS. To compare pictures in pairs, load LPIPS or Shapeland's net."
            )


class Seen(NamedTuple):
    """What a net makes of whole pictures: `features` (n, d), and `shares` (n, k), how likely each is of each class."""

    features: Tensor
    shares: Tensor


def seen(net: Net, pixels: Tensor) -> Seen:
    """What a net makes of pictures (n, 3, h, w) in -1..1; to Shapeland's a class is a shape in a colour.

    Raises:
        NetUnfit: for LPIPS, which only compares.
    """
    match net:
        case FeatureNet():
            cells: Tensor = net(pixels)[0]
            kinds = cells.softmax(dim=1)[:, 1:].mean(dim=(2, 3))
            return Seen(net.features(pixels)[-1].mean(dim=(2, 3)), kinds / kinds.sum(dim=1, keepdim=True))
        case Inception():
            features: Tensor = net(pixels)
            return Seen(features, net.logits(features).softmax(dim=1))
        case Lpips():
            raise NetUnfit(
                "LPIPS compares pictures in pairs. For FID, IS, precision and recall load Inception or Shapeland's net."
            )


def load_net(path: Path) -> Net:
    """Load a net from a safetensors file, told by its keys.

    LPIPS may lie in a file of its own, under the names of its package or of torchvision's VGG16 with its five weights
    beside, or in the training file of a first stage.

    Raises:
        CheckpointError: the file is missing, damaged, lacks a tensor, or holds none of these nets.
    """
    with opened(path) as file:
        net, read = _known(file)
        fill(path, net, read)
    return net


def save_net(net: Net, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a net to a safetensors file, in half precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = {key: value.detach().half().contiguous().cpu() for key, value in net.state_dict().items()}
    save_file(half, path, metadata=dict(notes or {}))


def _known(file: TensorFile) -> tuple[Net, Read]:
    with torch.device("meta"):
        if "things.weight" in file.shapes:
            return FeatureNet(), file.read
        if "Mixed_7c.branch_pool.conv.weight" in file.shapes:
            return Inception(), _of_inception(file)
        for prefix in LOSS_PREFIXES:
            if f"{prefix}lin0.model.1.weight" in file.shapes:
                return Lpips(), _of_lpips(file, prefix)
    raise CheckpointError(
        f"{file.path.name} holds no net that pictures are measured with: it has neither Inception's "
        "Mixed_7c.branch_pool.conv.weight, nor LPIPS' lin0.model.1.weight, nor Shapeland's things.weight."
    )


def _of_inception(file: TensorFile) -> Read:
    """As it is stored, but for the counts that norms keep while they are trained, which nothing reads."""

    def read(key: str) -> Tensor:
        if key.endswith("num_batches_tracked"):
            return torch.tensor(0.0)
        return file.read(key)

    return read


def _of_lpips(file: TensorFile, prefix: str) -> Read:
    def read(key: str) -> Tensor:
        if key.startswith("net.") and prefix + key not in file.shapes:
            _, _, rest = key.split(".", 2)
            return file.read(f"features.{rest}")  # torchvision counts through all slices, as the slices do
        return file.read(prefix + key)

    return read
