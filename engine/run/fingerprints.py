"""The state of what nodes read beside their inputs: files, and whatever a node's `fingerprint=` says.

This is the IO that keys need, kept out of `keys`.
"""

from __future__ import annotations

import inspect
import logging
import math
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping

from engine.graph.declared import fingerprint_of
from engine.graph.graph import Graph, Link, Node
from engine.graph.growing import possible_inputs, spec_for
from engine.graph.literals import freeze
from engine.graph.registry import Registry
from engine.graph.spec import FileWidget, InputSpec, NodeSpec, TextWidget, Widget
from engine.run.context import Context
from engine.run.folders import Folders
from engine.run.literals import as_taken, literal_text

WHOLE = ""  # the name under which the answer of `fingerprint=` stands among a node's inputs
ALWAYS = "always "  # how the answer begins for a node that runs every time

log = logging.getLogger(__name__)


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
            kinds[node.kind] = registry.once(_reads_more, node.kind)
    return [id for id, node in graph.nodes.items() if kinds[node.kind]] if any(kinds.values()) else []


def _reads_more(spec: NodeSpec) -> bool:
    return spec.fingerprinted or any(_names_files(input.widget) for input in possible_inputs(spec))


def _names_files(widget: Widget | None) -> bool:
    return isinstance(widget, FileWidget) or (isinstance(widget, TextWidget) and widget.mark != "")


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
    spec = spec_for(spec, node.inputs)
    for input in spec.inputs:
        if isinstance(input.widget, FileWidget) and folders is not None:
            value = node.inputs.get(input.name, input.default)
            if isinstance(value, str | Link):
                name = None if isinstance(value, Link) else value
                found[input.name] = folders.state(input.widget.folder, name)
        if isinstance(input.widget, TextWidget) and input.widget.mark and folders is not None:
            state = _mentioned(input.widget, node.inputs.get(input.name, input.default), folders)
            if state is not None:
                found[input.name] = state
    if spec.fingerprinted:
        try:
            found[WHOLE] = _answer(node, spec, functions[spec.id], folders)
        except Exception as error:  # it is the author's function
            if spec.style == "weft":
                raise FingerprintFailed(id, error) from error
            log.warning("IS_CHANGED of node %s failed, so it runs again: %s", id, error)
            found[WHOLE] = _never_again()
    return found


def _mentioned(widget: TextWidget, value: object, folders: Folders) -> str | None:
    """The state of the files that a text names; None for a text that names none."""
    if isinstance(value, Link):
        return folders.state(widget.folder, None)
    named = re.findall(rf"{re.escape(widget.mark)}([^\s()]+)", value) if isinstance(value, str) else []
    if not named:
        return None
    # What stands behind a name may be part of the text: a comma, or how loud it is.
    meant = {cut.rstrip(",") for name in named for cut in (name, name.partition(":")[0])} | set(named)
    files = [name for name in folders.names(widget.folder) if meant & {name, os.path.splitext(name)[0]}]
    return " ".join(f"{name}:{folders.state(widget.folder, name)}" for name in files)


def _answer(node: Node, spec: NodeSpec, function: Callable[..., object], folders: Folders | None) -> str:
    """What the node's `fingerprint=` says. NaN, and a question about a linked input, make the node run always."""
    ask = fingerprint_of(function)
    if ask is None:
        return ""
    inputs = {input.name: input for input in spec.inputs}
    parameters = inspect.signature(ask).parameters
    asked: dict[str, object] = {}
    for name in _asked_for(ask, node, inputs):
        value = node.inputs.get(name, inputs[name].default)
        if not isinstance(value, Link):
            asked[name] = as_taken(inputs[name].type, value)
        elif spec.style == "weft":
            return _never_again()
        else:
            asked[name] = None  # as ComfyUI's packs expect it
    if spec.context is not None and spec.context in parameters:
        asked[spec.context] = Context(inputs=folders)
    answer = ask(**asked)
    if has_nan(answer):
        return _never_again()
    return f"bytes {answer.hex()}" if isinstance(answer, bytes) else literal_text(freeze(answer))


def _asked_for(ask: Callable[..., object], node: Node, inputs: Mapping[str, InputSpec]) -> list[str]:
    """The inputs that a fingerprint wants; with `**kwargs`, all that the node has a value for."""
    parameters = inspect.signature(ask).parameters.values()
    names = [each.name for each in parameters if each.kind is not each.VAR_KEYWORD]
    if len(names) < len(parameters):
        names += [name for name in inputs if name in node.inputs and name not in names]
    return [name for name in names if name in inputs]


def has_nan(value: object) -> bool:
    """Whether a NaN is anywhere in it: what is not even equal to itself has changed."""
    match value:
        case float():
            return math.isnan(value)
        case list() | tuple():
            return any(map(has_nan, value))
        case Mapping():
            return any(map(has_nan, value.values()))
    return False


def _never_again() -> str:
    return ALWAYS + secrets.token_hex(8)
