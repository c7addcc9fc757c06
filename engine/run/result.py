"""What a node's run leaves behind: the values of its outputs and the files that it made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.graph.values import Published


@dataclass(frozen=True, slots=True)
class Many:
    """The values of an output that gives a list; a node that takes single values is mapped over them."""

    items: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The outputs by name, each a value, a `Many` or a `Blocked`; and the files, if the node makes any."""

    outputs: Mapping[str, object] = field(default_factory=dict)
    published: Published | None = None
