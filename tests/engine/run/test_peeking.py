"""What is to be seen of a value."""

from __future__ import annotations

import io
import math

import PIL.Image
import pytest
import torch

from engine.graph.spec import OutputSpec
from engine.graph.types import Named
from engine.graph.values import Blocked
from engine.run import memory
from engine.run.peeking import Look, Peek, peek_at, peeker
from engine.run.result import Many


class Drawn:
    """Something with a picture."""


@peeker(Drawn)
def show(drawn: Drawn) -> Look:
    return Look(numbers=torch.zeros(2), picture=PIL.Image.new("L", (1000, 500), 128))


def seen(value: object, type: str = "Thing") -> Peek:
    return peek_at(value, OutputSpec("out", Named(type)))


def test_a_tensor_is_told_in_numbers() -> None:
    peek = seen(torch.arange(64, dtype=torch.float32).reshape(4, 16) / 63)

    assert (peek.shape, peek.dtype) == ((4, 16), "float32")
    assert (peek.minimum, peek.maximum) == (0.0, 1.0)
    assert peek.mean == pytest.approx(0.5)
    assert peek.histogram == (2,) * 32


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.complex64]
)
def test_numbers_of_every_type_are_counted(dtype: torch.dtype) -> None:
    peek = seen(torch.tensor([0, 1, 1]).to(dtype))

    assert (peek.minimum, peek.maximum) == (0.0, 1.0)
    assert peek.histogram is not None
    assert (peek.histogram[0], peek.histogram[-1], sum(peek.histogram)) == (1, 2, 3)


def test_what_is_no_number_counts_for_nothing() -> None:
    peek = seen(torch.tensor([math.nan, math.inf, -math.inf, 2.0, 4.0]))

    assert (peek.minimum, peek.maximum, peek.mean) == (2.0, 4.0, 3.0)
    assert (peek.histogram or ())[0] == 1


@pytest.mark.parametrize("tensor", [torch.zeros(0, 3), torch.tensor([math.nan])])
def test_without_any_number_there_is_no_least(tensor: torch.Tensor) -> None:
    peek = seen(tensor)

    assert (peek.minimum, peek.mean, peek.histogram) == (None, None, None)
    assert peek.shape == tuple(tensor.shape)


def test_of_very_many_numbers_only_some_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_COUNTED", 100)
    peek = seen(torch.arange(1000.0))

    assert (peek.minimum, peek.maximum) == (0.0, 999.0)
    assert 50 < sum(peek.histogram or ()) <= 100


def test_a_picture_is_made_small_and_loses_nothing() -> None:
    picture = seen(Drawn()).picture

    assert picture is not None
    assert picture.media_type == "image/png"
    with PIL.Image.open(io.BytesIO(picture.data)) as opened:
        assert (opened.size, opened.getpixel((9, 9))) == ((512, 256), (128, 128, 128))


@pytest.mark.parametrize(
    ("value", "text"), [("words", "words"), (3, "3"), (2.5, "2.5"), (True, "True"), (None, "None")]
)
def test_plain_values_are_their_text(value: object, text: str) -> None:
    assert seen(value).text == text


def test_a_long_text_is_cut() -> None:
    text = seen("x" * 100_000).text

    assert text is not None
    assert len(text) == 20_000


def test_of_a_list_the_first_is_seen() -> None:
    assert (seen(Many((5, 6, 7))).text, seen(Many((5, 6, 7))).length) == ("5", 3)
    assert seen(Many(())).length == 0


def test_what_was_held_back_says_why() -> None:
    assert seen(Blocked("too small")).text == "Blocked: too small"
