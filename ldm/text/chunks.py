"""Packing a long prompt into the rows of tokens that CLIP can hear at once."""

from __future__ import annotations

from typing import TypeAlias

from ldm.text.bpe import END, START, word_ids
from ldm.text.prompt import weighted

Token: TypeAlias = tuple[int, float]
LONG_WORD = 8  # tokens; a word of so many is taken apart rather than moved to the next chunk


def chunks_of(prompt: str, length: int, pad: int) -> list[list[Token]]:
    """A prompt as chunks of `length` tokens with weights: start, words, end, padding.

    A word that does not fit into what is left of a chunk begins the next one, unless it is longer than most words are.
    """
    room = length - 2
    chunks: list[list[Token]] = [[]]
    for word in _words(prompt):
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


def _words(prompt: str) -> list[list[Token]]:
    return [
        [(id, piece.weight) for id in word_ids(word)]
        for piece in weighted(prompt)
        for word in piece.text.split()
    ]


def _framed(chunk: list[Token], length: int, pad: int) -> list[Token]:
    row = [(START, 1.0), *chunk, (END, 1.0)]
    return row + [(pad, 1.0)] * (length - len(row))
