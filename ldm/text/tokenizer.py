"""Words to numbers, over the closed vocabulary that a model's spec carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

PAD, START, END, UNKNOWN = "[PAD]", "[CLS]", "[SEP]", "[UNK]"
SPECIAL = (PAD, START, END, UNKNOWN)
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A word that was learned from pictures: its name, and vectors (n, width) for each width of a tower."""

    name: str
    vectors: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids, one row for each text, all of one length; and how loud each is, where a prompt can say so.

    The vectors of `learned` words are numbered, one behind the other, from CLIP's last word on.
    """

    ids: tuple[tuple[int, ...], ...]
    weights: tuple[tuple[float, ...], ...] | None = None
    learned: tuple[Learned, ...] = ()


class TextTooLong(ValueError):
    """A text has more words than the model takes."""


def split_words(text: str) -> list[str]:
    """Lower-case words of a text; punctuation only separates."""
    return _WORD.findall(text.lower())


def tokenize(texts: Sequence[str], words: Sequence[str], length: int) -> Tokens:
    """Give [CLS] words [SEP] and padding up to `length` for each text; an unknown word becomes [UNK].

    Raises:
        TextTooLong: a text has more than `length - 2` words.
    """
    index = {word: number for number, word in enumerate((*SPECIAL, *words))}
    unknown = index[UNKNOWN]
    rows = []
    for text in texts:
        found = split_words(text)
        if len(found) > length - 2:
            raise TextTooLong(
                f"The text has {len(found)} words, but this model takes {length - 2}. Shorten it: {text[:60]!r}..."
            )
        row = [index[START], *(index.get(word, unknown) for word in found), index[END]]
        rows.append(tuple(row + [index[PAD]] * (length - len(row))))
    return Tokens(tuple(rows))


def unknown_words(text: str, words: Sequence[str]) -> tuple[str, ...]:
    """The words of a text that the vocabulary lacks, in order."""
    known = frozenset(words)
    return tuple(word for word in split_words(text) if word not in known)
