"""CLIP's byte-pair words (Radford et al. 2021), read from the table that the package `openai-clip` carries."""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

PACKAGE, TABLE = "openai-clip", "clip/bpe_simple_vocab_16e6.txt.gz"
WORDS = 49408
START, END = WORDS - 2, WORDS - 1
_BYTES, _MARK = 256, "</w>"


class VocabularyMissing(FileNotFoundError):
    """The table of CLIP's words is not installed."""

    def __init__(self) -> None:
        super().__init__(f"CLIP's vocabulary is not there: the package {PACKAGE} brings it.")
        self.hint = f"Install it: pip install {PACKAGE}."


def word_ids(word: str) -> list[int]:
    """The numbers of the byte pairs that make up a word, without start and end."""
    found: list[int] = _tokenizer()(word, add_special_tokens=False).input_ids
    return found


@lru_cache(maxsize=1)
def _tokenizer() -> CLIPTokenizer:
    from transformers import CLIPTokenizer  # noqa: PLC0415  (takes most of a second; only CLIP models need it)

    merges = _merges()
    pairs: list[Any] = [
        tuple(merge.split()) for merge in merges
    ]  # its hint says str, and it takes pairs alone
    letters = _letters()
    words = [*letters, *(letter + _MARK for letter in letters), *("".join(pair) for pair in pairs)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: id for id, word in enumerate(words)}, merges=pairs)


def _merges() -> list[str]:
    try:
        # The package itself is never imported: it would bring torchvision along.
        table = Path(str(distribution(PACKAGE).locate_file(TABLE)))
        lines = gzip.decompress(table.read_bytes()).decode().split("\n")
    except (PackageNotFoundError, FileNotFoundError) as error:
        raise VocabularyMissing from error
    # The first line is a heading; the table goes on for other models behind CLIP's last pair.
    return lines[1 : WORDS - 2 * _BYTES - 1]


def _letters() -> list[str]:
    """A printable character for each byte, in the order of CLIP's table: the printable ones first, as themselves."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(_BYTES) if byte not in set(printable)]
    return [chr(byte) for byte in printable] + [chr(_BYTES + place) for place in range(len(others))]
