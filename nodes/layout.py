"""Telling a model what shall be where, in boxes; and which class of things it shall paint."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch

from engine.api import Multiline, Range, node
from ldm.diffusion.vectors import CLASS
from ldm.text.boxes import LayoutBox, layout_tokens
from ldm.text.classes import ClassEmbedder
from ldm.text.tau import NotHeard
from ldm.text.transformer import TextEncoder
from nodes.facts import conditioning
from nodes.port_types import Conditioning, Layout, TextModel, TokenRows
from nodes.text import encode_text, encode_tokens
from nodes.widgets import Share

HOME = "conditioning/layout"
FIELDS = 5  # of a line: a class, and where its box lies
Number = Annotated[int, Range(0, 1_000_000)]


@node("LayoutBox", title="Add a box", category=HOME)
def layout_box(
    number: Number = 0,
    left: Share = 0.25,
    top: Share = 0.25,
    width: Share = 0.5,
    height: Share = 0.5,
    layout: Layout | None = None,
) -> Layout:
    """Say that a thing of a class shall be in a box; all in shares of the picture.

    Args:
        number: Of the class.
        left: Where the box begins, from the left.
        top: Where the box begins, from above.
        width: How wide it is.
        height: How high it is.
        layout: The boxes that are there already.
    """
    there = () if layout is None else layout.boxes
    return Layout((*there, LayoutBox(number, left, top, width, height)))


@node("LayoutFromText", title="Boxes from text", category=HOME)
def layout_from_text(text: Multiline) -> Layout:
    """Write down a layout, a box in each line: the number of a class, left, top, width and height.

    Args:
        text: Such as `17 0.1 0.2 0.5 0.5`: shares of the picture.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    return Layout(tuple(_box(line) for line in lines))


def _box(line: str) -> LayoutBox:
    fields = line.replace(",", " ").split()
    try:
        if len(fields) != FIELDS:
            raise ValueError
        return LayoutBox(int(fields[0]), *(float(field) for field in fields[1:]))
    except ValueError as error:
        raise ValueError(
            f"A line of a layout is a class and four shares, such as '17 0.1 0.2 0.5 0.5', but this one is {line!r}."
        ) from error


@node(
    "EncodeLayout",
    title="Encode layout",
    category=HOME,
    device=True,
    facts=conditioning.encoded,
)
def encode_layout(layout: Layout, clip: TextModel) -> Conditioning:
    """Tell a layout-to-image model what shall be where.

    Args:
        layout: The boxes.
        clip: The layout encoder of the checkpoint, which comes where other models have their text encoder.
    """
    tau = clip.encoder
    if not isinstance(tau, TextEncoder) or tau.spec.tokens != "boxes":
        raise NotHeard(f"This model listens to {tau.hears}, and not to boxes.")
    tokens = layout_tokens(layout.boxes, tau.spec.entries, tau.spec.length)
    return encode_tokens(TokenRows(torch.tensor(tokens.ids)), clip)


@node(
    "ClassLabel",
    title="Tell a class",
    category="conditioning",
    device=True,
    facts=conditioning.encoded,
)
def class_label(clip: TextModel, number: Number = 0, nothing: bool = False) -> Conditioning:
    """Tell a class-conditional model what to paint, by the number of a class.

    Args:
        clip: The class encoder of the checkpoint, which comes where other models have their text encoder.
        number: Of the class.
        nothing: Name no class; as a negative for models that know none.
    """
    named = isinstance(clip.encoder, ClassEmbedder) and not nothing
    told = encode_text(str(number) if named else "", clip)
    facts = {} if nothing else {CLASS: number}
    return Conditioning(tuple(replace(one, facts={**one.facts, **facts}) for one in told.entries))
