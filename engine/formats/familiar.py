"""Reading prompts that are nearly the ones before: a node that is written as it was is the very same node."""

from __future__ import annotations

import msgspec

from engine.formats.comfy_prompt import plain_node
from engine.formats.json_text import DEEPEST, depth_exceeds
from engine.graph.graph import Graph, Node

MOST = 20_000  # nodes that are remembered

_written = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Familiar:
    """Remembers nodes by their text.

    Whoever edits a graph changes a node or two: to read all the others anew would take most of the time of a small run.
    And others can remember what they found out about a node that *is* the one before, as `engine.run.keys` does.

    It may be asked by several threads.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Node] = {}

    def graph(self, text: bytes) -> Graph | None:
        """The graph of an API prompt in which all is as usual; None for anything that has to be looked at closely."""
        try:
            written = _written(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        known = self._known
        if len(known) > MOST:
            known = self._known = {}
        nodes: dict[str, Node] = {}
        for id, raw in written.items():
            key = bytes(raw)
            node = known.get(key)
            if node is None:
                node = _read(key)
                if node is None:
                    return None
                known[key] = node
            nodes[id] = node
        return Graph(nodes)


def _read(text: bytes) -> Node | None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # Plain values and links nest no deeper than is good; the node itself stands a level deeper in its file.
    if isinstance(value, dict) and "_meta" in value and depth_exceeds(value, DEEPEST - 1):
        return None
    return plain_node(value)
