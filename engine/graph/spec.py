"""What is known of a node without importing it: plain data, made by `declare`, kept in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

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
    """A whole number from 0 to 2**64 - 1. A browser's JSON keeps no more than 2**53 - 1 exact."""


@dataclass(frozen=True, slots=True)
class TextWidget:
    """A string, on one line or several.

    It may name files of a `folder`, each behind a `mark` ("embedding:"); their content is part of the cache key.
    """

    multiline: bool = False
    mark: str = ""
    folder: str = ""


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
class Repeated:
    """In place of the input stand several of its like, `images.image0`; the first `least` have to be there."""

    names: tuple[str, ...]
    least: int
    item: InputSpec


@dataclass(frozen=True, slots=True)
class Chosen:
    """Beside the input, which is a choice, stand those of what is chosen: `crop.width`."""

    options: Mapping[str, tuple[InputSpec, ...]]


@dataclass(frozen=True, slots=True)
class Attached:
    """Beside the input stand others as soon as something is connected to it: `image.strength`."""

    inputs: tuple[InputSpec, ...]


Growing: TypeAlias = Repeated | Chosen | Attached


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One parameter of a node. `widget` is None for pure sockets; a widget can be a socket too.

    `raw_link`: the node gets the link itself, not the value behind it. `options` are what a ComfyUI pack says of the
    input beside what the fields here hold; they are passed on to clients as they are. `free`: the node checks the value
    itself, so that bounds, choices and files are only what clients show. `grows`: it stands for other inputs, which
    `engine.graph.growing` tells. `match`: all inputs and outputs of the node with this text have the same type.
    """

    name: str
    type: PortType
    required: bool
    default: Literal_ = None
    widget: Widget | None = None
    help: str = ""
    lazy: bool = False
    takes_list: bool = False
    raw_link: bool = False
    options: Mapping[str, Literal_] = field(default_factory=dict)
    free: bool = False
    grows: Growing | None = None
    match: str = ""


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One named output of a node. `label` is what people see where it differs from the name; `match` as of inputs."""

    name: str
    type: PortType
    gives_list: bool = False
    help: str = ""
    label: str = ""
    match: str = ""


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """Everything the editor, the checks and the planner need to know of a node.

    `module` and `function` say where a worker finds the code; `pack` brought it ("" for built-in nodes).
    `effect`: the node is run for what it does (saves, shows); it returns None or a `Published`.
    `device`: it computes on the device, so such nodes run one at a time; others run side by side.
    `pinned`: its result stays with the worker that made it (a loaded model) and is never written to disk.
    `context`: the name of the parameter that receives the `Context`, if it asks for one.
    `fingerprinted`: it has a `fingerprint=` function that the worker asks before it trusts a cached result.
    `validated`: it has a check of its own for its literals, which only a worker can ask.
    `once_per_node`: two equal nodes of a graph do not share a result (NOT_IDEMPOTENT).
    `open_ended`: it takes inputs that are not declared (ComfyUI's `**kwargs`): links only, and literals too where it
    is `open_to_literals` (an `optional` of ComfyUI's that has any name).
    `style`: whose node it is: "weft", or a ComfyUI pack's of the old ("v1") or the new ("v3") kind.
    `hidden`: what it is given without a socket: pairs of a parameter and ComfyUI's name for what it gets.
    `growing`: some of its inputs stand for others. It is open-ended then; `growing.inputs_of` tells those of a node.
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
    validated: bool = False
    once_per_node: bool = False
    open_ended: bool = False
    open_to_literals: bool = False
    deprecated: bool = False
    experimental: bool = False
    style: Literal["weft", "v1", "v3"] = "weft"
    hidden: tuple[tuple[str, str], ...] = ()
    growing: bool = False
