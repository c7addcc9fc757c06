"""`nodes [NAME]`: what nodes there are, without importing any."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import click

from engine.backends.settings import Settings
from engine.commands.app import Failure
from engine.commands.reading import known_nodes
from engine.commands.wire import specs_json
from engine.graph.registry import Registry
from engine.graph.spec import ChoiceWidget, InputSpec, NodeSpec, NumberWidget
from engine.graph.types import type_text

WIDTH = 100


def show_nodes(settings: Settings, name: str | None, *, as_json: bool) -> None:
    """Print all nodes by category, or one with everything that is known of it."""
    registry = known_nodes(settings)
    specs = [_find(registry, name)] if name else sorted(registry.values(), key=lambda s: (s.category, s.id))
    if as_json:
        click.echo(specs_json(specs))
    elif name:
        click.echo("\n".join(_page(specs[0])))
    else:
        click.echo("\n".join(_list(specs)))


def _find(registry: Registry, name: str) -> NodeSpec:
    if name in registry:
        return registry[name]
    near = " or ".join(registry.closest(name))
    raise Failure(f"There is no node {name}." + (f" Did you mean {near}?" if near else ""))


def _list(specs: Iterable[NodeSpec]) -> Iterable[str]:
    category = None
    for spec in specs:
        if spec.category != category:
            category = spec.category
            yield f"\n{category or 'other'}"
        summary = spec.help.partition("\n")[0]
        yield f"  {spec.id:24} {textwrap.shorten(summary, WIDTH - 27, placeholder=' ...')}"


def _page(spec: NodeSpec) -> Iterable[str]:
    yield f"{spec.id}: {spec.title} ({spec.category or 'other'})"
    yield from ("", *spec.help.splitlines())
    if spec.inputs:
        yield "\nInputs"
        yield from (_row(port.name, _wanted(port), port.help) for port in spec.inputs)
    if spec.outputs:
        yield "\nOutputs"
        yield from (_row(port.name, type_text(port.type), port.help) for port in spec.outputs)


def _row(name: str, type: str, help: str) -> str:
    wrapped = textwrap.wrap(help, WIDTH - 48)
    return f"  {name:20} {type:24} " + f"\n{'':48}".join(wrapped)


def _wanted(port: InputSpec) -> str:
    match port.widget:
        case NumberWidget(minimum=minimum, maximum=maximum):
            low, high = ("" if bound is None else f"{bound:g}" for bound in (minimum, maximum))
            text = f"{type_text(port.type)} {low}..{high}" if low or high else type_text(port.type)
        case ChoiceWidget():
            text = "choice"
        case _:
            text = type_text(port.type)
    return text if port.required else f"{text} = {port.default!r}" if port.default is not None else f"{text}?"
