"""Nodes in the shape of ComfyUI's API prompts: `class_type`, `inputs`, `_meta`. All formats share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.formats.json_text import kind_of
from engine.graph.graph import InputValue, Link, Node
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable
from engine.graph.spec import Literal_

LITERAL = (
    "__value__"  # wraps a list (or a mapping that looks like such a wrapper), since a bare array is a link
)
KEYS = frozenset({"class_type", "inputs", "_meta"})

PLAIN = frozenset({str, int, float, bool, type(None)})


def read_nodes(raw: object, where: str) -> tuple[dict[str, Node], list[Problem]]:
    """Every node that can be read, and what is wrong with the others.

    Args:
        raw: The mapping of ids to nodes.
        where: Its place in the file.
    """
    if not isinstance(raw, Mapping):
        return {}, [Unreadable(where, "an object of nodes", kind_of(raw))]
    nodes: dict[str, Node] = {}
    problems: list[Problem] = []
    for id, item in raw.items():
        node = usual_node(item)
        if node is None:
            node, wrong = _read_node(id, item, f"{where}.{id}")
            problems += wrong
        if node is not None:
            nodes[id] = node
    return nodes, problems


def write_node(node: Node) -> dict[str, object]:
    """The node as JSON values."""
    written: dict[str, object] = {
        "class_type": node.kind,
        "inputs": write_inputs(node.inputs),
    }
    title = {} if node.title is None else {"title": node.title}
    meta = {**title, **{key: thaw(value) for key, value in node.meta.items()}}
    return {**written, "_meta": meta} if meta else written


def write_inputs(inputs: Mapping[str, InputValue]) -> dict[str, object]:
    """The inputs of a node as JSON values."""
    return {name: write_value(value) for name, value in inputs.items()}


def write_value(value: InputValue) -> object:
    """An input as a JSON value: a link is an array of two, a list is wrapped."""
    if isinstance(value, Link):
        return [value.node, value.output]
    wrap = isinstance(value, tuple) or (isinstance(value, Mapping) and set(value) == {LITERAL})
    return {LITERAL: thaw(value)} if wrap else thaw(value)


def thaw(value: Literal_) -> object:
    """A literal as JSON values."""
    match value:
        case tuple():
            return [thaw(item) for item in value]
        case Mapping():
            return {key: thaw(item) for key, item in value.items()}
    return value


def read_value(raw: object, where: str, id: str, name: str) -> InputValue | Unreadable:
    """An input from its JSON value."""
    match raw:
        case [str(node), int(output) | str(output)] if not isinstance(output, bool):
            return Link(node, output)
        case [str(node), float(index)] if index.is_integer():  # ComfyUI takes 0.0 for 0
            return Link(node, int(index))
        case list():
            expected = f'a link ["node", "output"], or a list as {{"{LITERAL}": [...]}}'
            return Unreadable(where, expected, "another array", id, name, freeze(raw))
        case {"__value__": value, **others} if not others:
            return freeze(value)
    return freeze(raw)


def usual_node(raw: Any) -> Node | None:
    """The node if it is like nearly all: plain values and links, and what an editor keeps. Else None."""
    if raw.__class__ is not dict or len(raw) > 3:
        return None
    kind, inputs = raw.get("class_type"), raw.get("inputs")
    if kind.__class__ is not str or inputs.__class__ is not dict:
        return None
    values: dict[str, InputValue] = {}
    for name, item in inputs.items():
        if item.__class__ in PLAIN:
            values[name] = item
        elif (
            item.__class__ is list
            and len(item) == 2
            and item[0].__class__ is str
            and (item[1].__class__ is str or item[1].__class__ is int)
        ):
            values[name] = Link(item[0], item[1])
        else:
            return None
    if len(raw) == 2:
        return Node(kind, values)
    meta = raw.get("_meta")
    if meta.__class__ is not dict:
        return None
    title = meta.get("title")
    if (title is None and "title" in meta) or title.__class__ not in (str, type(None)):
        return None
    return Node(kind, values, title, {key: _frozen(item) for key, item in meta.items() if key != "title"})


def _frozen(value: Any) -> Literal_:
    """The same as `freeze`, sooner for places and sizes."""
    if value.__class__ is list and all(item.__class__ in PLAIN for item in value):
        return tuple(value)
    return freeze(value)


def _read_node(id: str, raw: object, where: str) -> tuple[Node | None, list[Problem]]:
    if not isinstance(raw, Mapping):
        return None, [Unreadable(where, "a node (an object)", kind_of(raw), id)]
    problems: list[Problem] = [
        Unreadable(f"{where}.{key}", "class_type, inputs or _meta", "an unknown key", id)
        for key in raw
        if key not in KEYS
    ]
    values: dict[str, InputValue] = {}
    for name, item in _object(raw, "inputs", where, id, problems).items():
        value = read_value(item, f"{where}.inputs.{name}", id, name)
        if isinstance(value, Unreadable):
            problems.append(value)
        else:
            values[name] = value
    meta = {key: freeze(item) for key, item in _object(raw, "_meta", where, id, problems).items()}
    title = meta.pop("title", None)
    if not isinstance(title, str | None):
        problems.append(Unreadable(f"{where}._meta.title", "a text", kind_of(thaw(title)), id))
    kind = raw.get("class_type")
    if not isinstance(kind, str):
        found = kind_of(kind) if "class_type" in raw else "nothing"
        problems.append(Unreadable(f"{where}.class_type", "the kind of the node (a text)", found, id))
        return None, problems
    return Node(kind, values, title if isinstance(title, str) else None, meta), problems


def _object(
    raw: Mapping[str, object], key: str, where: str, id: str, problems: list[Problem]
) -> Mapping[str, object]:
    value = raw.get(key, {})
    if isinstance(value, Mapping):
        return value
    problems.append(Unreadable(f"{where}.{key}", "an object", kind_of(value), id))
    return {}
