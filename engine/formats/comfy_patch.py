"""A workflow file brought up to date with its graph: changed values, titles and places, and nothing else.

What was written is read again, and counts only if it is the graph: a change that a workflow cannot say in place (of a
node in a subgraph that is used twice, say) gives None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, cast

from engine.formats.comfy_sheet import Item, Raw, read_sheet, subgraphs
from engine.formats.comfy_values import spec_of_item, values_of
from engine.formats.comfy_widgets import layout_of
from engine.formats.comfy_workflow import graph_of
from engine.formats.nodes import thaw
from engine.formats.scopes import DEEPEST, SEPARATOR
from engine.graph.edit import named_links
from engine.graph.graph import Graph, Link, Node
from engine.graph.literals import freeze
from engine.graph.registry import Registry
from engine.graph.spec import Literal_


def patched(kept: Raw, graph: Graph, registry: Registry) -> dict[str, object] | None:
    """The workflow, changed so that it means the graph; None if more than values, titles and places has changed."""
    document = cast("dict[str, object]", thaw(freeze(kept)))  # a copy, which may be changed
    wanted = named_links(graph, registry)
    before = named_links(graph_of(document, registry)[0], registry)
    if _means(before, wanted, registry):
        return document
    if before.nodes.keys() != wanted.nodes.keys():
        return None
    changed = [id for id, node in wanted.nodes.items() if not _same(before.nodes[id], node, registry)]
    for id, item in _items(document, changed):
        _write(item, before.nodes[id], wanted.nodes[id], registry)
    after = named_links(graph_of(document, registry)[0], registry)
    return document if _means(after, wanted, registry) else None


def _items(document: Raw, paths: list[str]) -> Iterator[tuple[str, Item]]:
    """The nodes of a workflow at these paths, as far as they stand in it; those of old groups do not."""
    root, _ = read_sheet(document, "")
    definitions, _ = subgraphs(document)
    for path in paths:
        sheet, item = root, None
        for id in path.split(SEPARATOR)[: DEEPEST + 1]:
            sheet = definitions.get(item.kind, sheet) if item else sheet
            item = sheet.items.get(id) if item is None or item.kind in definitions else None
            if item is None:
                break
        if item is not None:
            yield path, item


def _write(item: Item, before: Node, node: Node, registry: Registry) -> None:
    # The item was read from this very document, so that what is set in it is set there.
    raw = cast("MutableMapping[str, Any]", item.raw)
    spec = registry.specs.get(item.kind)
    places = values_of(item, layout_of(spec_of_item(spec, item)) if spec else None).places
    values = raw.get("widgets_values")
    for name, value in node.inputs.items():
        changed = not isinstance(value, Link) and before.inputs.get(name) != value
        if changed and name in places and isinstance(values, list | dict):
            values[places[name]] = thaw(cast("Literal_", value))  # type: ignore[index]
    if node.title is not None and node.title != before.title:
        raw["title"] = node.title
    elif node.title is None:
        raw.pop("title", None)
    for key, write in PLACES.items():
        if key in node.meta and node.meta[key] != before.meta.get(key):
            raw[write[0]] = write[1](node.meta[key])


PLACES: Mapping[str, tuple[str, Callable[[Literal_], object]]] = {
    "position": ("pos", thaw),
    "size": ("size", thaw),
    "color": ("color", thaw),
    "background": ("bgcolor", thaw),
}


def _means(one: Graph, other: Graph, registry: Registry) -> bool:
    """Whether two graphs say the same to an editor."""
    return (
        one.nodes.keys() == other.nodes.keys()
        and all(_same(node, other.nodes[id], registry) for id, node in one.nodes.items())
        and all(one.meta.get(key) == other.meta.get(key) for key in ("groups", "notes"))
    )


def _same(one: Node, other: Node, registry: Registry) -> bool:
    return (
        one.kind == other.kind
        and one.inputs == other.inputs
        and _same_title(one, other, registry)
        and all(one.meta.get(key) == other.meta.get(key) for key in PLACES)
    )


def _same_title(one: Node, other: Node, registry: Registry) -> bool:
    """Whether the titles are the same, a node without one being titled as its kind: prompts always have titles."""
    spec = registry.specs.get(one.kind)
    kind = {None, one.kind, spec.title if spec else one.kind}
    return one.title == other.title or (one.title in kind and other.title in kind)
