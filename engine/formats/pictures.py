"""Graphs inside pictures: the texts `weft` (our own format), `prompt` and `workflow` (ComfyUI's), in PNG and WEBP.

A picture that we saved has the first two of them, and the third if the graph came from there; one of ComfyUI has the
other two. For a run the prompt is right: it is what was really run, with the seeds of then, and it needs no knowledge
of the nodes. The workflow is what a person had on the screen; it is read if there is no prompt or if it is asked for.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from engine.formats import comfy_prompt, native
from engine.formats.comfy_meta import WORKFLOW
from engine.formats.comfy_sheet import Raw, is_workflow
from engine.formats.json_text import one_line, parse
from engine.formats.nodes import thaw
from engine.graph.graph import Graph
from engine.graph.problems import Unreadable
from engine.graph.registry import Registry

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Preference: TypeAlias = Literal["prompt", "workflow"]

PNG = b"\x89PNG\r\n\x1a\n"
RIFF, WEBP = b"RIFF", b"WEBP"

# ComfyUI writes these EXIF tags of a WEBP, and downwards from the second; each text begins with its key and a colon.
MODEL, MAKE = 0x0110, 0x010F
KEYS = ("weft", "prompt", "workflow")

# A string, or what is no JSON outside of strings: ComfyUI writes NaN for a node that always runs again.
STRING_OR_NAN = re.compile(r'("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b')


def chunks_of(graph: Graph, registry: Registry) -> dict[str, str]:
    """The texts by which a saved picture tells how it was made, to Weft and to ComfyUI. Plain ASCII.

    The workflow that a graph was read from is one of them, and not part of `weft`, so that it is there only once.
    """
    workflow = graph.meta.get(WORKFLOW)
    bare = replace(graph, meta={key: value for key, value in graph.meta.items() if key != WORKFLOW})
    chunks = {"weft": native.write_compact(bare), "prompt": comfy_prompt.write_prompt(bare, registry)}
    return chunks if workflow is None else {**chunks, WORKFLOW: one_line(thaw(workflow), ascii=True)}


def is_picture(data: bytes) -> bool:
    """Whether a file's content is a picture of a kind that may carry a graph."""
    return data.startswith(PNG) or (data.startswith(RIFF) and data[8:12] == WEBP)


def texts_in(data: bytes) -> Mapping[str, str] | Unreadable | None:
    """The texts that a picture carries by their keys; None if the data are no picture."""
    if data.startswith(PNG):
        return _texts(data, "PNG")
    if data.startswith(RIFF) and data[8:12] == WEBP:
        return _texts(data, "WEBP")
    return None


def workflow_in(texts: Mapping[str, str]) -> Raw | None:
    """The editor workflow among a picture's texts, if there is one and it can be read."""
    document = parse(without_nan(texts[WORKFLOW])) if WORKFLOW in texts else None
    return document if isinstance(document, Mapping) and is_workflow(document) else None


def without_nan(text: str) -> str:
    """The JSON with null for what is no JSON."""
    return STRING_OR_NAN.sub(lambda match: match[1] or "null", text)


def _texts(data: bytes, format: str) -> Mapping[str, str] | Unreadable:
    from PIL import Image  # noqa: PLC0415  (only pictures need it, and it loads slowly)

    try:
        with Image.open(io.BytesIO(data), formats=(format,)) as picture:
            return _png_texts(picture) if format == "PNG" else _exif_texts(picture)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        return Unreadable("the picture", f"a {format}", f"a damaged one ({error})")


def _png_texts(picture: Picture) -> Mapping[str, str]:
    from PIL import PngImagePlugin  # noqa: PLC0415

    assert isinstance(picture, PngImagePlugin.PngImageFile)
    return {key: str(value) for key, value in picture.text.items()}


def _exif_texts(picture: Picture) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for value in picture.getexif().values():
        key, colon, text = str(value).partition(":")
        if colon and key.lower() in KEYS:
            found[key.lower()] = text.strip("\x00")
    return found
