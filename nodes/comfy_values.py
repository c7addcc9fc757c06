"""Our values as ComfyUI's packs know them, and back: tensors, dictionaries of latents, lists of conditionings.

A latent here is scaled as diffusion sees it, which ComfyUI's are not until they are sampled: a pack that does
arithmetic on latents sees numbers that are larger or smaller by the model's scale factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from engine.api import offer_surroundings, offer_value
from ldm.diffusion.condition import Area, Condition
from ldm.spec import Beside
from nodes.comfy_models import (
    ClipAdapter,
    GuiderAdapter,
    ModelAdapter,
    NoiseAdapter,
    SamplerAdapter,
    VaeAdapter,
)
from nodes.port_types import (
    Conditioning,
    DiffusionModel,
    FirstStage,
    Guider,
    Image,
    Latent,
    Mask,
    Noise,
    SamplerChoice,
    Sigmas,
    TextModel,
)

CELL = 8  # pixels, in ComfyUI
OURS = "weft"  # the key of a pack's latent or condition under which that is kept which ComfyUI's do not have
LATENT_KEYS = {"samples", "noise_mask", "batch_index", OURS}
CONDITION_KEYS = {
    "area",
    "strength",
    "mask",
    "mask_strength",
    "set_area_to_bounds",
    "start_percent",
    "end_percent",
    OURS,
    "concat_mask",
    "concat_latent_image",
    "concat_image",
}
SHOWN: Mapping[Beside, str] = {
    "mask": "concat_mask",
    "source": "concat_latent_image",
    "masked_image": "concat_latent_image",
    "low_resolution": "concat_image",
}
COLOURS = {1, 3, 4}
BATCH_OF_PICTURES, BATCH_OF_MASKS = 4, 3


def image_in(image: Image) -> Tensor:
    """The pixels (b, h, w, c)."""
    return image.pixels


def image_out(value: Any) -> Any:
    """A picture; one without a batch becomes a batch of one."""
    if not isinstance(value, Tensor):
        return value
    pixels = value if value.ndim == BATCH_OF_PICTURES else value[None]
    return Image(pixels.cpu())


def mask_in(mask: Mask) -> Tensor:
    """The values (b, h, w)."""
    return mask.values


def mask_out(value: Any) -> Any:
    """A mask; packs give (h, w), (b, h, w) and (b, 1, h, w)."""
    return Mask(value.reshape(-1, *value.shape[-2:]).cpu()) if isinstance(value, Tensor) else value


def latent_in(latent: Latent) -> dict[str, Any]:
    """The samples with what lies beside them."""
    found: dict[str, Any] = {"samples": latent.samples, **latent.extra}
    if latent.noise_mask is not None:
        found["noise_mask"] = latent.noise_mask
    if latent.batch_index is not None:
        found["batch_index"] = list(latent.batch_index)
    if latent.canvas is not None or latent.factor != CELL or latent.past:
        found[OURS] = latent
    return found


def latent_out(value: Any) -> Any:
    """A latent. What belonged to the samples that came in is kept while they are the same, or as empty as before."""
    if not isinstance(value, Mapping) or not isinstance(value.get("samples"), Tensor):
        return value
    before, places, mask = value.get(OURS), value.get("batch_index"), value.get("noise_mask")
    known = before if isinstance(before, Latent) else None
    samples: Tensor = value["samples"]
    same = known is not None and known.samples is samples
    empty = known is not None and known.samples.shape == samples.shape and not bool(samples.any())
    return Latent(
        samples,
        canvas=known.canvas if known and (same or empty) else None,
        noise_mask=mask.reshape(-1, 1, *mask.shape[-2:]) if isinstance(mask, Tensor) else None,
        batch_index=None if places is None else tuple(int(place) for place in places),
        factor=known.factor if known else CELL,
        past=known.past if known and same else (),
        extra={key: one for key, one in value.items() if key not in LATENT_KEYS},
    )


def conditioning_in(conditioning: Conditioning) -> list[list[Any]]:
    """Pairs of a context and a dictionary."""
    return [[entry.context, _facts(entry)] for entry in conditioning.entries]


def conditioning_out(value: Any) -> Any:
    """A conditioning, of pairs of a context and a dictionary."""
    if not _is_conditioning(value):
        return value
    return Conditioning(tuple(_condition(context, facts) for context, facts in value))


def _facts(entry: Condition) -> dict[str, Any]:
    facts: dict[str, Any] = dict(entry.facts)
    if entry.beside or entry.images or entry.control:
        facts[OURS] = entry
    if entry.area is not None:
        facts["area"] = _area_in(entry.area)
    if entry.mask is not None:
        facts |= {
            "mask": entry.mask,
            "mask_strength": entry.mask_strength,
            "set_area_to_bounds": entry.mask_box,
        }
    facts |= _shown_in(entry)
    told = {
        "strength": (entry.strength, 1.0),
        "start_percent": (entry.start, 0.0),
        "end_percent": (entry.end, 1.0),
    }
    return {**facts, **{key: value for key, (value, usual) in told.items() if value != usual}}


def _condition(context: Tensor, facts: Mapping[str, Any]) -> Condition:
    area, before = facts.get("area"), facts.get(OURS)
    known = before if isinstance(before, Condition) else Condition(context)
    return Condition(
        context,
        area=None if area is None else _area_out(area),
        strength=float(facts.get("strength", 1.0)),
        mask=facts.get("mask"),
        mask_strength=float(facts.get("mask_strength", 1.0)),
        mask_box=bool(facts.get("set_area_to_bounds", False)),
        start=float(facts.get("start_percent", 0.0)),
        end=float(facts.get("end_percent", 1.0)),
        beside={**known.beside, **_shown_out(facts, known.beside)},
        images=known.images,
        control=known.control,
        facts={key: value for key, value in facts.items() if key not in CONDITION_KEYS},
    )


def _shown_in(entry: Condition) -> dict[str, Any]:
    """What stands beside the latent, under ComfyUI's names."""
    return {SHOWN[name]: values for name, values in entry.beside.items() if name in SHOWN}


