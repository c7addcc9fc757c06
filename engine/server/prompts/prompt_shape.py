"""What the server needs to know of a run's graph without reading it in full: the kinds of its nodes."""

from __future__ import annotations

import msgspec


class _Node(msgspec.Struct, frozen=True):
    class_type: str = ""


_decode = msgspec.json.Decoder(dict[str, _Node]).decode


def kinds_of(graph: bytes) -> dict[str, str]:
    """The kind of each node of an API prompt, in its order."""
    return {id: node.class_type for id, node in _decode(graph).items()}
