"""`comfy.utils`, `node_helpers` and `latent_preview`, as far as they are about tensors and pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageFile
import safetensors
import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import offer_module, pack_call
from ldm.diffusion.inpaint import mask_in_cells
from nodes.comfy_models import ModelAdapter
from nodes.port_types import UnfinishedLatent
from nodes.resize import repeated, resized

MAX_PREVIEW_RESOLUTION = 512
SAFE = (".safetensors", ".sft")


# ---- comfy.utils


def common_upscale(samples: Tensor, width: int, height: int, upscale_method: str, crop: str) -> Tensor:
    """Values (b, c, h, w) in another size."""
    return resized(samples, width, height, upscale_method, crop)


def lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """Pictures in another size."""
    return resized(samples, width, height, "lanczos")


def bislerp(samples: Tensor, width: int, height: int) -> Tensor:
    """Latents in another size."""
    return resized(samples, width, height, "bislerp")


def load_torch_file(
    ckpt: str, safe_load: bool = False, device: Any = None, return_metadata: bool = False
) -> Any:
    """The tensors of a safetensors file. Files that may run code when they are read are refused."""
    if not str(ckpt).lower().endswith(SAFE):
        raise ValueError(
            f"{Path(ckpt).name} is no safetensors file. Weft reads no pickles: convert it first."
        )
    where = str(device) if device is not None else "cpu"
    tensors = safetensors.torch.load_file(ckpt, device=where)
    if not return_metadata:
        return tensors
    with safetensors.safe_open(ckpt, framework="pt") as opened:
        return tensors, opened.metadata()


def save_torch_file(sd: Mapping[str, Tensor], ckpt: str, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors to a safetensors file."""
    safetensors.torch.save_file(dict(sd), ckpt, metadata=dict(metadata) if metadata else None)


def calculate_parameters(sd: Mapping[str, Tensor], prefix: str = "") -> int:
    """How many numbers the tensors have whose names begin so."""
    return sum(tensor.nelement() for name, tensor in sd.items() if name.startswith(prefix))


def state_dict_prefix_replace(
    state_dict: dict[str, Any], replace_prefix: Mapping[str, str], filter_keys: bool = False
) -> dict[str, Any]:
    """The tensors with other beginnings of their names."""
    found: dict[str, Any] = {} if filter_keys else state_dict
    for old, new in replace_prefix.items():
        for name in [name for name in state_dict if name.startswith(old)]:
            found[new + name.removeprefix(old)] = state_dict.pop(name)
    return found


def repeat_to_batch_size(tensor: Tensor, batch_size: int, dim: int = 0) -> Tensor:
    """Exactly so many along a side, the first ones again where there are too few."""
    return repeated(tensor.movedim(dim, 0), batch_size).movedim(0, dim)


def resize_to_batch_size(tensor: Tensor, batch_size: int) -> Tensor:
    """Exactly so many, mixed from those that are there."""
    if len(tensor) in (batch_size, 1) or batch_size <= 1:
        return repeated(tensor, batch_size)
    places = torch.linspace(0, len(tensor) - 1, batch_size)
    low = places.floor().long()
    share = (places - low).reshape(-1, *[1] * (tensor.ndim - 1)).to(tensor)
    return torch.lerp(tensor[low], tensor[(low + 1).clamp(max=len(tensor) - 1)], share)


def reshape_mask(input_mask: Tensor, output_shape: Iterable[int]) -> Tensor:
    """A mask in the shape (b, c, h, w) of latents."""
    return mask_in_cells(input_mask, tuple(output_shape))


def get_attr(obj: Any, attr: str) -> Any:
    """What stands behind a dotted name."""
    for name in attr.split("."):
        obj = getattr(obj, name)
    return obj


def set_attr(obj: Any, attr: str, value: Any) -> Any:
    """Put something else behind a dotted name; gives what stood there."""
    home, _, name = attr.rpartition(".")
    owner = get_attr(obj, home) if home else obj
    before = getattr(owner, name)
    setattr(owner, name, value)
    return before


def get_tiled_scale_steps(width: int, height: int, tile_x: int, tile_y: int, overlap: int) -> int:
    """How many tiles there are."""
    return len(list(_starts(width, tile_x, overlap))) * len(list(_starts(height, tile_y, overlap)))


