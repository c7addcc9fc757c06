"""Tables that the engine and the editor are both held to; the editor's tests read the same files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.graph.types import Anything, ListOf, Named, OneOf, PortType


def table(name: str) -> dict[str, Any]:
    """One of the tables beside this file."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.json").read_text("utf-8"))
    return found


def types_in(found: dict[str, Any]) -> dict[str, PortType]:
    """The types that a table names."""
    return {name: _type(told) for name, told in found["types"].items()}


def _type(told: dict[str, Any]) -> PortType:
    match told:
        case {"kind": "named", "name": name, "bases": bases}:
            return Named(name, tuple(bases))
        case {"kind": "one of", "members": members}:
            return OneOf(tuple(_type(member) for member in members))
        case {"kind": "list of", "item": item}:
            return ListOf(_type(item))
    assert told == {"kind": "anything"}
    return Anything()
