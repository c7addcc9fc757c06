"""Calling a pack's node: what it gets, what is asked before, and what it is called in.

Packs expect to run one at a time and without gradients, so their nodes do: all but the async ones wait for each other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any, TypeAlias

from engine.graph.graph import Link
from engine.graph.growing import possible_inputs
from engine.graph.values import Lazy, Needed
from engine.packs.comfy.declared import PackNode, waited_for
from engine.packs.comfy.expansion import raw_link
from engine.packs.comfy.growing import nested
from engine.packs.comfy.hidden import hidden_value
from engine.packs.comfy.results import read
from engine.packs.comfy.running import CURRENT, Call, RunContext, entered, left
from engine.packs.comfy.values import inward, surroundings

CONTEXT = "weft_context"  # the parameter that takes the engine's Context
ONE_AT_A_TIME = RLock()

Arguments: TypeAlias = Callable[[Call, dict[str, Any]], dict[str, Any]]
"""Gives what to call a node with, of what the engine gives."""


class InterruptProcessingException(BaseException):
    """A node stops, since its run is cancelled. No `Exception`, so that `except Exception` lets it through."""


def function_of(node: PackNode) -> Callable[..., object]:
    """The node as a function that the engine calls with values by name."""
    prepare = _preparation(node)
    lazily = node.lazily
    is_lazy = tuple(input.name for input in possible_inputs(node.spec) if input.lazy)
    grown = node.spec.inputs if node.spec.growing else None

    def arguments(call: Call, inputs: dict[str, Any]) -> dict[str, Any]:
        missing = _without_lazy(inputs, is_lazy) if is_lazy else ()
        prepare(inputs, call)
        given = inputs if grown is None else nested(grown, inputs)
        if missing and lazily is not None:
            _ask(lazily(call.context.node), given, missing, inputs)
        return given

    return _async_function(node, arguments) if node.spec.is_async else _function(node, arguments)


def _function(node: PackNode, arguments: Arguments) -> Callable[..., object]:
    before, after = surroundings()
    method = node.method

    def run(*, weft_context: RunContext, **inputs: Any) -> object:
        call = Call(weft_context)
        with ONE_AT_A_TIME:
            token, gradients = CURRENT.set(call), before()
            try:
                entered(call)
                weft_context.check_cancelled()
                return read(node, method(weft_context.node)(**arguments(call, inputs)), call)
            except InterruptProcessingException:
                _stop(weft_context)
                raise
            finally:
                after(gradients)
                left(call)
                CURRENT.reset(token)

    return run


def _async_function(node: PackNode, arguments: Arguments) -> Callable[..., object]:
    before, after = surroundings()
    method = node.method

    async def wait(*, weft_context: RunContext, **inputs: Any) -> object:
        call = Call(weft_context)
        token, gradients = (
            CURRENT.set(call),
            before(),
        )  # the engine runs each coroutine in a thread of its own
        try:
            entered(call)
            return read(node, await _result(method(weft_context.node)(**arguments(call, inputs))), call)
        except InterruptProcessingException:
            _stop(weft_context)
            raise
        finally:
            after(gradients)
            left(call)
            CURRENT.reset(token)

    return wait


async def _result(value: object) -> object:
    return await value if inspect.isawaitable(value) else value


def _stop(context: RunContext) -> None:
    """End the run, if it was not over already: the node has said so."""
    context.check_cancelled()
    context.watcher.cancel()
    context.check_cancelled()


def _preparation(node: PackNode) -> Callable[[dict[str, Any], Call], None]:
    """What turns what the engine gives into what the node expects."""
    changing, hidden, as_lists = node.inward, node.hidden, node.as_lists
    open_ended = node.spec.open_ended
    raw = tuple(input.name for input in possible_inputs(node.spec) if input.raw_link)
    declared = frozenset(input.name for input in node.spec.inputs)

    def change(inputs: dict[str, Any], call: Call) -> None:
        for name in changing:
            if name in inputs:
                inputs[name] = _inward(inputs[name], as_lists)
        if open_ended and len(inputs) > len(declared & inputs.keys()):
            for name in inputs.keys() - declared:
                inputs[name] = _inward(inputs[name], as_lists)
        for name in raw:
            if name in inputs:
                inputs[name] = _raw(inputs[name], call)
        if as_lists:
            for name, value in inputs.items():
                if value is None:
                    inputs[name] = [None]
        for name, kind in hidden:
            value = hidden_value(kind, call)
            inputs[name] = [value] if as_lists else value

    def nothing(inputs: dict[str, Any], call: Call) -> None:
        return

    return change if changing or hidden or as_lists or open_ended or raw else nothing


def _inward(value: object, as_list: bool) -> object:
    if as_list and isinstance(value, list):
        return [inward(item) for item in value]
    return inward(value)


def _raw(value: object, call: Call) -> object:
    """A link as ComfyUI writes it: `[node id, slot]`."""
    if isinstance(value, list):
        return [_raw(item, call) for item in value]
    if not isinstance(value, Link):
        return value
    return raw_link(value, call)


def _without_lazy(inputs: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Put values in place of the lazy inputs, None where there is none yet; gives the names of these."""
    missing: list[str] = []
    for name in names:
        value = inputs.get(name)
        if isinstance(value, Lazy):
            inputs[name] = value.found[0] if value.found else None
            if not value.found:
                missing.append(name)
    return tuple(missing)


def _ask(
    check: Callable[..., object],
    given: Mapping[str, Any],
    missing: tuple[str, ...],
    inputs: Mapping[str, Any],
) -> None:
    """Ask the node which lazy inputs it wants. The first that is not there ends the call: there will be another."""
    wanted = waited_for(check(**given))
    for name in [wanted] if isinstance(wanted, str) else wanted or ():  # type: ignore[attr-defined]
        if isinstance(name, str) and (name in missing or name not in inputs):
            raise Needed(name)
