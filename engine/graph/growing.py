"""Nodes with inputs that stand for others: which inputs one node has, given what its graph gives it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.graph.graph import InputValue
from engine.graph.spec import Attached, ChoiceWidget, Chosen, InputSpec, NodeSpec, Repeated
from engine.graph.types import Named


def inputs_of(spec: NodeSpec, given: Mapping[str, InputValue]) -> tuple[InputSpec, ...]:
    """The inputs of a node that is given these: `images.image0` in place of `images`."""
    if not spec.growing:
        return spec.inputs
    return tuple(found for input in spec.inputs for found in _grown(input, given))


def spec_for(spec: NodeSpec, given: Mapping[str, InputValue]) -> NodeSpec:
    """The spec of a single node. One that grows is open to the engine, but not to those who check a graph."""
    if not spec.growing:
        return spec
    return replace(
        spec, inputs=inputs_of(spec, given), open_ended=False, open_to_literals=False, growing=False
    )


def possible_inputs(spec: NodeSpec) -> tuple[InputSpec, ...]:
    """Every input that some node of the kind may have. A name may stand there for several."""
    if not spec.growing:
        return spec.inputs
    return tuple(found for input in spec.inputs for found in _possible(input))


def below(name: str, input: InputSpec) -> InputSpec:
    """An input as it is called below another: `crop.width`."""
    return replace(input, name=f"{name}.{input.name}")


def _grown(input: InputSpec, given: Mapping[str, InputValue]) -> Iterator[InputSpec]:
    match input.grows:
        case None:
            yield input
        case Repeated(names, least, item):
            for place, part in enumerate(names):
                yield replace(item, name=f"{input.name}.{part}", required=item.required and place < least)
        case Chosen(options):
            yield _choice(input, options)
            chosen = given.get(input.name, input.default)
            for inner in options.get(chosen, ()) if isinstance(chosen, str) else ():
                yield from _grown(below(input.name, inner), given)
        case Attached(inputs):
            yield replace(input, grows=None)
            for inner in inputs if given.get(input.name) is not None else ():
                yield from _grown(below(input.name, inner), given)


def _possible(input: InputSpec) -> Iterator[InputSpec]:
    match input.grows:
        case Chosen(options):
            yield _choice(input, options)
            inner = [each for inputs in options.values() for each in inputs]
        case Attached(inputs):
            yield replace(input, grows=None)
            inner = list(inputs)
        case _:
            yield from _grown(input, {})
            return
    for each in inner:
        yield from _possible(below(input.name, each))


def _choice(input: InputSpec, options: Mapping[str, tuple[InputSpec, ...]]) -> InputSpec:
    return replace(input, grows=None, type=Named("str"), widget=ChoiceWidget(tuple(options)))
