"""V3 inputs that stand for others: from their declaration to a spec, and from values to what `execute` gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.graph.growing import below
from engine.graph.spec import Attached, Chosen, Growing, InputSpec, Repeated
from engine.graph.types import Named
from engine.packs.comfy.surface.io_growing import (
    AutogrowInput,
    DynamicComboInput,
    DynamicInput,
    DynamicSlotInput,
)

ABSENT = object()


def growing_of(input: DynamicInput, spec_of: Callable[[Any], InputSpec]) -> Growing:
    """What an input stands for. `spec_of` gives the spec of an input that it stands for."""
    match input:
        case AutogrowInput(template=template):
            return Repeated(tuple(template.names), template.min, spec_of(template.input))
        case DynamicComboInput(options=options):
            return Chosen({str(each.key): tuple(map(spec_of, each.inputs)) for each in options})
        case DynamicSlotInput(inputs=inputs):
            return Attached(tuple(map(spec_of, inputs)))
    raise TypeError(f"Weft knows no inputs of the kind {type(input).__name__}.")


def nested(inputs: tuple[InputSpec, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names in a graph, as the node takes them: `images.image0` stands in a dictionary `images`."""
    left = dict(given)
    for input in inputs:
        if input.grows is not None:
            value = _gathered(input, left)
            if value is not ABSENT:
                left[input.name] = value
    return left


def _gathered(input: InputSpec, left: dict[str, Any]) -> Any:
    """The value of an input; what it is made of is taken out of what is left."""
    name, short = input.name, input.name.rpartition(".")[2]
    match input.grows:
        case Repeated(names, _, item):
            parts = {part: _gathered(replace(item, name=f"{name}.{part}"), left) for part in names}
            return {part: value for part, value in parts.items() if value is not ABSENT}
        case Chosen(options):
            value = left.pop(name, ABSENT)
            return (
                ABSENT
                if value is ABSENT
                else {short: value, **_inner(name, options.get(_single(value), ()), left)}
            )
        case Attached(inner):
            value = left.pop(name, ABSENT)
            return ABSENT if value is ABSENT else {short: value, **_inner(name, inner, left)}
    value = left.pop(name, ABSENT)
    # The engine knows no types of inputs that are not there for every node of the kind.
    return float(value) if value.__class__ is int and input.type == Named("float") else value


def _inner(name: str, inputs: tuple[InputSpec, ...], left: dict[str, Any]) -> dict[str, Any]:
    values = {input.name: _gathered(below(name, input), left) for input in inputs}
    return {inner: value for inner, value in values.items() if value is not ABSENT}


def _single(value: Any) -> str:
    """What is chosen; a node that takes lists gets a list of it."""
    single = value[0] if isinstance(value, list) and value else value
    return single if isinstance(single, str) else ""
