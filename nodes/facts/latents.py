"""What is known of latents: how many, of how many channels and cells, and of whose first stage.

An empty latent has no cells of its own yet: `canvas_width` and `canvas_height` are the pixels that it will stand for.
"""

from __future__ import annotations

from dataclasses import replace

from engine.api import Clash, Fact, Facts
from nodes.facts.conditioning import unheard
from nodes.facts.known import (
    CELLS,
    PIXELS,
    Side,
    cells,
    only,
    reshaped,
    sides,
    sized,
    times,
    together,
)

USUAL = 8  # pixels along a side of a cell, where nobody says otherwise
SMALLEST = 64  # pixels along a side
STAGE = ("factor", "first_stage")


# ---- new ones


def empty(width: Side, height: Side, batch_size: Side) -> Fact:
    """An empty canvas; the model decides what becomes of it."""
    return _canvas(width, height, batch_size, 4)


def empty_16(width: Side, height: Side, batch_size: Side) -> Fact:
    """The same of 16 channels."""
    return _canvas(width, height, batch_size, 16)


def _canvas(width: Side, height: Side, batch: Side, channels: int) -> Fact:
    shape = (batch, channels, cells(height, USUAL), cells(width, USUAL))
    return sized("latent", shape, canvas_width=width, canvas_height=height)


def encoded(pixels: Fact, vae: Fact) -> Facts:
    """Pictures behind the first stage; sides are cut to whole cells."""
    batch, height, width, _ = sides(pixels, PIXELS)
    factor = vae.more.get("factor")
    for side in (height, width):
        if side is not None and factor is not None and side < factor:
            return Clash(
                "pixels",
                f"the picture is {width} x {height} pixels, but one cell of the latent spans {factor} x {factor}",
                "Enlarge the picture first.",
            )
    shape = (batch, vae.more.get("channels"), cells(height, factor), cells(width, factor))
    return sized("latent", shape, vae.family, **only(vae.more, *STAGE))


# ---- through the model and back to pixels


def decoded(samples: Fact, vae: Fact) -> Facts:
    """Pictures of latents."""
    batch, channels, height, width = sides(samples, CELLS)
    wanted, factor = vae.more.get("channels"), vae.more.get("factor")
    if channels is not None and wanted is not None and channels != wanted:
        return Clash(
            "samples",
            f"the latent has {channels} channels, but the first stage decodes {wanted}",
            "Decode it with the first stage of the model that it comes from.",
        )
    if _strangers(samples, vae):
        return Clash(
            "samples",
            f"it is a latent of {samples.family or 'another first stage'}, but the first stage is of "
            f"{vae.family or 'another model'}",
            "Decode it with the first stage of the model that it comes from.",
        )
    return sized("image", (batch, times(height, factor), times(width, factor), 3), vae.family)


def sampled(model: Fact, positive: Fact, negative: Fact, latent_image: Fact) -> Facts:
    """What a sampler makes of a latent."""
    unfit = unheard(model, positive, "positive") or unheard(model, negative, "negative")
    return unfit or fitted(model, latent_image)


def sampled_twice(model: Fact, positive: Fact, negative: Fact, latent_image: Fact) -> Facts:
    """The same, with the model's last guess beside it."""
    return _both(sampled(model, positive, negative, latent_image))


def sampled_by_guider(guider: Fact, latent_image: Fact) -> Facts:
    """The same; the guider knows its model."""
    return _both(fitted(guider, latent_image))


def started(model: Fact, latent_image: Fact) -> Facts:
    """A latent with noise, as the model's samplers begin with it."""
    return fitted(model, latent_image)


def fitted(model: Fact, latent_image: Fact) -> Fact | Clash:
    """A latent as a model samples it: an empty one gets the model's channels and cells."""
    batch, channels, height, width = sides(latent_image, CELLS)
    wanted, factor = model.more.get("channels"), model.more.get("factor")
    canvas = latent_image.more.get("canvas_width"), latent_image.more.get("canvas_height")
    if is_empty(latent_image):
        for name, side in zip(("width", "height"), canvas, strict=True):
            if side is not None and factor is not None and side % factor:
                low = side - side % factor
                return Clash(
                    "latent_image",
                    f"its {name} is {side} pixels, which are no whole cells of {factor}",
                    f"Make it {low or factor} or {low + factor}.",
                )
        shape = (batch, wanted, cells(canvas[1], factor), cells(canvas[0], factor))
    elif channels is not None and wanted is not None and channels != wanted:
        return Clash(
            "latent_image",
            f"it has {channels} channels, but the model samples {wanted}",
            "Encode the picture with the first stage of the same model.",
        )
    elif _strangers(latent_image, model):
        return Clash(
            "latent_image",
            f"it is a latent of {latent_image.family or 'another first stage'}, but the model is {model.family}",
            "Encode the picture with the first stage of the same model.",
        )
    else:
        shape = (batch, wanted or channels, height, width)
    return sized("latent", shape, model.family or latent_image.family, **only(model.more, *STAGE))


def is_empty(latent: Fact) -> bool:
    """Whether a latent is an empty canvas still."""
    return bool({"canvas_width", "canvas_height"} & latent.more.keys())


