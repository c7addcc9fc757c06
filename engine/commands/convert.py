"""`convert GRAPH --to FORMAT`: a graph in another format, without running it."""

from __future__ import annotations

from pathlib import Path

import click

from engine.backends.settings import Settings
from engine.commands.reading import known_nodes, show_problems
from engine.formats import comfy_prompt, native
from engine.formats.comfy_export import workflow_of
from engine.formats.json_text import pretty
from engine.formats.read import read_any
from engine.formats.shown import named
from engine.graph.graph import Graph
from engine.graph.registry import Registry

INVALID = 2


def convert_graph(settings: Settings, path: Path, format: str, output: Path | None) -> int:
    """Write the graph to a file, or to standard output; the exit code is 2 if it cannot be read."""
    registry = known_nodes(settings)
    graph, problems = read_any(path, registry, prefer="workflow" if format == "workflow" else "prompt")
    if problems:
        show_problems(problems, as_json=False)
        return INVALID
    text = _written(graph, registry, format)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, "utf-8")
    return 0


def _written(graph: Graph, registry: Registry, format: str) -> str:
    match format:
        case "weft":
            return native.write_graph(named(graph, registry))
        case "prompt":
            return pretty(comfy_prompt.prompt_of(graph, registry), depth=3) + "\n"
    return pretty(workflow_of(graph, registry), depth=1) + "\n"
