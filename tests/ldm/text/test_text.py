"""Tokens and tau."""

import pytest
import torch

from ldm.text.tokenizer import TextTooLong, tokenize, unknown_words
from tests.ldm.tiny import TAU, tiny_model

WORDS = ("a", "circle", "red")
TABLE = [
    ("a red circle", (1, 4, 6, 5, 2, 0, 0, 0)),
    ("A RED, circle!", (1, 4, 6, 5, 2, 0, 0, 0)),
    ("a pink circle", (1, 4, 3, 5, 2, 0, 0, 0)),
    ("", (1, 2, 0, 0, 0, 0, 0, 0)),
]


@pytest.mark.parametrize(("text", "ids"), TABLE)
def test_words_become_ids_between_start_and_end_and_padding(text: str, ids: tuple[int, ...]) -> None:
    assert tokenize([text], WORDS, 8).ids == (ids,)


def test_a_text_that_is_too_long_says_by_how_much() -> None:
    with pytest.raises(TextTooLong, match="7 words, but this model takes 6"):
        tokenize(["a red red red red red circle"], WORDS, 8)


def test_unknown_words_are_named() -> None:
    assert unknown_words("a pink circle in spring", WORDS) == ("pink", "in", "spring")


def test_padding_attends_and_is_attended_to() -> None:
    """No mask: what stands behind the end changes what comes before it, as in the published models."""
    tau = tiny_model().text
    short = tau.encode(tokenize(["a red circle"], TAU.words, 8))
    shorter = tau.encode(tokenize(["a red circle"], TAU.words, 7))
    assert short.shape == (1, 8, 16)
    assert not torch.allclose(short[:, :5], shorter[:, :5], atol=1e-4)


def test_texts_are_encoded_independently_of_their_batch() -> None:
    tau = tiny_model().text
    texts = ["a red circle", "red", ""]
    together = tau.encode(tokenize(texts, TAU.words, 8))
    for row, text in enumerate(texts):
        assert torch.allclose(together[row], tau.encode(tokenize([text], TAU.words, 8))[0], atol=1e-5)
