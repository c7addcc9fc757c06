"""`validate GRAPH`: every problem of a graph, without torch and without running anything."""

from __future__ import annotations

from pathlib import Path

import click

from engine.backends.settings import Settings
from engine.commands.reading import known_nodes, show_problems
from engine.formats.read import read_any
from engine.graph.validate import validate
from engine.packs.folders import listing


def check_graph(settings: Settings, path: Path, *, as_json: bool) -> int:
    """Print the graph's problems; the exit code is 0 if it has none and 2 otherwise."""
    registry = known_nodes(settings)
    graph, problems = read_any(path, registry)
    if not problems:
        problems = validate(graph, registry, listing(settings.folders, registry))
    show_problems(problems, as_json=as_json)
    if not problems and not as_json:
        click.echo(f"{path} is valid: {len(graph.nodes)} nodes.")
    return 2 if problems else 0
