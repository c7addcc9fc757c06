"""Nodes that take steps, publish, wait, and bring their worker to its end at a place of one's choice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

from engine.api import OUTER, Context, Expand, Graph, Link, Node, Output, Published, node
from engine.run.events import Picture

Int = Annotated[int, Output("INT")]

JPEG = b"\xff\xd8\xff\xe0"


def note(path: str, word: object) -> None:
    """Add a line to a file, for the test to read."""
    if path:
        with Path(path).open("a") as file:
            file.write(f"{word}\n")


def first_time(mark: str) -> bool:
    """Whether this is the first time with this mark; without one it always is."""
    if mark and Path(mark).exists():
        return False
    if mark:
        Path(mark).touch()
    return True


def end(how: str) -> None:
    """Bring this process to its end, or this node."""
    match how:
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
            time.sleep(600)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(600)
        case "os exit":
            os._exit(0)
        case "exit":
            sys.exit(3)
        case "interrupt":
            raise KeyboardInterrupt
        case "generator exit":
            raise GeneratorExit
        case "base exception":
            raise BaseException("neither an error nor an end")


@node("Number")
def number(value: int = 0) -> Int:
    """A number."""
    return value


@node("Show")
def show(x: int = 0) -> Published:
    """Show a number."""
    return Published(shown={"text": (str(x),)})


@node("Step")
def step(a: int, index: int, log: str, seconds: float, kill_at: int = -1, mark: str = "") -> Int:
    """One step of work, noted when it begins."""
    note(log, index)
    time.sleep(seconds)
    if index == kill_at and first_time(mark):
        end("kill")
    return (a * 31 + index) % 1_000_003


@node("Steps")
def steps(
    start: int, count: int, log: str, seconds: float = 0.05, kill_at: int = -1, mark: str = ""
) -> Int | Expand:
    """Steps, each of which is kept as soon as it is done."""
    same: dict[str, str | float] = {"log": log, "seconds": seconds, "kill_at": kill_at, "mark": mark}
    nodes = {"0": Node("Step", {"a": Link(OUTER, "start"), "index": 0, **same})}
    for index in range(1, count):
        nodes[str(index)] = Node("Step", {"a": Link(str(index - 1), "INT"), "index": index, **same})
    return Expand(Graph(nodes), Link(str(count - 1), "INT"))


@node("Load", pinned=True)
def load(name: str = "model", mark: str = "") -> Int:
    """A model, as it were; with a mark, its first loading kills the worker."""
    if mark and first_time(mark):
        end("kill")
    return len(name)


@node("Save")
def save(
    x: int, filename_prefix: str = "number", kill: str = "", mark: str = "", wait: str = "", *, ctx: Context
) -> Published:
    """Save a number; the worker may be killed before, during and after that, or told to wait before it."""

    def write(path: Path) -> None:
        path.write_text(f"number {x}\n")
        if kill == "during" and first_time(mark):
            end("kill")

    if wait:
        note(f"{wait}.pid", os.getpid())
        while not Path(wait).exists():
            time.sleep(0.005)
    if kill == "before" and first_time(mark):
        end("kill")
    published = ctx.files.publish(filename_prefix, ".txt", "text/plain", write)
    if kill == "after" and first_time(mark):
        end("kill")
    return published


@node("SaveMuch")
def save_much(megabytes: int, tag: int = 0, *, ctx: Context) -> Published:
    """Save a large file."""
    return ctx.files.publish(
        "much", ".bin", "application/octet-stream", lambda path: path.write_bytes(bytes(megabytes << 20))
    )


@node("End")
def end_it(how: str, mark: str = "", log: str = "", tag: int = 0) -> Int:
    """Ends in some way or other; with a mark, the first time only."""
    note(log, how)
    if first_time(mark):
        end(how)
    return 1


@node("Gate")
def gate(path: str, tag: int = 0, *, ctx: Context) -> Int:
    """Waits for a file to be there, and can be cancelled meanwhile."""
    while not Path(path).exists():
        ctx.check_cancelled()
        time.sleep(0.005)
    return 1


@node("Deaf")
def deaf(log: str, tag: int = 0) -> Int:
    """Computes for ten minutes and hears nothing."""
    note(log, "deaf")
    time.sleep(600)
    return 1


@node("Hungry")
def hungry(times: int, log: str, tag: int = 0) -> Int:
    """Runs out of memory the first `times` times."""
    note(log, "called")
    if len(Path(log).read_text().split()) <= times:
        raise MemoryError("Unable to allocate 7.00 GiB for an array")
    return 7


@node("Wrong")
def wrong(what: str) -> Int:
    """Gives what it did not declare."""
    odd: dict[str, object] = {"type": "text", "many": (1, 2, 3), "generator": iter(())}
    return odd.get(what)  # type: ignore[return-value]


@node("Pictures")
def pictures(count: int, size: int, until: str, *, ctx: Context) -> Int:
    """Offers large previews until a file is there, or so many are given."""
    for index in range(count):
        if Path(until).exists():
            break
        ctx.progress(index, count)
        ctx.preview(Picture("image/jpeg", JPEG + bytes((index % 256,)) * size))
        time.sleep(0.01)
    return count


@node("Spawn")
def spawn(log: str, tag: int = 0) -> Int:
    """Starts a process that never ends, in a session of its own."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    note(log, child.pid)
    return 1
