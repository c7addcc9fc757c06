"""Packing a long prompt into the rows of tokens that CLIP can hear at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ldm.text.bpe import END, START, word_ids
from ldm.text.prompt import weighted

Token: TypeAlias = tuple[int, float]
MARK = "embedding:"
NOTHING: Mapping[str, Sequence[int]] = {}
LONG_WORD = 8  # tokens; a word of so many is taken apart rather than moved to the next chunk


def chunks_of(
    prompt: str, length: int, pad: int, learned: Mapping[str, Sequence[int]] = NOTHING
) -> list[list[Token]]:
    """A prompt as chunks of `length` tokens with weights: start, words, end, padding.

    `learned` are the tokens of words that the prompt calls `embedding:name`. A word that does not fit into what is left
    of a chunk begins the next one, unless it is longer than most words are.
    """
    room = length - 2
    chunks: list[list[Token]] = [[]]
    for word in _words(prompt, learned):
        rest = word
        if len(rest) > room - len(chunks[-1]) and len(rest) < LONG_WORD:
            chunks.append([])
        while rest:
            free = room - len(chunks[-1])
            chunks[-1] += rest[:free]
            rest = rest[free:]
            if rest:
                chunks.append([])
    return [_framed(chunk, length, pad) for chunk in chunks]


def names_called(prompt: str) -> list[str]:
    """The names of the learned words that a prompt calls; a comma may still stand behind them."""
    words = [word for piece in weighted(prompt) for word in piece.text.split()]
    return [word.removeprefix(MARK) for word in words if word.startswith(MARK) and word != MARK]


def _words(prompt: str, learned: Mapping[str, Sequence[int]]) -> list[list[Token]]:
    return [
        [(id, piece.weight) for id in ids]
        for piece in weighted(prompt)
        for word in piece.text.split()
        for ids in _ids(word, learned)
    ]


def _ids(word: str, learned: Mapping[str, Sequence[int]]) -> list[Sequence[int]]:
    """The tokens of a word; of a learned one with commas behind it, of both."""
    if not word.startswith(MARK):
        return [word_ids(word)]
    name = word.removeprefix(MARK)
    bare = name.rstrip(",")
    if name in learned:
        return [learned[name]]
    return [learned[bare], word_ids(name[len(bare) :])] if bare in learned else [word_ids(word)]


def _framed(chunk: list[Token], length: int, pad: int) -> list[Token]:
    row = [(START, 1.0), *chunk, (END, 1.0)]
    return row + [(pad, 1.0)] * (length - len(row))
