"""Nodes that behave."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from engine.api import Context, Expand, Graph, Link, Node, Output, Picture, Published, node, previewer
from engine.graph.declared import SPEC, VALIDATE, spec_of
from engine.packs.serving import ROUTES, Call, Route

Value = Annotated[int, Output("value")]


class Dots:
    """A value with a preview."""


class Blank:
    """A value with none."""


class Unseen:
    """A value whose preview fails."""


@previewer(Dots)
def draw(dots: Dots) -> Picture:
    return Picture("image/png", b"dots")


@previewer(Unseen)
def fail_to_draw(unseen: Unseen) -> Picture:
    raise ValueError("nothing to see")


@node("Number")
def number(value: int = 0) -> Value:
    """A number."""
    return value


@node("Add")
def add(a: int, b: int = 1) -> Value:
    """Two numbers added."""
    return a + b


@node("Twice")
def twice(value: int) -> Value | Expand:
    """A number added to itself, by another node."""
    inner = Node("Add", {"a": Link("..", "value"), "b": Link("..", "value")})
    return Expand(Graph({"sum": inner}), Link("sum", "value"))


@node("Show")
def show(value: int) -> Published:
    """Show a number."""
    return Published((), {"text": (str(value),)})


@node("ShowOddly")
def show_oddly() -> Published:
    """Show what hardly goes over a wire."""
    return Published((), {"text": ("half \ud800", 2**70, (1, 2.5, None), {"a": (True,)})})


@node("Steps")
def steps(value: int = 0, count: int = 3, seconds: float = 0.0, *, ctx: Context) -> Value:
    """Take some steps, one after the other."""
    for _ in ctx.track(range(count)):
        time.sleep(seconds)
    return value


@node("Previews")
def previews(count: int = 3, seconds: float = 0.12, *, ctx: Context) -> Value:
    """Show unfinished values."""
    for _ in range(count):
        for value in (Unseen(), Blank(), Dots()):
            ctx.preview(value)
            time.sleep(seconds)
    return count


@node("Request")
def request(*, ctx: Context) -> Published:
    """Show what the run was asked for with."""
    return Published((), {"text": (json.dumps(dict(ctx.request), sort_keys=True),)})


@node("Provenance")
def provenance(*, ctx: Context) -> Published:
    """Show the texts that files would carry."""
    return Published((), {"text": (json.dumps(dict(ctx.provenance), sort_keys=True),)})


@node("Save")
def save(value: int, *, ctx: Context) -> Published:
    """Save a number."""
    return ctx.files.publish("number", ".txt", "text/plain", lambda path: path.write_text(str(value)))


def refuse(literals: Mapping[str, object], linked: Mapping[str, str]) -> list[tuple[str, str]]:
    if literals.get("value") == 13:
        raise RuntimeError("thirteen")
    return (
        [("value", f"{literals['value']} is odd, linked is {dict(linked)}")] if literals["value"] == 7 else []
    )


@node("Even")
def even(value: int, other: int = 0) -> Published:
    """Take even numbers only."""
    return Published((), {"text": (str(value),)})


setattr(even, SPEC, replace(spec_of(even), validated=True))
setattr(even, VALIDATE, refuse)


async def greet(call: Call) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    text = f"{call.method} {call.parts['name']} {call.query} {call.body.decode()}"
    return 200, (("Content-Type", "text/plain"), ("X-Seen", dict(call.headers)["X-Sent"])), text.encode()


async def stumble(call: Call) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    raise RuntimeError("secret detail")


ROUTES[:] = [Route("POST", "/greet/{name}", greet), Route("GET", "/stumble", stumble)]
