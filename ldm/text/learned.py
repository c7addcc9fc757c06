"""Words that were learned from pictures (textual inversion, Gal et al. 2022): vectors in the place of tokens.

In a prompt they are called `embedding:name`, and lie in a file of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from ldm.tensor_file import CheckpointError, opened
from ldm.text.bpe import WORDS
from ldm.text.tau import NotHeard
from ldm.text.tokenizer import Learned

ENDINGS = ("", ".safetensors", ".pt", ".bin")
"""What the name in a prompt may leave out of the file's."""

_OF_TOWERS = ("clip_l", "clip_g")

Find: TypeAlias = Callable[[str], Path]
"""Where the file of a name lies. Raises FileNotFoundError, or ValueError for what is no name of a file."""


def read_learned(path: Path, name: str) -> Learned:
    """Read a learned word from a safetensors file of any layout: ComfyUI's, A1111's, diffusers' or kohya's.

    Raises:
        CheckpointError: the file is damaged, or is none of a learned word.
    """
    with opened(path) as file:
        towers = [key for key in _OF_TOWERS if key in file.shapes]
        vectors = tuple(_rows(file.read(key)) for key in towers or _only_one(path, file.shapes))
    if len({len(rows) for rows in vectors}) != 1:
        raise CheckpointError(f"{path.name} has not as many vectors for each text encoder.")
    return Learned(name, vectors)


def _only_one(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    found = [key for key, shape in shapes.items() if len(shape) in (1, 2) and shape[-1] > 1]
    if len(found) != 1:
        raise CheckpointError(
            f"{path.name} is no embedding: it has {len(found)} tensors that could be a word's vectors, not one, and no "
            f"{' and '.join(_OF_TOWERS)}."
        )
    return found


def _rows(vectors: Tensor) -> Tensor:
    return vectors.reshape(-1, vectors.shape[-1]).float()


def learned_words(called: Iterable[str], find: Find | None) -> dict[str, Learned]:
    """The words that a text calls by these names.

    A comma behind a name is part of the text, unless there is a file that is called so.

    Raises:
        CheckpointError: as `read_learned`.
        NotHeard: there is no file of that name.
    """
    found = {}
    for name in dict.fromkeys(called):
        for meant in dict.fromkeys((name, name.rstrip(","))):
            path = embedding_file(meant, find)
            if path is not None:
                found[meant] = read_learned(path, meant)
                break
        else:
            raise NotHeard(
                f"There is no embedding {name.rstrip(',')!r}. Put its file into models/embeddings, or take the word "
                "out of the text."
            )
    return found


def embedding_file(name: str, find: Find | None) -> Path | None:
    """Where the file of a learned word lies, if it is there."""
    if find is None:
        return None
    for ending in ENDINGS:
        try:
            return find(name + ending)
        except (FileNotFoundError, ValueError):
            continue
    return None


def numbered(words: Iterable[Learned]) -> dict[str, range]:
    """The numbers of the tokens that stand for learned words, by their names."""
    numbers, first = {}, WORDS
    for word in words:
        last = first + len(word.vectors[0])
        numbers[word.name], first = range(first, last), last
    return numbers


def table(words: Iterable[Learned], width: int) -> Tensor | None:
    """The vectors of the tokens from `WORDS` on, for a tower so wide; None without any.

    Raises:
        NotHeard: a word was learned for other towers.
    """
    rows = [_for_width(word, width) for word in words]
    return torch.cat(rows) if rows else None


def _for_width(word: Learned, width: int) -> Tensor:
    for vectors in word.vectors:
        if vectors.shape[1] == width:
            return vectors
    widths = " and ".join(str(vectors.shape[1]) for vectors in word.vectors)
    raise NotHeard(
        f"The embedding {word.name!r} was learned for text encoders {widths} wide, but this one is {width} wide. "
        "Use one that was made for the same family of models."
    )
