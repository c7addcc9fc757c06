"""What `GET /nodes` answers, as types, so that the editor knows them. `engine.formats.specs` makes the JSON itself."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class NamedPort(msgspec.Struct, frozen=True, tag_field="kind", tag="named"):
    """A class by its name, with the names of the classes it extends (nearest first)."""

    name: str
    bases: list[str]


class AnyPort(msgspec.Struct, frozen=True, tag_field="kind", tag="anything"):
    """Everything fits in, and it fits in everywhere."""


class UnionPort(msgspec.Struct, frozen=True, tag_field="kind", tag="one of"):
    """It flows into a port only if every member fits there."""

    members: list[Port]


class ListPort(msgspec.Struct, frozen=True, tag_field="kind", tag="list of"):
    """A list of values; lists and items fit each other."""

    item: Port


Port: TypeAlias = NamedPort | AnyPort | UnionPort | ListPort


class Number(msgspec.Struct, frozen=True, tag_field="kind", tag="Number"):
    """A whole or real number between two bounds (both included)."""

    whole: bool
    minimum: float | None
    maximum: float | None
    step: float | None


class Seed(msgspec.Struct, frozen=True, tag_field="kind", tag="Seed"):
    """A whole number from 0 to 2**64 - 1."""


class Text(msgspec.Struct, frozen=True, tag_field="kind", tag="Text"):
    """A string, on one line or several. It may name files of a folder, each behind a mark ("embedding:")."""

    multiline: bool
    mark: str
    folder: str


class Toggle(msgspec.Struct, frozen=True, tag_field="kind", tag="Toggle"):
    """True or false."""


class Choice(msgspec.Struct, frozen=True, tag_field="kind", tag="Choice"):
    """One of a closed list."""

    options: list[str | int]


class File(msgspec.Struct, frozen=True, tag_field="kind", tag="File"):
    """A file of a folder; `files` in the answer lists them."""

    folder: str


class Repeated(msgspec.Struct, frozen=True, tag_field="kind", tag="Repeated"):
    """In place of the input stand several of its like; the first `least` have to be there."""

    names: list[str]
    least: int
    item: InputTold


class Chosen(msgspec.Struct, frozen=True, tag_field="kind", tag="Chosen"):
    """Beside the input, which is a choice, stand those of what is chosen."""

    options: dict[str, list[InputTold]]


class Attached(msgspec.Struct, frozen=True, tag_field="kind", tag="Attached"):
    """Beside the input stand others as soon as something is connected to it."""

    inputs: list[InputTold]


class InputTold(msgspec.Struct, frozen=True, kw_only=True):
    """An input of a node. `type` is for people, `port` for programs; `widget` is null for pure sockets."""

    name: str
    type: str
    port: Port
    required: bool
    default: object
    widget: Number | Seed | Text | Toggle | Choice | File | None
    help: str
    lazy: bool
    takes_list: bool
    raw_link: bool
    options: dict[str, object]
    free: bool
    grows: Repeated | Chosen | Attached | None
    match: str


class OutputTold(msgspec.Struct, frozen=True, kw_only=True):
    """An output of a node."""

    name: str
    type: str
    port: Port
    gives_list: bool
    help: str
    label: str
    match: str


class NodeTold(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of node; `engine.graph.spec.NodeSpec` says what each field means."""

    id: str
    title: str
    category: str
    help: str
    version: int
    inputs: list[InputTold]
    outputs: list[OutputTold]
    module: str
    function: str
    pack: str
    effect: bool
    device: bool
    pinned: bool
    is_async: bool
    fingerprinted: bool
    context: str | None
    validated: bool
    once_per_node: bool
    open_ended: bool
    open_to_literals: bool
    deprecated: bool
    experimental: bool
    style: Literal["weft", "v1", "v3"]
    hidden: list[tuple[str, str]]
    growing: bool


class NodesTold(msgspec.Struct, frozen=True):
    """All kinds of nodes, and the files that their inputs may name, by folder."""

    nodes: list[NodeTold]
    files: dict[str, list[str]]
