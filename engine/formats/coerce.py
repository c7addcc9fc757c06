"""Literals of a ComfyUI prompt, turned into what inputs take where ComfyUI would: `validate` afterwards is strict.

A text for a true-or-false input is left for `validate` to report: ComfyUI takes "false" for true.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.growing import spec_for
from engine.graph.registry import Registry
from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    Literal_,
    NodeSpec,
    NumberWidget,
    SeedWidget,
    TextWidget,
    ToggleWidget,
)

# The classes of widgets and of values that go together as they are.
STAYS = {
    (NumberWidget, int),
    (SeedWidget, int),
    (TextWidget, str),
    (ToggleWidget, bool),
    (ToggleWidget, str),
    (ChoiceWidget, str),
    (FileWidget, str),
}


def coerced(graph: Graph, registry: Registry) -> Graph:
    """The graph with numbers for numbers and texts for texts, and without literals that no input takes.

    What cannot be converted stays, for `validate` to report; so do links to inputs that do not exist. A graph in which
    nothing had to be changed is given back as it is.
    """
    kinds = {node.kind for node in graph.nodes.values()} & registry.specs.keys()
    inputs = {kind: registry.once(_inputs, kind) for kind in kinds}
    changed: dict[str, Node] = {}
    for id, node in graph.nodes.items():
        if node.kind in inputs and not _fits_plainly(node, inputs[node.kind]):
            spec = spec_for(registry.specs[node.kind], node.inputs)
            taken = _coerced_node(node, spec, {input.name: input for input in spec.inputs})
            if taken is not node:
                changed[id] = taken
    return replace(graph, nodes={**graph.nodes, **changed}) if changed else graph


def _inputs(spec: NodeSpec) -> Mapping[str, InputSpec]:
    return {input.name: input for input in spec.inputs}


def _fits_plainly(node: Node, inputs: Mapping[str, InputSpec]) -> bool:
    """Whether there is nothing to convert, told at a glance, as of most nodes."""
    for name, value in node.inputs.items():
        if value.__class__ is not Link:
            input = inputs.get(name)
            if input is None or (input.widget.__class__, value.__class__) not in STAYS:
                return False
    return True


def _coerced_node(node: Node, spec: NodeSpec, inputs: Mapping[str, InputSpec]) -> Node:
    taken = {
        name: _coerced(value, inputs.get(name))
        for name, value in node.inputs.items()
        if name in inputs or spec.open_to_literals or isinstance(value, Link)
    }
    same = len(taken) == len(node.inputs) and all(taken[name] is value for name, value in node.inputs.items())
    return node if same else replace(node, inputs=taken)


def _coerced(value: InputValue, input: InputSpec | None) -> InputValue:
    if input is None or value is None or isinstance(value, Link | tuple | Mapping):
        return value
    match input.widget:
        case NumberWidget(whole=True) | SeedWidget():
            return _whole(value)
        case NumberWidget():
            return _real(value)
        case TextWidget():
            return value if isinstance(value, str) else str(value)
        case ToggleWidget():
            return value if isinstance(value, str | bool) else bool(value)
        case ChoiceWidget(options):
            return value if isinstance(value, str) else next((o for o in options if o == value), value)
    return value


def _whole(value: Literal_) -> Literal_:
    match value:
        case bool() | float():
            return int(value) if math.isfinite(value) else value
        case str():
            try:
                return int(value)
            except ValueError:
                return value
    return value


def _real(value: Literal_) -> Literal_:
    match value:
        case bool():
            return float(value)
        case str():
            try:
                number = float(value)
            except ValueError:
                return value
            return number if math.isfinite(number) else value
    return value
