"""What a pack says of its inputs, as plain data that a manifest can hold, whatever objects the pack put there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum

from engine.graph.spec import Literal_

LEAST, MOST = -(2**63), 2**64 - 1  # whole numbers beyond are no JSON that others can read


def as_plain(value: object) -> Literal_:
    """The value as numbers, texts, tuples and mappings; what is none of these becomes its text."""
    match value:
        case Enum():
            return as_plain(value.value)
        case bool() | None:
            return value
        case int():
            return int(value) if LEAST <= value <= MOST else float(value)
        case float():
            return float(value) if math.isfinite(value) else str(value)
        case str():
            return str.__str__(value)
        case Mapping():
            return {str(key): as_plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset() | range():
            return tuple(as_plain(item) for item in value)
    item = getattr(value, "item", None)  # numbers of numpy and torch
    if callable(item):
        try:
            return as_plain(item())
        except Exception:  # an array of many is no number
            return str(value)
    return str(value)
