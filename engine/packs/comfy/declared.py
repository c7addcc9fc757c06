"""A node of a pack, however it was declared: its spec, and how it is called, asked and checked."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.graph.spec import NodeSpec
from engine.packs.comfy.values import Change

OWNER = "__weft_owner__"  # the class that a pack's node is, at its function

Method: TypeAlias = Callable[[str], Callable[..., Any]]
"""Gives, for the path of a node, what to call: V1 nodes have an object for each node, V3 nodes a class."""


@dataclass(frozen=True, slots=True)
class PackNode:
    """What the call of a pack's node needs, found out once.

    `outward` holds for each output what its values go through, or None. `hidden` are parameters and ComfyUI's names for
    what they get; V3 nodes find these at their class instead.
    """

    spec: NodeSpec
    owner: type
    method: Method
    lazily: Method | None
    as_lists: bool
    outward: tuple[Change | None, ...]
    inward: tuple[str, ...]
    hidden: tuple[tuple[str, str], ...]
    may_expand: bool = True


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a function takes: names, and whether any other name, too."""

    names: frozenset[str]
    any: bool

    def take(self, name: str) -> bool:
        """Whether it takes this one."""
        return self.any or name in self.names

    def of(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Those of the arguments that it takes."""
        return {name: value for name, value in arguments.items() if self.take(name)}


def parameters_of(function: Callable[..., object]) -> Parameters:
    """What a function takes by name. One that cannot be looked into takes anything."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return Parameters(frozenset(), True)
    named = {each.name for each in parameters if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)}
    return Parameters(frozenset(named), any(each.kind is each.VAR_KEYWORD for each in parameters))


def waited_for(value: object) -> object:
    """The value, or what comes of it if it is a coroutine, wherever this is asked."""
    if not inspect.iscoroutine(value):
        return value
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(value)
    return _in_another_thread(value)


def _in_another_thread(coroutine: Coroutine[Any, Any, object]) -> object:
    found: list[object] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.append(asyncio.run(coroutine))
        except BaseException as error:  # raised again where it is waited for
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]
