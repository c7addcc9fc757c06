"""BERT's word pieces (Devlin et al. 2019) for the published text-to-image LDMs; the user supplies their list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ldm.text.tokenizer import TextTooLong, Tokens

if TYPE_CHECKING:
    from transformers import BertTokenizer

FILE = "bert-base-uncased.txt"


class WordListMissing(FileNotFoundError):
    """BERT's list of word pieces is not there."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(f"BERT's word list is not there: {path or 'nobody said where it is'}.")
        self.hint = f"Put vocab.txt of bert-base-uncased (30522 lines) at models/text_encoders/{FILE}."


def wordpieces(texts: Sequence[str], length: int, words: Path | None) -> Tokens:
    """Give [CLS] pieces [SEP] and padding up to `length` for each text.

    Raises:
        WordListMissing: there is no such file.
        TextTooLong: a text has more than `length - 2` pieces.
    """
    if words is None or not words.is_file():
        raise WordListMissing(words)
    rows: list[list[int]] = _tokenizer(words)(list(texts), padding="max_length", max_length=length).input_ids
    for row, text in zip(rows, texts, strict=True):
        if len(row) > length:
            raise TextTooLong(
                f"The text has {len(row) - 2} word pieces, but this model takes {length - 2}. "
                f"Shorten it: {text[:60]!r}..."
            )
    return Tokens(tuple(map(tuple, rows)))


@lru_cache(maxsize=4)
def _tokenizer(words: Path) -> BertTokenizer:
    from transformers import BertTokenizer  # noqa: PLC0415  (takes most of a second; only few models need it)

    pieces = words.read_text("utf-8").splitlines()
    return BertTokenizer(vocab={piece: number for number, piece in enumerate(pieces)}, do_lower_case=True)
