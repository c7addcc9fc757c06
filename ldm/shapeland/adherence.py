"""Scores pictures against the scenes they were asked to show; the pictures are read by `parse`."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ldm.shapeland.parse import Parsed, Seen, parse
from ldm.shapeland.scene import Scene, Thing


@dataclass(frozen=True, slots=True)
class Adherence:
    """How many of the pictures show what was asked, attribute by attribute, each a fraction 0..1.

    `strict` asks for every thing right in every attribute and no extra thing. The background is scored apart.
    """

    background: float
    count: float
    colour: float
    shape: float
    cell: float
    size: float
    strict: float


def adherence(scenes: Sequence[Scene], images: Tensor) -> Adherence:
    """Score how faithfully pictures show the scenes asked for.

    Colours are distinct within a scene, so a thing asked for is looked up by its colour (the largest,
    if there are several). `colour` counts the pictures that show every colour asked for; `shape`, `cell` and
    `size` those where every one of these things is also right in that, so a missing colour fails all four.

    Args:
        scenes: b scenes, each with one to three things.
        images: (b, 3, 64, 64), -1..1, in the same order.

    Raises:
        ValueError: if there are no scenes, or not as many pictures as scenes.
    """
    if not scenes or len(scenes) != len(images):
        raise ValueError(
            f"adherence expects one picture per scene and at least one, "
            f"got {len(scenes)} scenes and {len(images)} pictures"
        )
    verdicts = [_judge(scene, parsed) for scene, parsed in zip(scenes, parse(images), strict=True)]
    return Adherence(*(sum(column) / len(scenes) for column in zip(*verdicts, strict=True)))


def _judge(scene: Scene, parsed: Parsed) -> tuple[bool, bool, bool, bool, bool, bool, bool]:
    pairs = [(asked, _find(asked, parsed)) for asked in scene.things]
    count = len(parsed.things) == len(scene.things)
    colour = all(seen is not None for _, seen in pairs)
    shape = all(seen is not None and seen.shape == asked.shape for asked, seen in pairs)
    cell = all(
        seen is not None and (seen.row, seen.column) == (asked.row, asked.column) for asked, seen in pairs
    )
    size = all(seen is not None and seen.size == asked.size for asked, seen in pairs)
    strict = count and colour and shape and cell and size
    return parsed.background == scene.background, count, colour, shape, cell, size, strict


def _find(asked: Thing, parsed: Parsed) -> Seen | None:
    return next((seen for seen in parsed.things if seen.colour == asked.colour), None)
