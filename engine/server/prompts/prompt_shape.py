"""What the server needs to know of a run's graph without reading it in full: its nodes' order and links."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec


class PromptNode(msgspec.Struct, frozen=True):
    """A node of a prompt, as far as it matters here."""

    class_type: str = ""
    inputs: dict[str, Any] = {}


_decode = msgspec.json.Decoder(dict[str, PromptNode]).decode


def nodes_of(graph: bytes) -> dict[str, PromptNode]:
    """The nodes of an API prompt, in its order."""
    return _decode(graph)


def served(
    nodes: dict[str, PromptNode],
    cached: Collection[str],
    will_run: Iterable[str],
    lazy: Callable[[str, str], bool] = lambda kind, input: False,
) -> list[str]:
    """The nodes that need not run, in the prompt's order: those from the cache, and all that only these would need.

    Args:
        nodes: The prompt's.
        cached: What the plan takes from the cache.
        will_run: What it runs.
        lazy: Whether an input of a kind of node is lazy: what is behind it may never have run.
    """
    found = set(cached)
    runs = set(will_run)
    todo = list(found)
    while todo:
        node = nodes.get(todo.pop())
        if node is None:
            continue
        for name, value in node.inputs.items():
            if value.__class__ is not list or len(value) != 2 or value[0].__class__ is not str:
                continue
            source = value[0]
            new = source not in found and source in nodes and source not in runs
            if new and not lazy(node.class_type, name):
                found.add(source)
                todo.append(source)
    return [id for id in nodes if id in found]
