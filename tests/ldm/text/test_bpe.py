"""CLIP's words: as transformers splits them, which is how its models were trained."""

import json

import pytest
from transformers import CLIPTokenizer

from ldm.text.bpe import END, START, WORDS, pad_number, tokenizer_files, word_ids

TRICKY = (
    "horse", "Horse", "don't", "I'LL", "'s", "it's2023", "a,b", "...", "1234", "naïve", "É", "e\u0301", "ﬁ", "İ", "ß",
    "日本語", "🙂", "a\u200bb", "a\u3000b", "<|endoftext|>", "a<|startoftext|>b", "<|ENDOFTEXT|>", "<|end", "",
    "x" * 60,
)  # fmt: skip


def test_words_are_split_as_transformers_splits_them() -> None:
    files = tokenizer_files(END)
    merges = [tuple(line.split()) for line in files["merges.txt"].splitlines()[1:]]
    theirs = CLIPTokenizer(vocab=json.loads(files["vocab.json"]), merges=merges)  # type: ignore[arg-type]

    found = {word: word_ids(word) for word in TRICKY}

    assert found == {word: theirs(word, add_special_tokens=False).input_ids for word in TRICKY}
    assert len(theirs) == WORDS


@pytest.mark.parametrize(("word", "number"), [("!", 0), ("<|startoftext|>", START), ("<|endoftext|>", END)])
def test_the_word_that_fills_a_row_has_a_number(word: str, number: int) -> None:
    assert pad_number(word) == number
    assert json.loads(tokenizer_files(number)["special_tokens_map.json"])["pad_token"] == word


def test_a_word_that_is_none_of_clips_has_no_number() -> None:
    assert pad_number("[PAD]") is None
