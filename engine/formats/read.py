"""A graph from any file that may hold one, told apart by what is in it, not by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.formats import comfy_prompt, native, pictures
from engine.formats.json_text import kind_of, parse
from engine.graph.graph import Graph
from engine.graph.problems import Problem, Unreadable


def read_any(path: Path) -> tuple[Graph, list[Problem]]:
    """The graph in a file: Weft's own, a ComfyUI API prompt, or a PNG that carries either."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Graph(), [Unreadable(str(path), "a file", error.strerror or str(error))]
    return read_bytes(data)


def read_bytes(data: bytes) -> tuple[Graph, list[Problem]]:
    """The same from the file's content."""
    if data.startswith(pictures.PNG):
        return pictures.read_picture(data)
    document = parse(data)
    match document:
        case Unreadable():
            return Graph(), [document]
        case {"weft": _}:
            return native.graph_of(document)
        case {"nodes": list(), "links": _}:
            wrong = Unreadable("the file", "a graph or an API prompt", "a ComfyUI editor workflow")
            return Graph(), [wrong]
        case Mapping():
            return comfy_prompt.graph_of(document)
    return Graph(), [Unreadable("the file", "a graph (an object)", kind_of(document))]
