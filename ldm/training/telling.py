"""What a model in training is told: contexts of words, classes and boxes, and the maps beside its latents."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.data.told import Described
from ldm.spec import Beside
from ldm.text.boxes import layout_tokens
from ldm.text.classes import ClassEmbedder, SpatialRescaler
from ldm.text.tau import NotHeard, Tau
from ldm.text.tokenizer import Tokens
from ldm.text.transformer import TextEncoder
from ldm.training.latents import Batch
from ldm.training.resume import said
from ldm.unet.unet import UNet


def nothing(described: Described) -> Described:
    """What is said instead where a description is left out."""
    return "" if isinstance(described, str) else ()


def spoken(text: Tau) -> str:
    """A tau in words, for a training's recipe."""
    if isinstance(text, TextEncoder | ClassEmbedder | SpatialRescaler):
        return said(text.spec)
    return "silence"


def told_of(unet: UNet, text: Tau, told: Sequence[Described]) -> tuple[Tensor, Tensor | None]:
    """The context (b, m, width), and the numbers of classes (b,) for a UNet that is told them beside the time.

    Such a UNet takes its last class for none of them.

    Raises:
        NotHeard: the data describe pictures otherwise than the model is told of them.
    """
    if unet.spec.classes is not None:
        numbers = [_number(one, unet.spec.classes - 1) for one in told]
        return text.encode(text.tokenize([""] * len(told))), torch.tensor(numbers, device=_device(unet))
    layouts = [one for one in told if not isinstance(one, str)]
    if isinstance(text, TextEncoder) and text.spec.tokens == "boxes" and len(layouts) == len(told):
        rows = [layout_tokens(boxes, text.spec.entries, text.spec.length).ids[0] for boxes in layouts]
        return text.encode(Tokens(tuple(rows))), None
    if layouts:
        raise NotHeard(f"The data are described by boxes, but this model listens to {text.hears}.")
    return text.encode(text.tokenize([one for one in told if isinstance(one, str)])), None


def _number(one: Described, last: int) -> int:
    if one == "":
        return last
    if isinstance(one, str) and one.isdecimal() and int(one) < last:
        return int(one)
    raise NotHeard(
        f"This model is told the number of a class, 0 to {last - 1}, but the data say {str(one)[:60]!r}."
    )


def beside_of(text: Tau, batch: Batch, scale: float, device: torch.device) -> Tensor | None:
    """The maps that stand behind the latent's channels, in the order in which the data have them."""
    maps = [_shown(name, values.to(device), text, scale) for name, values in batch.beside.items()]
    return torch.cat(maps, dim=1) if maps else None


def _shown(name: Beside, values: Tensor, text: Tau, scale: float) -> Tensor:
    """A map as the model sees it: latents are scaled, a map of classes goes through the rescaler, which learns too."""
    if name == "masked_image":
        return values * scale
    if name == "semantic_map" and isinstance(text, SpatialRescaler):
        classes = F.one_hot(values[:, 0].long(), text.spec.channels)
        return text.rescale(classes.movedim(-1, 1).to(values))
    return values


def _device(unet: UNet) -> torch.device:
    return next(unet.parameters()).device