def _strangers(one: Fact, other: Fact) -> bool:
    ours, theirs = one.more.get("first_stage"), other.more.get("first_stage")
    return ours is not None and theirs is not None and ours != theirs


def _both(told: Fact | Clash | tuple[Fact, ...] | None) -> Facts:
    return (told, told) if isinstance(told, Fact) else told


# ---- other sizes


def upscaled(samples: Fact, width: Side, height: Side) -> Fact:
    """Another size in pixels; 0 keeps the proportions."""
    batch, channels, down, across = sides(samples, CELLS)
    factor = samples.more.get("factor", USUAL)
    if width is None or height is None:
        return shaped(samples, batch, channels, None, None)
    if width == 0 and height == 0:
        return samples
    known = down is not None and across is not None
    if width == 0:
        width = round(across * max(SMALLEST, height) / down) if known and across and down else None
    elif height == 0:
        height = round(down * max(SMALLEST, width) / across) if known and across and down else None
    lengths = [None if side is None else max(SMALLEST, side) // factor for side in (height, width)]
    return shaped(samples, batch, channels, *lengths)


def upscaled_by(samples: Fact, scale_by: float | None) -> Fact:
    """So many times as large."""
    batch, channels, height, width = sides(samples, CELLS)
    return shaped(samples, batch, channels, times(height, scale_by, round), times(width, scale_by, round))


def turned(samples: Fact, rotation: str | None) -> Fact:
    """Turned by quarters."""
    batch, channels, height, width = sides(samples, CELLS)
    if rotation is None:
        return shaped(samples, batch, channels, None, None)
    across = rotation.startswith(("90", "270"))
    return shaped(samples, batch, channels, *((width, height) if across else (height, width)))


def cut(samples: Fact) -> Fact:
    """A rectangle out of it: how large, the edges decide."""
    batch, channels, _, _ = sides(samples, CELLS)
    return shaped(samples, batch, channels, None, None)


def shaped(latent: Fact, batch: Side, channels: Side, height: Side, width: Side) -> Fact:
    """The latent with other sides; an empty one stays empty."""
    factor = latent.more.get("factor", USUAL)
    canvas = (times(width, factor), times(height, factor)) if is_empty(latent) else (None, None)
    plain = replace(
        latent, more={name: n for name, n in latent.more.items() if not name.startswith("canvas")}
    )
    return reshaped(plain, (batch, channels, height, width), canvas_width=canvas[0], canvas_height=canvas[1])


# ---- batches and sums


def same(samples: Fact) -> Fact:
    """It stays what it is."""
    return samples


def same_as_first(samples1: Fact, samples2: Fact) -> Facts:
    """Two of them made one of the first one's size."""
    return _unlike(samples1, samples2, "samples2") or _first(samples1, samples2)


def taken(samples: Fact, batch_index: Side, length: Side) -> Fact:
    """Some out of a batch."""
    batch, *rest = sides(samples, CELLS)
    count = None
    if batch is not None and batch_index is not None and length is not None:
        first = min(batch_index, batch - 1)
        count = min(length, batch - first)
    return reshaped(samples, (count, *rest))


def repeated(samples: Fact, amount: Side) -> Fact:
    """A batch several times."""
    batch, *rest = sides(samples, CELLS)
    return reshaped(samples, (times(batch, amount), *rest))


def joined(samples1: Fact, samples2: Fact) -> Facts:
    """Two batches as one."""
    first = _first(samples1, samples2)
    _, *rest = sides(first, CELLS)
    count = together(sides(samples1, CELLS)[0], sides(samples2, CELLS)[0])
    return _unlike(samples1, samples2, "samples2") or reshaped(first, (count, *rest))


def rebatched(latents: Fact) -> Fact:
    """Cut anew; there may be fewer in the last."""
    _, *rest = sides(latents, CELLS)
    return reshaped(latents, (None, *rest))


def laid_into(samples_to: Fact, samples_from: Fact) -> Facts:
    """One in another, of the size of what lies below."""
    return _unlike(samples_to, samples_from, "samples_from") or _first(samples_to, samples_from)


def laid_over(destination: Fact, source: Fact) -> Facts:
    """The same, with the names that other nodes give them."""
    return _unlike(destination, source, "source") or _first(destination, source)


def _first(one: Fact, other: Fact) -> Fact:
    """The first of two; where it is empty and the other is not, in the other's channels and cells."""
    if not is_empty(one) or is_empty(other):
        return one
    batch, factor = sides(one, CELLS)[0], other.more.get("factor", USUAL)
    height, width = (cells(one.more.get(f"canvas_{side}"), factor) for side in ("height", "width"))
    return reshaped(other, (batch, sides(other, CELLS)[1], height, width))


def _unlike(one: Fact, other: Fact, input: str) -> Clash | None:
    """The clash of two latents of which neither is empty, and that are not of one first stage."""
    if is_empty(one) or is_empty(other):
        return None
    ours, theirs = sides(one, CELLS)[1], sides(other, CELLS)[1]
    if ours is not None and theirs is not None and ours != theirs:
        return Clash(input, f"it has {theirs} channels, and the other latent has {ours}")
    if _strangers(one, other):
        return Clash(input, f"it is a latent of {other.family}, and the other one is of {one.family}")
    return None
