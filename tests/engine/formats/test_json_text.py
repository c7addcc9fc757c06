import math

import pytest

from engine.formats.json_text import one_line, parse, pretty
from engine.graph.problems import Unreadable


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("", "line 1, column 1", "an empty file"),
        ("  \n ", "line 1, column 1", "an empty file"),
        ('{"a": 1', "line 1, column 8", "the end of the file"),
        ('{"a": 1,}', "line 1, column 9", "trailing comma in object"),
        ('{\n  "a": 1\n  "b": 2}', "line 3, column 3", "expected ',' or '}'"),
        ('{"ä": tru}', "line 1, column 11", "invalid character"),
        ('{"a": NaN}', "line 1, column 7", "invalid character"),
        ("[Infinity]", "line 1, column 2", "invalid character"),
        ("{} {}", "line 1, column 5", "trailing characters"),
        ("[1e999]", "line 1, column 8", "number out of range"),
    ],
)
def test_malformed_json_is_a_problem_with_its_place(text: str | bytes, where: str, found: str) -> None:
    assert parse(text) == Unreadable(where, "JSON", found)


@pytest.mark.parametrize("depth", [65, 5000, 200_000])
def test_deep_nesting_is_a_problem(depth: int) -> None:
    problem = parse("[" * depth + "]" * depth)

    assert problem == Unreadable("the file", "at most 64 levels of nesting", "more")


def test_what_is_not_too_deep_is_read() -> None:
    assert not isinstance(parse("[" * 64 + "]" * 64), Unreadable)


@pytest.mark.parametrize("text", ['\ufeff{"a": "ä"}', '{"a": "ä"}'.encode(), b'\xef\xbb\xbf{"a": "\\u00e4"}'])
def test_text_bytes_and_a_byte_order_mark_are_read(text: str | bytes) -> None:
    assert parse(text) == {"a": "ä"}


@pytest.mark.parametrize("text", [b'{"a":\n "\xff"}', '{"a":\n "\ud800"}', b'{"a":\n "\xc3'])
def test_what_is_no_utf8_is_a_problem_with_its_place(text: str | bytes) -> None:
    assert parse(text) == Unreadable("line 2, column 3", "text in UTF-8", "other bytes")


def test_an_escaped_half_of_a_character_is_a_problem() -> None:
    assert isinstance(parse('{"a": "\\ud800"}'), Unreadable)


def test_pretty_json_is_spread_down_to_a_depth() -> None:
    value = {"a": {"b": {"c": [1, {"d": "ä"}]}}, "e": {}}

    assert pretty(value, depth=2) == '{\n  "a": {\n    "b": {"c": [1, {"d": "ä"}]}\n  },\n  "e": {}\n}'


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        one_line([math.nan])
