"""What is the same for all nodes of a kind: how its function is called, and what it may return."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Literal

from engine.graph.declared import tiled_of
from engine.graph.growing import possible_inputs
from engine.graph.registry import Registry
from engine.graph.spec import NodeSpec
from engine.run.returns import Returns

Lane = Literal["device", "waiting", "host"]
"""Where a node runs: one at a time on the device, many that mostly wait (async), or beside each other."""


QUICK = 1e-4  # seconds; a node that takes less is done before another thread would have begun with the next


class Kind:
    """A spec and its function, ready to be called.

    `quick` is whether its last call was over at once. `tiled` is the same for the function that takes less memory.
    """

    def __init__(self, spec: NodeSpec, function: Callable[..., object]) -> None:
        self.spec = spec
        self.function = function
        self.returns = Returns(spec, function)
        self.types = {input.name: input.type for input in spec.inputs}
        self.lazy = frozenset(input.name for input in possible_inputs(spec) if input.lazy)
        self.lists = frozenset(input.name for input in spec.inputs if input.takes_list)
        self.raw = frozenset(input.name for input in possible_inputs(spec) if input.raw_link)
        self.all_lists = spec.open_ended and len(self.lists) == len(spec.inputs) > 0
        self.plain = not self.lazy and not self.lists  # its arguments are its inputs as they come
        self.defaults = _unwritten_defaults(spec, function)
        self.output_names: Mapping[str | int, str] = {
            place: output.name for index, output in enumerate(spec.outputs) for place in (index, output.name)
        }
        self.quick = False
        tiled = tiled_of(function)
        self.tiled = Kind(spec, tiled) if tiled is not None else None
        self.lane: Lane = "device" if spec.device else "waiting" if spec.is_async else "host"

    def takes_list(self, name: str) -> bool:
        """Whether an input takes a whole list. Of a node that takes nothing else, inputs it does not declare do too."""
        return name in self.lists or (self.all_lists and name not in self.types)


class Kinds(dict[str, Kind]):
    """The kinds met so far."""

    def __init__(self, registry: Registry, functions: Mapping[str, Callable[..., object]]) -> None:
        self.registry = registry
        self.functions = functions

    def __missing__(self, id: str) -> Kind:
        kind = self[id] = Kind(self.registry[id], self.functions[id])
        return kind


def _unwritten_defaults(spec: NodeSpec, function: Callable[..., object]) -> dict[str, object]:
    """The values of inputs that may be left out though the function itself has no default for them."""
    parameters = inspect.signature(function).parameters
    return {
        input.name: input.default
        for input in spec.inputs
        if not input.required
        and input.name in parameters
        and parameters[input.name].default is inspect.Parameter.empty
    }
