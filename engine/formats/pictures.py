"""Graphs inside pictures: PNG text chunks `weft` (our own format) and `prompt` (ComfyUI's)."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

from engine.formats import comfy_prompt, native
from engine.graph.graph import Graph
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry

PNG = b"\x89PNG\r\n\x1a\n"

# A string, or what is no JSON outside of strings: ComfyUI writes NaN for a node that always runs again.
STRING_OR_NAN = re.compile(r'("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b')


def chunks_of(graph: Graph, registry: Registry) -> dict[str, str]:
    """The text chunks by which a saved picture tells how it was made, to Weft and to ComfyUI. Plain ASCII."""
    return {"weft": native.write_compact(graph), "prompt": comfy_prompt.write_prompt(graph, registry)}


def read_picture(data: bytes) -> tuple[Graph, list[Problem]]:
    """The graph that made a PNG."""
    chunks = _text_chunks(data)
    if isinstance(chunks, Unreadable):
        return Graph(), [chunks]
    if "weft" in chunks:
        return native.read_graph(chunks["weft"])
    if "prompt" in chunks:
        return comfy_prompt.read_prompt(STRING_OR_NAN.sub(lambda match: match[1] or "null", chunks["prompt"]))
    found = f"only {', '.join(chunks)}" if chunks else "none"
    return Graph(), [Unreadable("the picture", "a graph (a text chunk 'weft' or 'prompt')", found)]


def _text_chunks(data: bytes) -> Mapping[str, str] | Unreadable:
    from PIL import Image, PngImagePlugin  # noqa: PLC0415  (only pictures need it, and it loads slowly)

    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            assert isinstance(picture, PngImagePlugin.PngImageFile)
            return {key: str(value) for key, value in picture.text.items()}
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        return Unreadable("the picture", "a PNG", f"a damaged one ({error})")
