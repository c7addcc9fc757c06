"""A graph that a ComfyUI node turned into: from the dictionary that it returned to an `Expand`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.literals import freeze
from engine.graph.spec import NodeSpec, OutputSpec
from engine.graph.values import OUTER, Expand, Published
from engine.packs.comfy.known import known_spec
from engine.packs.comfy.running import Call
from engine.packs.comfy.values import outward


class BadExpansion(TypeError):
    """A dictionary that is no graph."""

    hint = "Build it with GraphBuilder, and return its finalize() as 'expand'."


def is_link(value: object) -> bool:
    """Whether a value is a link as ComfyUI writes it: `[node id, slot]`."""
    if isinstance(value, NamedLink):
        return True
    if not isinstance(value, list) or len(value) != 2:
        return False
    node, slot = value
    return isinstance(node, str) and isinstance(slot, int | float) and not isinstance(slot, bool)


class NamedLink(list[Any]):
    """A link with the name of an output in place of its index."""


def raw_link(link: Link, call: Call) -> list[Any]:
    """A link as ComfyUI writes it, `[node id, slot]`."""
    if isinstance(link.output, int):
        return [link.node, link.output]
    state = call.state
    raw = state.inner.get(link.node) or state.prompt.get(link.node)
    spec = known_spec(str(raw.get("class_type"))) if isinstance(raw, Mapping) else None
    names = [output.name for output in spec.outputs] if spec else []
    if link.output in names:
        return [link.node, names.index(link.output)]
    return NamedLink([link.node, link.output])


def expanded(
    graph: object,
    values: Sequence[object],
    spec: NodeSpec,
    ours: Callable[[int, object], object],
    published: Published | None,
    call: Call,
) -> Expand:
    """What a node turned into.

    Args:
        graph: The nodes in ComfyUI's shape, by id.
        values: What stands for the outputs: links into the graph or elsewhere, and values.
        spec: Of the node.
        ours: Turns the value of the output of this index into ours.
        published: What the node itself shows.
        call: In which it did.
    """
    if not isinstance(graph, Mapping):
        raise BadExpansion(f"'expand' is no dictionary of nodes, but {type(graph).__name__}.")
    given: dict[str, object] = {}
    nodes = {str(id): _node(str(id), raw, given) for id, raw in graph.items()}
    _remember(graph, call)
    return Expand(
        Graph(nodes),
        {
            output.name: _output(value, index, ours)
            for index, (output, value) in enumerate(_paired(spec, values))
        },
        given,
        published,
    )


def _paired(spec: NodeSpec, values: Sequence[object]) -> list[tuple[OutputSpec, object]]:
    if len(values) < len(spec.outputs):
        names = ", ".join(output.name for output in spec.outputs)
        raise BadExpansion(f"It returned {len(values)} results, but declares {names}.")
    return list(zip(spec.outputs, values, strict=False))


def _output(value: object, index: int, ours: Callable[[int, object], object]) -> object:
    return _link(value) if is_link(value) else ours(index, value)


def _link(value: Any) -> Link:
    node, slot = value
    return Link(node, slot if isinstance(slot, str) else int(slot))


def _node(id: str, raw: object, given: dict[str, object]) -> Node:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("class_type"), str):
        raise BadExpansion(f"The node '{id}' of its expansion has no class_type.")
    kind, inputs = raw["class_type"], raw.get("inputs", {})
    return Node(
        kind, {str(name): _input(id, kind, str(name), value, given) for name, value in inputs.items()}
    )


def _input(id: str, kind: str, name: str, value: object, given: dict[str, object]) -> InputValue:
    if is_link(value):
        return _link(value)
    try:
        return freeze(value)
    except TypeError:  # an object, which no graph holds
        place = f"{id}/{name}"
        given[place] = _given(kind, name, value)
        return Link(OUTER, place)


def _given(kind: str, name: str, value: object) -> object:
    """An object as it would flow to that input along a link."""
    spec = known_spec(kind)
    for input in spec.inputs if spec else ():
        if input.name == name:
            change = outward(input.type)
            return value if change is None else change(value)
    return value


def _remember(graph: Mapping[Any, Any], call: Call) -> None:
    state, parent = call.state, call.id
    for id, raw in graph.items():
        state.inner[str(id)] = raw
        state.parents[str(id)] = parent
        state.displayed[str(id)] = str(raw.get("override_display_id", parent))
