"""The state of what nodes read beside their inputs: files, and whatever a node's `fingerprint=` says.

This is the IO that keys need, kept out of `keys`.
"""

from __future__ import annotations

import inspect
import math
import secrets
from collections.abc import Callable, Iterable, Mapping

from engine.graph.declared import fingerprint_of
from engine.graph.graph import Graph, Link, Node
from engine.graph.literals import freeze
from engine.graph.registry import Registry
from engine.graph.spec import FileWidget, NodeSpec
from engine.run.folders import Folders
from engine.run.literals import as_taken, literal_text

WHOLE = ""  # the name under which the answer of `fingerprint=` stands among a node's inputs
ALWAYS = "always "  # how the answer begins for a node that runs every time


class FingerprintFailed(Exception):
    """A node's `fingerprint=` function raised."""

    def __init__(self, node: str, error: Exception) -> None:
        super().__init__(f"The fingerprint of node {node} failed: {error}")
        self.node = node
        self.error = error


def readers(graph: Graph, registry: Registry) -> list[str]:
    """The nodes that read more than their inputs."""
    kinds: dict[str, bool] = {}
    for node in graph.nodes.values():
        if node.kind not in kinds:
            spec = registry[node.kind]
            files = any(isinstance(input.widget, FileWidget) for input in spec.inputs)
            kinds[node.kind] = spec.fingerprinted or files
    return [id for id, node in graph.nodes.items() if kinds[node.kind]] if any(kinds.values()) else []


def fingerprints(
    graph: Graph,
    registry: Registry,
    folders: Folders | None,
    functions: Mapping[str, Callable[..., object]],
    ids: Iterable[str],
) -> dict[str, dict[str, str]]:
    """What these nodes read beside their inputs, by node and input. Raises `FingerprintFailed`.

    A file counts by size and date. Where the file's name comes through a link, nobody knows it yet, so every file of
    the folder counts.

    Args:
        graph: Whose nodes they are.
        registry: Their specs.
        folders: Where the files lie; without them files do not count.
        functions: The nodes' functions, to ask those that have a `fingerprint=`.
        ids: The nodes to look at, which `readers` tells.
    """
    nodes = graph.nodes
    return {id: _fingerprint(id, nodes[id], registry[nodes[id].kind], folders, functions) for id in ids}


def _fingerprint(
    id: str,
    node: Node,
    spec: NodeSpec,
    folders: Folders | None,
    functions: Mapping[str, Callable[..., object]],
) -> dict[str, str]:
    found: dict[str, str] = {}
    for input in spec.inputs:
        if isinstance(input.widget, FileWidget) and folders is not None:
            value = node.inputs.get(input.name, input.default)
            if isinstance(value, str | Link):
                name = None if isinstance(value, Link) else value
                found[input.name] = folders.state(input.widget.folder, name)
    if spec.fingerprinted:
        try:
            found[WHOLE] = _answer(node, spec, functions[spec.id])
        except Exception as error:  # it is the author's function
            raise FingerprintFailed(id, error) from error
    return found


def _answer(node: Node, spec: NodeSpec, function: Callable[..., object]) -> str:
    """What the node's `fingerprint=` says. NaN, and a question about a linked input, make the node run always."""
    ask = fingerprint_of(function)
    if ask is None:
        return ""
    inputs = {input.name: input for input in spec.inputs}
    asked: dict[str, object] = {}
    for name in inspect.signature(ask).parameters:
        value = node.inputs.get(name, inputs[name].default)
        if isinstance(value, Link):
            return _never_again()
        asked[name] = as_taken(inputs[name].type, value)
    answer = ask(**asked)
    if isinstance(answer, float) and math.isnan(answer):
        return _never_again()
    return literal_text(freeze(answer))


def _never_again() -> str:
    return ALWAYS + secrets.token_hex(8)
