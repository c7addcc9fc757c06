"""Nodes in the shape of ComfyUI's API prompts: `class_type`, `inputs`, `_meta`. All formats share it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.formats.json_text import kind_of
from engine.graph.graph import InputValue, Link, Node
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable
from engine.graph.spec import Literal_

LITERAL = (
    "__value__"  # wraps a list (or a mapping that looks like such a wrapper), since a bare array is a link
)


def read_nodes(
    raw: object, where: str, ignored: Collection[str] = ()
) -> tuple[dict[str, Node], list[Problem]]:
    """Every node that can be read, and what is wrong with the others.

    Args:
        raw: The mapping of ids to nodes.
        where: Its place in the file.
        ignored: Keys of a node that the format allows and Weft has no use for.
    """
    if not isinstance(raw, Mapping):
        return {}, [Unreadable(where, "an object of nodes", kind_of(raw))]
    nodes: dict[str, Node] = {}
    problems: list[Problem] = []
    for id, item in raw.items():
        node, wrong = _read_node(id, item, f"{where}.{id}", ignored)
        problems += wrong
        if node is not None:
            nodes[id] = node
    return nodes, problems


def write_node(node: Node) -> dict[str, object]:
    """The node as JSON values."""
    written: dict[str, object] = {
        "class_type": node.kind,
        "inputs": {name: write_value(value) for name, value in node.inputs.items()},
    }
    title = {} if node.title is None else {"title": node.title}
    meta = {**title, **{key: thaw(value) for key, value in node.meta.items()}}
    return {**written, "_meta": meta} if meta else written


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


def read_value(raw: object, where: str, id: str) -> InputValue | Unreadable:
    """An input from its JSON value."""
    match raw:
        case [str(node), int(output) | str(output)] if not isinstance(output, bool):
            return Link(node, output)
        case [str(node), float(index)] if index.is_integer():  # ComfyUI takes 0.0 for 0
            return Link(node, int(index))
        case list():
            expected = f'a link ["node", "output"], or a list as {{"{LITERAL}": [...]}}'
            return Unreadable(where, expected, "another array", id)
        case {"__value__": value, **others} if not others:
            return freeze(value)
    return freeze(raw)


def _read_node(
    id: str, raw: object, where: str, ignored: Collection[str]
) -> tuple[Node | None, list[Problem]]:
    if not isinstance(raw, Mapping):
        return None, [Unreadable(where, "a node (an object)", kind_of(raw), id)]
    problems: list[Problem] = [
        Unreadable(f"{where}.{key}", "class_type, inputs or _meta", "an unknown key", id)
        for key in raw
        if key not in {"class_type", "inputs", "_meta", *ignored}
    ]
    values: dict[str, InputValue] = {}
    for name, item in _object(raw, "inputs", where, id, problems).items():
        value = read_value(item, f"{where}.inputs.{name}", id)
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
