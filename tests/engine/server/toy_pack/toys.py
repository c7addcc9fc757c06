"""The nodes by which a real ComfyUI was recorded, as far as they can be Weft's, and some that misbehave."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

from engine.api import Blocked, Context, Expand, Graph, Link, Node, Output, Published, Range, node
from engine.run.events import Picture

Int = Annotated[int, Output("INT")]
Text = Annotated[str, Output("STRING")]

JPEG = b"\xff\xd8\xff\xe0 the rest of a picture"


@node("PValue")
def value(value: Annotated[int, Range(0, 10**9)] = 1) -> Int:
    """A number."""
    return value


@node("PAdd")
def add(a: int = 0, b: int = 0) -> Int:
    """Two numbers added."""
    return a + b


@node("PShow")
def show(x: int | str = 0, *, ctx: Context) -> Published:
    """Show a value."""
    return Published(shown={"text": (str(x),), "uid": (ctx.node,)})


@node("PQuiet")
def quiet(x: int | str = 0) -> Published:
    """Take a value, and show nothing."""
    return Published()


@node("PProgress")
def progress(steps: int = 3, delay: float = 0.0, preview: bool = False, tag: int = 0, *, ctx: Context) -> Int:
    """Count up to a number."""
    for step in range(1, steps + 1):
        time.sleep(delay)
        ctx.progress(step, steps)
        if preview:
            ctx.preview(Picture("image/jpeg", JPEG + bytes((step % 256,))))
    return steps


@node("PFail")
def fail(a: int = 0, text: str = "list index out of range") -> Int:
    """Fails."""
    raise IndexError(text)


@node("PNoRoom")
def no_room(a: int = 0) -> Published:
    """Finds the disk full."""
    raise OSError(28, "No space left on device")


@node("PSave")
def save(text: str = "words", filename_prefix: str = "toys/text", *, ctx: Context) -> Published:
    """Save a text."""
    return ctx.files.publish(filename_prefix, ".png", "image/png", lambda path: path.write_text(text))


@node("PGrow")
def grow(x: int = 1) -> Int | Expand:
    """Turns into a graph with an output node in it."""
    inner = {"v": Node("PAdd", {"a": x, "b": 1}), "s": Node("PShow", {"x": Link("v", "INT")})}
    return Expand(Graph(inner), Link("v", "INT"))


@node("PBlock")
def block(x: int = 1) -> Int | Blocked:
    """Holds back what comes behind it."""
    return Blocked("not today")


@node("PDie")
def die(path: str, times: int = 99) -> Int:
    """Ends its process, the first `times` times."""
    died = Path(path)
    died.write_text(died.read_text() + "x" if died.exists() else "x")
    if len(died.read_text()) <= times:
        os._exit(7)
    return len(died.read_text())


@node("PSecret")
def secret(tag: int = 0, *, ctx: Context) -> Text:
    """What it was told in secret."""
    secrets = ctx.request.get("secrets")
    assert isinstance(secrets, dict)
    return ",".join(sorted(secrets.values()))


@node("PWait")
def wait(path: str, tag: int = 0, *, ctx: Context) -> Int:
    """Waits for a file to be there."""
    while not Path(path).exists():
        ctx.check_cancelled()
        time.sleep(0.002)
    return 1


@node("PDeaf")
def deaf(path: str, tag: int = 0) -> Int:
    """Waits for a file to be there, and hears nothing meanwhile."""
    while not Path(path).exists():
        time.sleep(0.002)
    return 1
