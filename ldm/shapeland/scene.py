"""What a Shapeland picture contains, in words and numbers: coloured shapes on a 3x3 grid, one to three unless crowded.

Scenes are plain values. Drawing them is in `render`, describing them in `caption`, reading them in `parse`.
Lengths are in pixels of a 64-pixel canvas; `render` scales them.
"""

import random
import zlib
from dataclasses import dataclass
from typing import TypeAlias

Colour: TypeAlias = tuple[float, float, float]

# No pink: the anti-aliased rim of a red shape on white reads as pink. Every two colours, backgrounds
# included, lie at least 0.32 apart in RGB, so that a nearest-colour reading survives a blurry decoder.
COLOURS: dict[str, Colour] = {
    "red": (0.86, 0.10, 0.12),
    "green": (0.13, 0.66, 0.20),
    "blue": (0.13, 0.25, 0.88),
    "yellow": (0.98, 0.90, 0.14),
    "purple": (0.60, 0.16, 0.74),
    "orange": (0.98, 0.52, 0.06),
    "cyan": (0.16, 0.84, 0.92),
}
BACKGROUNDS: dict[str, Colour] = {
    "black": (0.04, 0.04, 0.04),
    "gray": (0.50, 0.50, 0.50),
    "white": (0.96, 0.96, 0.96),
}
SHAPES = ("circle", "square", "triangle", "star", "cross")
SIZES = ("small", "large")

CANVAS = 64
GRID = 3
CELL = CANVAS / GRID
JITTER = 1.0
RADII: dict[str, tuple[float, float]] = {"small": (6.0, 7.0), "large": (9.5, 10.5)}
COMBINATIONS = len(SHAPES) * len(COLOURS) * len(SIZES) * GRID * GRID * len(BACKGROUNDS)  # 1890
HELD_OUT_EVERY = 10


@dataclass(frozen=True, slots=True)
class Thing:
    """One coloured shape: its grid cell, its radius and how far it sits off the cell's centre, in pixels."""

    shape: str
    colour: str
    size: str
    row: int
    column: int
    radius: float
    dx: float
    dy: float

    @property
    def centre(self) -> tuple[float, float]:
        """Where the shape's centre lies: (x, y) in pixels of the 64-pixel canvas."""
        return (self.column + 0.5) * CELL + self.dx, (self.row + 0.5) * CELL + self.dy


@dataclass(frozen=True, slots=True)
class Scene:
    """A background and the things on it; a later thing covers an earlier one."""

    background: str
    things: tuple[Thing, ...]


def random_scene(
    rng: random.Random, counts: tuple[float, float, float] = (0.5, 0.3, 0.2), *, held_out: bool = False
) -> Scene:
    """Draw a scene of one to three things with distinct colours in distinct cells.

    Args:
        rng: the only source of chance; the same state gives the same scene.
        counts: relative weights of one, two and three things; ignored when `held_out`.
        held_out: True draws single-thing scenes from the held-out tenth of the combinations. False never
            gives one of those, so a model trained on such scenes can be asked for combinations it never saw.

    Raises:
        ValueError: if `counts` has a negative weight or no positive one.
    """
    if min(counts) < 0 or sum(counts) <= 0:
        raise ValueError(f"counts must be three weights >= 0 with a positive sum, got {counts}")
    count = 1 if held_out else rng.choices((1, 2, 3), weights=counts)[0]
    # The count is drawn once: redrawing it together with a refused scene would make singles rarer than asked.
    scene = _draw(rng, count)
    while is_held_out(scene) != held_out:
        scene = _draw(rng, count)
    return scene


def is_held_out(scene: Scene) -> bool:
    """Say whether a scene is one of the single-thing combinations kept away from training.

    About a tenth of the 1890 (shape, colour, size, cell, background) combinations are. A scene of two or
    three things never is. Checked with CRC-32, because Python's own `hash` changes from run to run.
    """
    if len(scene.things) != 1:
        return False
    thing = scene.things[0]
    name = f"{thing.shape} {thing.colour} {thing.size} {thing.row} {thing.column} {scene.background}"
    return zlib.crc32(name.encode()) % HELD_OUT_EVERY == 0


def _draw(rng: random.Random, count: int) -> Scene:
    colours = rng.sample(tuple(COLOURS), count)
    cells = rng.sample(range(GRID * GRID), count)
    background = rng.choice(tuple(BACKGROUNDS))
    return Scene(background, tuple(_draw_thing(rng, c, cell) for c, cell in zip(colours, cells, strict=True)))


def _draw_thing(rng: random.Random, colour: str, cell: int) -> Thing:
    size = rng.choice(SIZES)
    return Thing(
        shape=rng.choice(SHAPES),
        colour=colour,
        size=size,
        row=cell // GRID,
        column=cell % GRID,
        radius=rng.uniform(*RADII[size]),
        dx=rng.uniform(-JITTER, JITTER),
        dy=rng.uniform(-JITTER, JITTER),
    )


def crowded_scene(rng: random.Random) -> Scene:
    """Draw a scene with a thing in every cell, for training first stages: ten times the edges for the same work."""
    things = tuple(_draw_thing(rng, rng.choice(tuple(COLOURS)), cell) for cell in range(GRID * GRID))
    return Scene(rng.choice(tuple(BACKGROUNDS)), things)
