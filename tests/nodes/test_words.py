"""Nodes for plain values and texts."""

import pytest
import torch

from nodes.primitives import preview_any, shown
from nodes.strings import (
    compare,
    concatenate,
    contains,
    convert_case,
    length,
    regex_extract,
    regex_match,
    regex_replace,
    replace,
    substring,
    trim,
)


def test_any_value_is_shown_as_text() -> None:
    assert preview_any("seven").shown == {"text": ("seven",)}
    assert [shown(value) for value in (7, 1.5, True, None, [1, "a"])] == [
        "7",
        "1.5",
        "True",
        "None",
        '[1, "a"]',
    ]
    assert shown(torch.zeros(2)) == "tensor([0., 0.])"


def test_texts_are_joined_cut_and_measured() -> None:
    assert concatenate("a", "b", ", ") == "a, b"
    assert substring("landscape", 4, 9) == "scape"
    assert substring("landscape", -5, 9) == "scape"
    assert length("four") == 4
    assert [trim("  x  ", way) for way in ("Both", "Left", "Right")] == ["x", "x  ", "  x"]


def test_capitals() -> None:
    changed = [
        convert_case("a red Fox", mode) for mode in ("UPPERCASE", "lowercase", "Capitalize", "Title Case")
    ]
    assert changed == ["A RED FOX", "a red fox", "A red fox", "A Red Fox"]


def test_searching_and_comparing() -> None:
    assert contains("A Fox", "fox", case_sensitive=False)
    assert not contains("A Fox", "fox")
    assert compare("A Fox", "a", "Starts With", case_sensitive=False)
    assert compare("A Fox", "Fox", "Ends With")
    assert not compare("A Fox", "Fox", "Equal")
    assert replace("a b a", "a", "c") == "c b c"


def test_patterns() -> None:
    assert regex_match("RED", "r.d")
    assert not regex_match("RED", "r.d", case_insensitive=False)
    assert regex_extract("a1 b2", r"(\w)(\d)") == "a1"
    assert regex_extract("a1 b2", r"(\w)(\d)", "All Matches") == "a1\nb2"
    assert regex_extract("a1 b2", r"(\w)(\d)", "First Group", group_index=2) == "1"
    assert regex_extract("a1 b2", r"(\w)(\d)", "All Groups") == "a\nb"
    assert regex_extract("a1", "z") == ""
    assert regex_replace("a1 b2", r"(\w)(\d)", r"\2\1", count=1) == "1a b2"
    assert regex_replace("a\nb", "^", "> ", multiline=True) == "> a\n> b"


def test_a_pattern_that_is_none_says_where() -> None:
    with pytest.raises(ValueError, match="is no regular expression: missing"):
        regex_match("text", "(")