def _shown_out(facts: Mapping[str, Any], known: Mapping[Beside, Tensor]) -> dict[Beside, Tensor]:
    """What a pack says under ComfyUI's names; one name stands for two things, of which one may be known already."""
    taken = {SHOWN[name]: name for name in known if name in SHOWN}
    return {
        name: facts[theirs]
        for name, theirs in SHOWN.items()
        if theirs in facts and taken.get(theirs, name) == name
    }


def _area_in(area: Area) -> tuple[Any, ...]:
    sides = (area.height, area.width, area.top, area.left)
    return ("percentage", *sides) if area.relative else tuple(int(side) // CELL for side in sides)


def _area_out(area: Any) -> Area:
    if area[0] == "percentage":
        height, width, top, left = (float(side) for side in area[1:])
        return Area(height, width, top, left, relative=True)
    height, width, top, left = (float(side) * CELL for side in area)
    return Area(height, width, top, left)


def _is_conditioning(value: object) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(
        isinstance(pair, list | tuple)
        and len(pair) == len(("context", "facts"))
        and isinstance(pair[0], Tensor)
        and isinstance(pair[1], Mapping)
        for pair in value
    )


def _is_image(value: object) -> bool:
    return isinstance(value, Tensor) and value.ndim == BATCH_OF_PICTURES and value.shape[-1] in COLOURS


def _is_mask(value: object) -> bool:
    return isinstance(value, Tensor) and value.ndim == BATCH_OF_MASKS


def _is_latent(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("samples"), Tensor)


def _is_sigmas(value: object) -> bool:
    return isinstance(value, Tensor) and value.ndim == 1


def _sigmas_out(value: Any) -> Any:
    return Sigmas(value.cpu()) if isinstance(value, Tensor) else value


def _back(ours: type) -> Any:
    """Gives what an adapter stands for, or the value itself where it is none."""

    def outward(value: Any) -> Any:
        found = getattr(value, "weft", None)
        return found if isinstance(found, ours) else value

    return outward


def _stands_for(ours: type) -> Callable[[object], bool]:
    return lambda value: isinstance(getattr(value, "weft", None), ours)


def _without_gradients() -> bool:
    before = torch.is_grad_enabled()
    torch._C._set_grad_enabled(False)  # `torch.set_grad_enabled` does the same in four times the time
    return before


offer_value(Image, "IMAGE", image_in, image_out, _is_image)
offer_value(Mask, "MASK", mask_in, mask_out, _is_mask)
offer_value(Latent, "LATENT", latent_in, latent_out, _is_latent)
offer_value(Conditioning, "CONDITIONING", conditioning_in, conditioning_out, _is_conditioning)
offer_value(Sigmas, "SIGMAS", lambda sigmas: sigmas.levels, _sigmas_out, _is_sigmas)
for _ours, _port, _adapter in (
    (DiffusionModel, "MODEL", ModelAdapter),
    (TextModel, "CLIP", ClipAdapter),
    (FirstStage, "VAE", VaeAdapter),
    (Noise, "NOISE", NoiseAdapter),
    (SamplerChoice, "SAMPLER", SamplerAdapter),
    (Guider, "GUIDER", GuiderAdapter),
):
    offer_value(_ours, _port, _adapter, _back(_ours), _stands_for(_ours))
offer_surroundings(_without_gradients, torch._C._set_grad_enabled)
