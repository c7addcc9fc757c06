"""A graph from any file that may hold one, told apart by what is in it, not by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.formats import comfy_prompt, comfy_workflow, native, pictures
from engine.formats.comfy_meta import WORKFLOW
from engine.formats.comfy_patch import patched
from engine.formats.comfy_sheet import Raw, is_workflow
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
            return native.graph_of(document, registry)
        case Mapping() if is_workflow(document):
            if registry is None:
                wrong = Unreadable("the file", "a graph or an API prompt", "a ComfyUI editor workflow")
                return Graph(), [wrong]
            return comfy_workflow.graph_of(document, registry)
        case Mapping():
            return comfy_prompt.graph_of(document)
    return Graph(), [Unreadable("the file", "a graph (an object)", kind_of(document))]


def drawn_bytes(data: bytes, registry: Registry) -> tuple[Graph, list[Problem]]:
    """The graph in a file's content as a person drew it: `flattened` gives the nodes that run."""
    texts = pictures.texts_in(data)
    if isinstance(texts, Unreadable):
        return Graph(), [texts]
    if texts is None:
        document = parse(data)
        return (Graph(), [document]) if isinstance(document, Unreadable) else drawn_in(document, registry)
    workflow = pictures.workflow_in(texts)
    if "weft" in texts:
        document = parse(texts["weft"])
        if isinstance(document, Unreadable):
            return Graph(), [document]
        graph, problems = native.drawn_in(document)
        return _as_in_workflow(graph, workflow, registry) or graph, problems
    if workflow is None or "prompt" not in texts:
        return _from_picture(texts, registry, "workflow")
    return drawn_beside(parse(pictures.without_nan(texts["prompt"])), workflow, registry)


def drawn_beside(prompt: object, workflow: object, registry: Registry) -> tuple[Graph, list[Problem]]:
    """A prompt that was run as the workflow beside it shows it, with the values of the prompt.

    Where they are not the same any more, it is the workflow that a person had on the screen.
    """
    ran, problems = comfy_prompt.graph_of(prompt)
    if not (isinstance(workflow, Mapping) and is_workflow(workflow)):
        return ran, problems
    drawn = None if problems else _as_in_workflow(ran, workflow, registry)
    return (drawn, []) if drawn else comfy_workflow.drawn_in(workflow, registry)


def drawn_in(document: object, registry: Registry) -> tuple[Graph, list[Problem]]:
    """The same from JSON that is parsed already."""
    match document:
        case {"weft": _}:
            graph, problems = native.drawn_in(document)
            kept = graph.meta.get(WORKFLOW)
            workflow = kept if isinstance(kept, Mapping) else None
            return _as_in_workflow(graph, workflow, registry) or graph, problems
        case Mapping() if is_workflow(document):
            return comfy_workflow.drawn_in(document, registry)
    return graph_in(document, registry)


def _as_in_workflow(graph: Graph, workflow: Raw | None, registry: Registry) -> Graph | None:
    """A graph without a drawing as the workflow shows it that it came from; None if they are not the same any more."""
    if graph.drawing is not None or workflow is None:
        return None
    current = patched(workflow, comfy_workflow.with_workflow(graph, workflow), registry)
    if current is None:
        return None
    drawn, _ = comfy_workflow.drawn_in(current, registry)
    return replace(drawn, meta={**graph.meta, **drawn.meta})


def _from_picture(
    texts: Mapping[str, str], registry: Registry | None, prefer: Preference
) -> tuple[Graph, list[Problem]]:
    """The graph that made a picture. Its workflow, if there is one, goes with it for its layout."""
    workflow = pictures.workflow_in(texts)
    if "weft" in texts:
        graph, problems = native.read_graph(texts["weft"], registry)
        if problems and registry is None and "prompt" in texts:  # which says the same without bypassed nodes
            graph, problems = comfy_prompt.read_prompt(texts["prompt"])
    elif "prompt" in texts and not (prefer == "workflow" and workflow and registry):
        graph, problems = comfy_prompt.read_prompt(pictures.without_nan(texts["prompt"]))
    elif workflow is not None:
        return graph_in(workflow, registry)
    else:
        found = f"only {', '.join(texts)}" if texts else "none"
        wrong = Unreadable("the picture", "a graph (a text 'weft', 'prompt' or 'workflow')", found)
        return Graph(), [wrong]
    return (comfy_workflow.with_workflow(graph, workflow) if workflow else graph), problems
