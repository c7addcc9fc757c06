"""CLIP's byte-pair words (Radford et al. 2021), read from the table that the package `openai-clip` carries."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Lowercase, Replace
from tokenizers.pre_tokenizers import ByteLevel, Split

PACKAGE, TABLE = "openai-clip", "clip/bpe_simple_vocab_16e6.txt.gz"
WORDS = 49408
START, END = WORDS - 2, WORDS - 1
ROW = 77  # tokens that CLIP hears at once
SPECIAL = ("<|startoftext|>", "<|endoftext|>")
_BYTES, _MARK = 256, "</w>"
_PIECES = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class VocabularyMissing(FileNotFoundError):
    """The table of CLIP's words is not installed."""

    def __init__(self) -> None:
        super().__init__(f"CLIP's vocabulary is not there: the package {PACKAGE} brings it.")
        self.hint = f"Install it: pip install {PACKAGE}."


def word_ids(word: str) -> list[int]:
    """The numbers of the byte pairs that make up a word, without start and end."""
    found: list[int] = _tokenizer().encode(word, add_special_tokens=False).ids
    return found


@lru_cache(maxsize=1)
def _tokenizer() -> Tokenizer:
    """CLIP's tokenizer as transformers builds it, without loading transformers, which takes a second or two."""
    merges = _merges()
    pairs = [(first, second) for first, second in map(str.split, merges)]
    made = Tokenizer(BPE(_numbers(merges), pairs, unk_token=SPECIAL[-1], end_of_word_suffix=_MARK))
    made.normalizer = normalizers.Sequence([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
    split = Split(Regex(_PIECES), behavior="removed", invert=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([split, ByteLevel(add_prefix_space=False)])
    made.add_special_tokens([AddedToken(word, normalized=False) for word in SPECIAL])
    return made


def tokenizer_files(pad: int) -> dict[str, str]:
    """The files, by name, that a tokenizer of transformers' is made of, where rows are filled with this number."""
    merges = _merges()
    numbers = _numbers(merges)
    words = {number: word for word, number in numbers.items()}
    special = {
        "bos_token": words[START],
        "eos_token": words[END],
        "unk_token": words[END],
        "pad_token": words[pad],
    }
    config = {**special, "tokenizer_class": "CLIPTokenizer", "model_max_length": ROW, "do_lower_case": True}
    return {
        "vocab.json": json.dumps(numbers, ensure_ascii=False),
        "merges.txt": "\n".join(["#version: 0.2", *merges, ""]),
        "special_tokens_map.json": json.dumps(special),
        "tokenizer_config.json": json.dumps(config),
    }


def pad_number(pad: str) -> int | None:
    """The number of the word that a tokenizer fills rows with, if it is one of CLIP's words."""
    return _numbers(_merges()).get(pad)


def _numbers(merges: list[str]) -> dict[str, int]:
    letters = _letters()
    words = [*letters, *(letter + _MARK for letter in letters), *("".join(pair.split()) for pair in merges)]
    words += SPECIAL
    return {word: id for id, word in enumerate(words)}


@lru_cache(maxsize=1)
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
