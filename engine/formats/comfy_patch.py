"""A workflow file brought up to date with its graph: changed values, titles and places, and nothing else.

What was written is read again, and counts only if it is the graph: a change that a workflow cannot say in place (of a
node in a subgraph that is used twice, say) gives None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, cast

from engine.formats.comfy_scopes import all_items, opened
from engine.formats.comfy_sheet import Item
from engine.formats.comfy_workflow import graph_of, values_of
from engine.formats.nodes import thaw
from engine.graph.edit import named_links
from engine.graph.graph import Graph, Link, Node
from engine.graph.registry import Registry
from engine.graph.spec import Literal_

Raws = Mapping[str, tuple[Item, MutableMapping[str, Any]]]


def patched(kept: Mapping[str, Literal_], graph: Graph, registry: Registry) -> dict[str, object] | None:
    """The workflow, changed so that it means the graph; None if more than values, titles and places has changed."""
    document = cast("dict[str, object]", thaw(kept))
    wanted = named_links(graph, registry)
    before = named_links(graph_of(document, registry)[0], registry)
    if _means(before, wanted, registry):
        return document
    if before.nodes.keys() != wanted.nodes.keys():
        return None
    root, _ = opened(document, registry)
    raws = {
        # The items were read from this very document, so that what is set in one is set in it.
        scope.prefix + item.id: (item, cast("MutableMapping[str, Any]", item.raw))
        for scope, item in all_items(root)
    }
    for id, node in wanted.nodes.items():
        if id in raws and not _same(before.nodes[id], node, registry):
            _write(raws[id], before.nodes[id], node, registry)
    after = named_links(graph_of(document, registry)[0], registry)
    return document if _means(after, wanted, registry) else None


def _write(
    place: tuple[Item, MutableMapping[str, Any]], before: Node, node: Node, registry: Registry
) -> None:
    item, raw = place
    places = values_of(item, registry.specs.get(item.kind)).places
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
