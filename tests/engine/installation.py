"""A small installation in a folder of its own: toy nodes that load nothing heavy, and a `main.py` to start it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

MAIN = """
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from engine.backends.settings import Settings, settings_at
from engine.commands.app import app, start
from engine.packs.discover import discover
from engine.packs.source import builtin
from dataclasses import replace

HERE = Path(__file__).parent


def settings(output):
    packs = (builtin(HERE / "toy_nodes"), *discover(HERE / "custom_nodes"))
    return replace(settings_at(HERE, output), packs=packs, libraries=())


if __name__ == "__main__":
    start(app(settings), "main.py")
"""

NODES = '''
import sys
import time
from typing import Annotated, Literal

from engine.api import Context, Expand, Graph, Link, ModelFile, Node, Output, Published, Range, node

Text = Annotated[str, Output("text")]


@node("Word")
def word(text: str = "word", times: Annotated[int, Range(1, 9)] = 1) -> Text:
    """A word, perhaps several times.

    Args:
        text: The word.
        times: How often.
    """
    return " ".join([text] * times)


@node("Join")
def join(a: str, b: str = "") -> Text:
    """Two texts, one after the other."""
    return f"{a} {b}"


@node("Slow")
def slow(text: str, steps: int = 3, seconds: float = 0.0, *, ctx: Context) -> Text:
    """Takes its time."""
    for _ in ctx.track(range(steps)):
        time.sleep(seconds)
    return text


@node("Fail")
def fail(text: str, how: Literal["raise", "exit", "wrong", "none"] = "raise") -> Text:
    """Fails."""
    if how == "exit":
        sys.exit(3)
    if how == "raise":
        raise ValueError(f"{text} is no good")
    return 5 if how == "wrong" else None


@node("Grow")
def grow(text: str, bad: bool = False) -> Text | Expand:
    """Turns into a graph."""
    inner = {"a": Node("Join", {"a": Link("b" if bad else "..", "text")}), "b": Node("Join", {"a": Link("a", "text")})}
    return Expand(Graph(inner), Link("b", "text"))


@node("Read")
def read(name: Annotated[str, ModelFile("texts")], *, ctx: Context) -> Text:
    """A text from a file."""
    return ctx.model_file("texts", name).read_text()


@node("ShowText")
def show_text(text: str) -> Published:
    """Say a text."""
    return Published(shown={"text": (text,)})


@node("SaveText")
def save_text(text: str, filename_prefix: str = "text", *, ctx: Context) -> Published:
    """Save a text."""
    return ctx.files.publish(filename_prefix, ".txt", "text/plain", lambda path: path.write_text(text))
'''


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, object]]:
        """What `--json` printed."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Installation:
    """A folder with a `main.py`."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.folder / "main.py"), *arguments]

    def __call__(self, *arguments: str) -> Done:
        """Start a command and wait for its end."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def graph(self, nodes: Mapping[str, object], name: str = "graph.json") -> str:
        """Write a graph's file; a node is its class, its title if it has one, and its inputs."""
        path = self.folder / name
        path.write_text(json.dumps({"weft": 1, "nodes": nodes}))
        return str(path)


def use(kind: str, title: str | None = None, /, **inputs: object) -> dict[str, object]:
    """A node of a graph's file."""
    meta = {"_meta": {"title": title}} if title else {}
    return {"class_type": kind, "inputs": inputs, **meta}


def installed(folder: Path) -> Installation:
    """A new installation."""
    (folder / "toy_nodes").mkdir()
    (folder / "toy_nodes" / "__init__.py").write_text('"""Toys."""')
    (folder / "toy_nodes" / "toys.py").write_text(NODES)
    (folder / "models" / "texts").mkdir(parents=True)
    (folder / "models" / "texts" / "poem.txt").write_text("a poem")
    (folder / "main.py").write_text(MAIN.format(root=str(ROOT)))
    return Installation(folder)