def tiled_scale(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    tile_x: int = 64,
    tile_y: int = 64,
    overlap: int = 8,
    upscale_amount: float = 4,
    out_channels: int = 3,
    output_device: Any = "cpu",
    pbar: Any = None,
) -> Tensor:
    """What a function makes of values (b, c, h, w), tile by tile; tiles fade into each other."""
    height, width = samples.shape[-2:]
    shape = (samples.shape[0], out_channels, round(height * upscale_amount), round(width * upscale_amount))
    total, weights = torch.zeros(shape, device=output_device), torch.zeros(shape, device=output_device)
    for top in _starts(height, tile_y, overlap):
        for left in _starts(width, tile_x, overlap):
            part = function(samples[..., top : top + tile_y, left : left + tile_x]).to(output_device)
            fade = _fade(part, round(overlap * upscale_amount))
            y, x = round(top * upscale_amount), round(left * upscale_amount)
            place = (..., slice(y, y + part.shape[-2]), slice(x, x + part.shape[-1]))
            total[place] += part * fade
            weights[place] += fade
            if pbar is not None:
                pbar.update(1)
    return total / weights


def _starts(length: int, tile: int, overlap: int) -> Iterator[int]:
    if length <= tile:
        yield 0
        return
    for start in range(0, length - overlap, max(tile - overlap, 1)):
        yield min(start, length - tile)


def _fade(part: Tensor, reach: int) -> Tensor:
    """1 in the middle of a tile, falling towards its sides."""
    sides = []
    for length in part.shape[-2:]:
        place = torch.arange(length, device=part.device)
        nearest = torch.minimum(place, length - 1 - place) + 1
        sides.append((nearest / max(reach, 1)).clamp(max=1.0))
    return sides[0][:, None] * sides[1]


# ---- node_helpers


def conditioning_set_values(
    conditioning: Any, values: Mapping[str, Any] | None = None, append: bool = False
) -> list[list[Any]]:
    """The conditioning with these said of each of its entries."""
    found = []
    for context, facts in conditioning:
        said = dict(facts)
        for key, value in (values or {}).items():
            said[key] = said[key] + value if append and said.get(key) is not None else value
        found.append([context, said])
    return found


def pillow(function: Callable[..., Any], argument: Any) -> Any:
    """What one of Pillow's functions gives, also for a file that ends too early."""
    try:
        return function(argument)
    except (OSError, ValueError):
        before = PIL.ImageFile.LOAD_TRUNCATED_IMAGES
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            return function(argument)
        finally:
            PIL.ImageFile.LOAD_TRUNCATED_IMAGES = before


def hasher() -> Callable[..., Any]:
    """What files are told apart by."""
    return hashlib.sha256


def string_to_torch_dtype(string: str) -> torch.dtype | None:
    """A kind of numbers by its name."""
    known = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
    return known.get(string)


def image_alpha_fix(destination: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """Two pictures with as many channels each: alpha is taken away, or added as solid."""
    if destination.shape[-1] < source.shape[-1]:
        source = source[..., : destination.shape[-1]]
    elif destination.shape[-1] > source.shape[-1]:
        destination = F.pad(destination, (0, 1))
        destination[..., -1] = 1.0
    return destination, source


# ---- latent_preview


class LatentPreviewer:
    """Shows unfinished latents."""

    def __init__(self, model: ModelAdapter | None = None) -> None:
        self._model = model

    def decode_latent_to_preview_image(self, preview_format: str, x0: Tensor) -> Any:
        """What a ProgressBar takes as a preview."""
        colours = self._model.weft.colours if self._model else None
        return (preview_format, UnfinishedLatent(x0, colours), MAX_PREVIEW_RESOLUTION)


def get_previewer(device: Any, latent_format: Any) -> LatentPreviewer:
    """What shows the latents of a model."""
    return LatentPreviewer()


def prepare_callback(
    model: ModelAdapter, steps: int, x0_output_dict: dict[str, Any] | None = None
) -> Callable[[int, Tensor, Tensor, int], None]:
    """What a sampler calls at each step: tells of it, shows the guess, and keeps it."""
    call = pack_call()

    def callback(step: int, x0: Tensor, x: Tensor, total_steps: int) -> None:
        if x0_output_dict is not None:
            x0_output_dict["x0"] = x0
        if call is not None:
            call.context.progress(step + 1, total_steps)
            call.context.preview(UnfinishedLatent(x0, model.weft.colours))

    return callback


def set_preview_method(override: str | None = None) -> None:
    """Whether and how previews are made is the server's to say."""


for _name in ("comfy.utils", "node_helpers", "latent_preview"):
    offer_module(_name, __name__)
