"""Toy nodes with every kind of port, and short ways to write graphs of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from engine.graph.declare import node
from engine.graph.declared import spec_of
from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.hints import ModelFile, Multiline, Range, Seed
from engine.graph.registry import Registry, registry_of
from engine.graph.values import Lazy


class Latent: ...


class Picture: ...


class Poster(Picture): ...


class Model:
    __port_name__ = "MODEL"


class Split(NamedTuple):
    """Two halves.

    Attributes:
        left: What was on the left.
        right: What was on the right.
    """

    left: Picture
    right: Picture


@node("Load")
def load(name: Annotated[str, ModelFile("checkpoints")]) -> Model:
    """Load a model."""
    return Model()


@node("Start")
def start(model: Model, seed: Seed = 0, width: Annotated[int, Range(8, 64)] = 16) -> Latent:
    """Make a latent."""
    return Latent()


@node("Decode")
def decode(samples: Latent, model: Model) -> Picture:
    """Decode a latent."""
    return Picture()


@node("Encode")
def encode(picture: Picture, model: Model) -> Latent:
    """Encode a picture."""
    return Latent()


@node("Write")
def write(
    picture: Picture, text: Multiline, font: Literal["serif", "sans"] = "serif", size: float = 1.0
) -> Poster:
    """Write onto a picture."""
    return Poster()


@node("Halve")
def halve(picture: Picture) -> Split:
    """Cut a picture in two."""
    return Split(picture, picture)


@node("Pick")
def pick(first: Lazy[Picture], second: Lazy[Picture] | None = None, flip: bool = False) -> Picture:
    """Take one of two."""
    return first.get()


@node("Frames")
def frames(count: int = 2) -> list[Picture]:
    """Several pictures."""
    return [Picture()] * count


@node("Look")
def look(value: Any) -> None:
    """Look at anything."""


@node("Save")
def save(picture: Picture, prefix: str = "picture") -> None:
    """Save a picture."""


REGISTRY: Registry = registry_of(
    spec_of(function) for function in (load, start, decode, encode, write, halve, pick, frames, look, save)
)


def graph(**nodes: tuple[str, dict[str, InputValue]]) -> Graph:
    """`graph(a=("Load", {"name": "m"}), b=("Start", {"model": Link("a", "model")}))`."""
    return Graph({id: Node(kind, inputs) for id, (kind, inputs) in nodes.items()})


GOOD: Graph = graph(
    load=("Load", {"name": "small"}),
    start=("Start", {"model": Link("load", "model"), "seed": 7}),
    decode=("Decode", {"samples": Link("start", "latent"), "model": Link("load", "model")}),
    save=("Save", {"picture": Link("decode", "picture")}),
)
