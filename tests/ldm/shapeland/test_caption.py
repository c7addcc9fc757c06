"""Captions: the closed vocabulary, the length, and that what is said is true."""

import itertools
import random

from ldm.shapeland.caption import (
    COLOUR_WORDS,
    GROUND_WORDS,
    MAX_WORDS,
    POSITION_WORDS,
    SHAPE_WORDS,
    SIZE_WORDS,
    WORDS,
    caption,
    full_caption,
)
from ldm.shapeland.scene import Scene, Thing, random_scene

EXAMPLE = Scene(
    "gray",
    (
        Thing("circle", "red", "large", 0, 0, 10.0, 0.0, 0.0),
        Thing("star", "blue", "small", 1, 1, 6.5, 0.0, 0.0),
    ),
)


def pairs(count: int, weights: tuple[float, float, float] = (1, 1, 1)) -> list[tuple[Scene, str]]:
    rng = random.Random(0)
    scenes = [random_scene(rng, weights) for _ in range(count)]
    return [(scene, caption(scene, rng)) for scene in scenes]


def test_the_full_caption_names_every_attribute() -> None:
    expected = "a large red circle at the top left and a small blue star in the center on a gray background"
    assert full_caption(EXAMPLE) == expected


def test_different_scenes_have_different_full_captions() -> None:
    rng = random.Random(0)
    said: dict[str, tuple[object, ...]] = {}
    for scene in (random_scene(rng) for _ in range(3000)):
        meaning = (scene.background, *((t.shape, t.colour, t.size, t.row, t.column) for t in scene.things))
        assert said.setdefault(full_caption(scene), meaning) == meaning


def test_the_same_seed_gives_the_same_caption() -> None:
    assert caption(EXAMPLE, random.Random(5)) == caption(EXAMPLE, random.Random(5))


def test_every_caption_keeps_to_the_vocabulary_and_every_word_of_it_is_used() -> None:
    used = {word for _, said in pairs(6000) for word in said.split()}
    assert used == set(WORDS)
    assert list(WORDS) == sorted(WORDS)


def test_no_caption_is_longer_than_thirty_words() -> None:
    many = pairs(4000, (1, 2, 4))
    assert max(len(said.split()) for _, said in many) == MAX_WORDS
    assert max(len(full_caption(scene).split()) for scene, _ in many) == MAX_WORDS


def test_every_thing_is_named_by_one_of_its_colours_and_shapes() -> None:
    for scene, said in pairs(1000):
        for thing in scene.things:
            nouns = [f"{c} {s}" for c in COLOUR_WORDS[thing.colour] for s in SHAPE_WORDS[thing.shape]]
            assert sum(said.count(noun) for noun in nouns) == 1, said


def test_a_caption_never_says_anything_untrue_of_a_single_thing() -> None:
    for scene, said in pairs(1500, (1, 0, 0)):
        thing = scene.things[0]
        padded = f" {said} "
        for size, words in SIZE_WORDS.items():
            assert size == thing.size or not any(f" {word} " in padded for word in words), said
        for ground, words in GROUND_WORDS.items():
            assert ground == scene.background or not any(f" {word} " in padded for word in words), said
        for cell, phrases in POSITION_WORDS.items():
            true = POSITION_WORDS[thing.row, thing.column]
            # "at the top" is also the start of "at the top left".
            false = [p for p in phrases if not any(t.startswith(p) for t in true)]
            assert cell == (thing.row, thing.column) or not any(f" {p} " in padded for p in false), said


def test_size_position_and_background_are_each_left_out_sometimes_and_mostly_kept() -> None:
    many = pairs(2000, (1, 0, 0))

    def share(words: set[str]) -> float:
        return sum(bool(words & set(said.split())) for _, said in many) / len(many)

    assert 0.75 < share({"small", "little", "large", "big"}) < 0.95
    assert 0.75 < share({"the"}) < 0.95
    assert 0.7 < share({"black", "gray", "grey", "white"}) < 0.9


def test_the_things_are_named_in_any_order() -> None:
    rng = random.Random(0)
    red_first = [
        said.index("red") < said.index("blue") for said in (caption(EXAMPLE, rng) for _ in range(100))
    ]
    assert 20 < sum(red_first) < 80


def test_a_vowel_is_preceded_by_an() -> None:
    for _, said in pairs(2000):
        words = said.split()
        for article, word in itertools.pairwise(words):
            assert article not in ("a", "an") or (article == "an") == (word[0] in "aeiou"), said
