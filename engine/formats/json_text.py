"""JSON as text: read with the place of every mistake, written for people. Nothing here knows what a graph is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from engine.graph.problems import Unreadable

DEEPEST = 64  # levels of nesting; no graph needs more, and whatever reads the values may recurse
NESTS: frozenset[type] = frozenset({list, dict})  # what msgspec makes of what may hold other values
BYTE = re.compile(r"^(?:JSON is malformed: )?(.*?)(?: - at `.*`)?(?: \(byte (\d+)\))?$")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def parse(text: str | bytes) -> object | Unreadable:
    """The values in the text, or the place where it stops being JSON. NaN and infinities are no JSON."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    data = data.removeprefix(BYTE_ORDER_MARK)
    try:
        data.decode()
        value: object = msgspec.json.decode(data)
    except RecursionError:
        return _too_deep()
    except UnicodeDecodeError as error:
        return Unreadable(_place(data, error.start), "text in UTF-8", "other bytes")
    except msgspec.DecodeError as error:
        return _malformed(data, error)
    return _too_deep() if depth_exceeds(value, DEEPEST) else value


def pretty(value: object, depth: int, indent: str = "") -> str:
    """JSON with its mappings spread over lines down to `depth`, and everything below on one line."""
    if depth == 0 or not isinstance(value, Mapping) or not value:
        return one_line(value)
    inner = indent + "  "
    lines = [f"{inner}{one_line(key)}: {pretty(item, depth - 1, inner)}" for key, item in value.items()]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def one_line(value: object, *, ascii: bool = False) -> str:
    """JSON on one line. Raises ValueError for NaN and infinities, which JSON does not have."""
    return json.dumps(value, ensure_ascii=ascii, allow_nan=False)


def kind_of(value: object) -> str:
    """What a JSON value is, for a person."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value[:40]!r}"
        case Mapping():
            return "an object"
    return "an array"


def _malformed(data: bytes, error: msgspec.DecodeError) -> Unreadable:
    what, byte = BYTE.fullmatch(str(error)).groups()  # type: ignore[union-attr]  # every text matches
    if not data.strip():
        return Unreadable("line 1, column 1", "JSON", "an empty file")
    if "truncated" in what:
        what = "the end of the file"
    return Unreadable(_place(data, int(byte) if byte else len(data)), "JSON", what[:1].lower() + what[1:])


def _place(data: bytes, position: int) -> str:
    before = data[:position]
    column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
    return f"line {before.count(10) + 1}, column {column}"


def _too_deep() -> Unreadable:
    return Unreadable("the file", f"at most {DEEPEST} levels of nesting", "more")


def depth_exceeds(value: object, deepest: int) -> bool:
    """Whether values nest more deeply than that."""
    level: list[Any] = [value] if value.__class__ in NESTS else []
    for _ in range(deepest):
        # A graph is mostly texts and numbers: not to carry them along is what makes this quick.
        level = [
            child
            for item in level
            for child in (item.values() if item.__class__ is dict else item)
            if child.__class__ in NESTS
        ]
        if not level:
            return False
    return True
