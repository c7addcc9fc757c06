"""What every command does first: know the nodes, read the graph, say what is wrong."""

from __future__ import annotations

import click

from engine.backends.settings import Settings
from engine.commands.wire import problem_json
from engine.graph.problems import Problem
from engine.graph.registry import Registry
from engine.packs.manifest import load_manifest


def known_nodes(settings: Settings) -> Registry:
    """The specs of all nodes; packs that could not be imported are named on the way."""
    registry, failures = load_manifest(settings.packs, settings.manifest, settings.libraries, settings.places)
    for failure in failures:
        click.echo(f"Skipped {failure.describe()}", err=True)
    return registry


def show_problems(problems: list[Problem], *, as_json: bool) -> None:
    """Print problems: as JSON to standard output, for people to standard error."""
    for problem in problems:
        if as_json:
            click.echo(problem_json(problem))
        else:
            click.echo(f"{type(problem).__name__}: {problem.describe()}\n  {problem.hint}", err=True)
