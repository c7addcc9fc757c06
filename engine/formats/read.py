"""A graph from any file that may hold one, told apart by what is in it, not by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.formats import comfy_prompt, comfy_workflow, native, pictures
from engine.formats.comfy_sheet import is_workflow
from engine.formats.json_text import kind_of, parse
from engine.formats.pictures import Preference
from engine.graph.graph import Graph
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry


def read_any(
    path: Path, registry: Registry | None = None, prefer: Preference = "prompt"
) -> tuple[Graph, list[Problem]]:
    """The graph in a file: Weft's own, a ComfyUI API prompt or editor workflow, or a PNG or WEBP that carries one.

    Args:
        path: The file.
        registry: The known nodes, without which the values in an editor workflow have no names.
        prefer: What to read from a picture that carries both: the prompt that made it, or the workflow.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return Graph(), [Unreadable(str(path), "a file", error.strerror or str(error))]
    return read_bytes(data, registry, prefer)


def read_bytes(
    data: bytes, registry: Registry | None = None, prefer: Preference = "prompt"
) -> tuple[Graph, list[Problem]]:
    """The same from the file's content."""
    texts = pictures.texts_in(data)
    if texts is None:
        document = parse(data)
        return (Graph(), [document]) if isinstance(document, Unreadable) else graph_in(document, registry)
    if isinstance(texts, Unreadable):
        return Graph(), [texts]
    return _from_picture(texts, registry, prefer)


def graph_in(document: object, registry: Registry | None = None) -> tuple[Graph, list[Problem]]:
    """The same from JSON that is parsed already."""
    match document:
        case {"weft": _}:
            return native.graph_of(document)
        case Mapping() if is_workflow(document):
            if registry is None:
                wrong = Unreadable("the file", "a graph or an API prompt", "a ComfyUI editor workflow")
                return Graph(), [wrong]
            return comfy_workflow.graph_of(document, registry)
        case Mapping():
            return comfy_prompt.graph_of(document)
    return Graph(), [Unreadable("the file", "a graph (an object)", kind_of(document))]


def _from_picture(
    texts: Mapping[str, str], registry: Registry | None, prefer: Preference
) -> tuple[Graph, list[Problem]]:
    """The graph that made a picture. Its workflow, if there is one, goes with it for its layout."""
    workflow = pictures.workflow_in(texts)
    if "weft" in texts:
        graph, problems = native.read_graph(texts["weft"])
    elif "prompt" in texts and not (prefer == "workflow" and workflow and registry):
        graph, problems = comfy_prompt.read_prompt(pictures.without_nan(texts["prompt"]))
    elif workflow is not None:
        return graph_in(workflow, registry)
    else:
        found = f"only {', '.join(texts)}" if texts else "none"
        wrong = Unreadable("the picture", "a graph (a text 'weft', 'prompt' or 'workflow')", found)
        return Graph(), [wrong]
    return (comfy_workflow.with_workflow(graph, workflow) if workflow else graph), problems
