"""Describes scenes in a small closed English: the same scene can be said in many ways, with parts left out.

Every word the grammar can emit is in `WORDS`, so a vocabulary can be built without sampling captions.
"""

import random
from collections.abc import Iterable

from ldm.shapeland.scene import BACKGROUNDS, COLOURS, SHAPES, SIZES, Scene, Thing

# The first way of saying something is the canonical one.
SHAPE_WORDS = {shape: (shape,) for shape in SHAPES} | {
    "circle": ("circle", "disc"),
    "cross": ("cross", "plus"),
}
COLOUR_WORDS = {colour: (colour,) for colour in COLOURS} | {"purple": ("purple", "violet")}
GROUND_WORDS = {ground: (ground,) for ground in BACKGROUNDS} | {"gray": ("gray", "grey")}
SIZE_WORDS = {size: (size,) for size in SIZES} | {"small": ("small", "little"), "large": ("large", "big")}
POSITION_WORDS = {
    (0, 0): ("at the top left", "in the upper left"),
    (0, 1): ("at the top center", "at the top middle", "at the top"),
    (0, 2): ("at the top right", "in the upper right"),
    (1, 0): ("at the middle left", "at the center left", "on the left"),
    (1, 1): ("in the center", "in the middle"),
    (1, 2): ("at the middle right", "at the center right", "on the right"),
    (2, 0): ("at the bottom left", "in the lower left"),
    (2, 1): ("at the bottom center", "at the bottom middle", "at the bottom"),
    (2, 2): ("at the bottom right", "in the lower right"),
}
GROUND_TEMPLATES = ("{things} on {ground} background", "{things} over {ground} backdrop")
GROUND_FIRST_TEMPLATES = ("{ground} background with {things}", "on {ground} background {things}")
JOINERS = ("and", "with", "next to")
# Only for one or two things: three fully described things already fill the 30 words.
OPENINGS = ("a picture of", "an image of", "there is")
MAX_WORDS = 30

DROP_SIZE = 0.15
DROP_POSITION = 0.15
DROP_BACKGROUND = 0.2
OPEN = 0.15


def full_caption(scene: Scene) -> str:
    """Describe everything in a scene in the canonical words, in the scene's order.

    For example "a large red circle at the top left and a small blue star in the center on a gray background".
    """
    things = [
        _noun(SIZE_WORDS[t.size][0], COLOUR_WORDS[t.colour][0], SHAPE_WORDS[t.shape][0], _positions(t)[0])
        for t in scene.things
    ]
    ground = _with_article(GROUND_WORDS[scene.background][0])
    return GROUND_TEMPLATES[0].format(things=" and ".join(things), ground=ground)


def caption(scene: Scene, rng: random.Random) -> str:
    """Describe a scene the way people do: other words, another order, some attributes left out.

    Colour and shape are always named; size, position and background sometimes are not. The things come in any
    order. Never more than 30 words.

    Args:
        scene: what to describe.
        rng: the only source of chance; the same state gives the same caption.
    """
    things = [_vary(thing, rng) for thing in rng.sample(scene.things, len(scene.things))]
    joiner = rng.choice(JOINERS[:1] if len(things) > 2 else JOINERS)
    said = f" {joiner} ".join(things)
    opening = f"{rng.choice(OPENINGS)} " if len(things) < 3 and rng.random() < OPEN else ""
    if rng.random() < DROP_BACKGROUND:
        return opening + said
    ground = _with_article(rng.choice(GROUND_WORDS[scene.background]))
    if not opening and rng.random() < 0.5:
        return rng.choice(GROUND_FIRST_TEMPLATES).format(things=said, ground=ground)
    return opening + rng.choice(GROUND_TEMPLATES).format(things=said, ground=ground)


def _vary(thing: Thing, rng: random.Random) -> str:
    size = "" if rng.random() < DROP_SIZE else rng.choice(SIZE_WORDS[thing.size])
    position = "" if rng.random() < DROP_POSITION else rng.choice(_positions(thing))
    return _noun(size, rng.choice(COLOUR_WORDS[thing.colour]), rng.choice(SHAPE_WORDS[thing.shape]), position)


def _positions(thing: Thing) -> tuple[str, ...]:
    return POSITION_WORDS[thing.row, thing.column]


def _noun(size: str, colour: str, shape: str, position: str) -> str:
    return " ".join(part for part in (_with_article(f"{size} {colour}".strip()), shape, position) if part)


def _with_article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def _every_word() -> tuple[str, ...]:
    phrases: Iterable[str] = (
        *(word for words in SHAPE_WORDS.values() for word in words),
        *(word for words in COLOUR_WORDS.values() for word in words),
        *(word for words in GROUND_WORDS.values() for word in words),
        *(word for words in SIZE_WORDS.values() for word in words),
        *(phrase for phrases in POSITION_WORDS.values() for phrase in phrases),
        *(t.format(things="", ground="a") for t in GROUND_TEMPLATES + GROUND_FIRST_TEMPLATES),
        *JOINERS,
        *OPENINGS,
        "an",
    )
    return tuple(sorted({word for phrase in phrases for word in phrase.split()}))


WORDS = _every_word()
