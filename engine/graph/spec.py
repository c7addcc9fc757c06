"""What is known of a node without importing it: plain data, made by `declare`, kept in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.graph.types import PortType

Literal_: TypeAlias = "bool | int | float | str | tuple[Literal_, ...] | Mapping[str, Literal_] | None"


@dataclass(frozen=True, slots=True)
class NumberWidget:
    """A whole or real number between two bounds (both included)."""

    whole: bool
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None


@dataclass(frozen=True, slots=True)
class SeedWidget:
    """A whole number from 0 to 2**53 - 1, the largest that a browser's JSON keeps exact."""


@dataclass(frozen=True, slots=True)
class TextWidget:
    """A string, on one line or several."""

    multiline: bool = False


@dataclass(frozen=True, slots=True)
class ToggleWidget:
    """True or false."""


@dataclass(frozen=True, slots=True)
class ChoiceWidget:
    """One of a closed list (`Literal[...]`)."""

    options: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FileWidget:
    """A file of a named folder (`models/<folder>`, or `input`); its content is part of the cache key."""

    folder: str


Widget: TypeAlias = NumberWidget | SeedWidget | TextWidget | ToggleWidget | ChoiceWidget | FileWidget


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One parameter of a node. `widget` is None for pure sockets; a widget can be a socket too."""

    name: str
    type: PortType
    required: bool
    default: Literal_ = None
    widget: Widget | None = None
    help: str = ""
    lazy: bool = False
    takes_list: bool = False


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One named output of a node."""

    name: str
    type: PortType
    gives_list: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """Everything the editor, the checks and the planner need to know of a node.

    `module` and `function` say where a worker finds the code; `pack` brought it ("" for built-in nodes).
    `effect`: the node is run for what it does (saves, shows); it returns None or a `Published`.
    `device`: it computes on the device, so such nodes run one at a time; others run side by side.
    `pinned`: its result stays with the worker that made it (a loaded model) and is never written to disk.
    `context`: the name of the parameter that receives the `Context`, if it asks for one.
    `fingerprinted`: it has a `fingerprint=` function that the worker asks before it trusts a cached result.
    """

    id: str
    title: str
    category: str
    help: str
    version: int
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    module: str
    function: str
    pack: str = ""
    effect: bool = False
    device: bool = False
    pinned: bool = False
    is_async: bool = False
    fingerprinted: bool = False
    context: str | None = None
