"""ComfyUI's editor workflows (0.4 and 1.0), read as graphs: what their editor would send to be run.

Nodes of subgraphs and groups are named by their path ("12:5:3"); notes, reroutes, primitives, muted and bypassed nodes
are gone. The workflow itself stays in the graph's meta, for whoever wants to show it or to have it back.

Where it differs from ComfyUI's editor: `{a|b}` in texts and `%...%` in file names are left as they are, and a muted or
bypassed subgraph mutes or bypasses what is in it, even where the file forgot to say so of its nodes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from engine.formats.comfy_links import VIRTUAL, Cut, Found, Given, source_of
from engine.formats.comfy_meta import graph_meta, node_meta
from engine.formats.comfy_scopes import Scope, all_items, opened
from engine.formats.comfy_sheet import BYPASSED, MUTED, Item, Raw, listed
from engine.formats.comfy_widgets import Entry, Layout, Values, default_of, layout_of, named_values
from engine.formats.json_text import kind_of
from engine.formats.nodes import read_value
from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry
from engine.graph.spec import Literal_, NodeSpec

SUBGRAPH = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
OWN = "weft"  # the key of a node's properties in which our own export keeps what ComfyUI has no place for


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is known of a kind of node, looked up once for all nodes of it: its widgets, and what they show at first."""

    layout: Layout
    defaults: Mapping[str, Literal_]
    unsent: frozenset[str]
    takes_values: frozenset[str]


def graph_of(document: object, registry: Registry) -> tuple[Graph, list[Problem]]:
    """The graph that a workflow stands for, and what of it cannot be read.

    A kind of node that the registry does not know keeps its links, and its values as far as the file names them.
    """
    if not isinstance(document, Mapping):
        return Graph(), [Unreadable("the file", "a workflow (an object)", kind_of(document))]
    root, problems = opened(document, registry)
    nodes: dict[str, Node] = {}
    kinds: dict[str, _Kind | None] = {}
    found: Found = {}
    for scope, item in all_items(root):
        if item.kind not in kinds:
            spec = registry.specs.get(item.kind)
            kinds[item.kind] = _kind(spec) if spec else None
        kind = kinds[item.kind]
        if (kind is None and item.kind in VIRTUAL) or scope.mode_of(item) in (MUTED, BYPASSED):
            continue
        id = scope.prefix + item.id
        if kind is None and SUBGRAPH.fullmatch(item.kind):
            problems.append(Unreadable(f"node {id}", "a subgraph that the file defines", item.kind, id))
            continue
        nodes[id] = _node(scope, item, kind, registry, found)
    return Graph(nodes, graph_meta(document, root)), problems


def values_of(item: Item, spec: NodeSpec | None) -> Values:
    """A node's widget values by name; of an unknown kind those that the file itself names."""
    return named_values(item.values, layout_of(spec) if spec else _named_by_file(item))


def _kind(spec: NodeSpec) -> _Kind:
    layout = layout_of(spec)
    shown = {entry.name: entry.sent for entry in layout if entry.part == "value" and not entry.forced}
    defaults = {input.name: default_of(input) for input in spec.inputs if input.name in shown}
    unsent = frozenset(name for name, sent in shown.items() if not sent)
    return _Kind(layout, defaults, unsent, frozenset(entry.name for entry in layout if entry.part == "value"))


def _node(scope: Scope, item: Item, kind: _Kind | None, registry: Registry, found: Found) -> Node:
    values = named_values(item.values, kind.layout if kind else _named_by_file(item))
    inputs = _literals(values, kind, *_own_properties(item.raw))
    for slot in item.inputs:
        if slot.link is None:
            continue
        name = slot.widget or slot.name
        source = source_of(scope, slot, registry, found)
        if isinstance(source, Link):
            inputs[name] = source
        elif isinstance(source, Cut):
            inputs.pop(name, None)
        elif isinstance(source, Given) and (name in kind.takes_values if kind else slot.widget is not None):
            inputs[name] = source.value
    title = item.raw.get("title")
    return Node(item.kind, inputs, title if isinstance(title, str) else None, node_meta(item, values))


def _literals(
    values: Values, kind: _Kind | None, own: Mapping[str, InputValue], absent: Collection[str]
) -> dict[str, InputValue]:
    """The values of all widgets; one that the file does not have is what a new node would show.

    Args:
        values: Those of the file, by name.
        kind: The node's.
        own: What our own export has noted beside them.
        absent: Inputs that our own export has found without a value.
    """
    named: dict[str, InputValue] = {name: freeze(value) for name, value in values.by_name.items()}
    if isinstance(sampler := named.get("sampler_name"), str):
        named["sampler_name"] = sampler.removeprefix("sample_")  # names of the first versions
    if kind is None:
        return {**named, **own}
    for name, default in kind.defaults.items():
        if named.get(name) is None and default is not None:
            named[name] = default
    for name in kind.unsent:
        named.pop(name, None)
    # What was noted at our export holds as long as nobody has touched the widget since.
    untouched = {name for name, value in named.items() if value == kind.defaults.get(name)}
    noted = {name: value for name, value in own.items() if name not in named or name in untouched}
    gone = untouched & set(absent)
    return {**{name: value for name, value in named.items() if name not in gone}, **noted}


def _named_by_file(item: Item) -> tuple[Entry, ...]:
    """The places of an unknown node's values, if the file has a socket for each of its widgets."""
    names = [slot.widget for slot in item.inputs if slot.widget is not None]
    if isinstance(item.values, Mapping):
        return tuple(Entry(str(name)) for name in item.values)
    layout = tuple(Entry(name) for name in names)
    return layout if isinstance(item.values, list | tuple) and len(item.values) == len(layout) else ()


def _own_properties(raw: Raw) -> tuple[dict[str, InputValue], frozenset[str]]:
    """What our own export has noted at a node: literals without a widget, and inputs that were left out."""
    properties = raw.get("properties")
    own = properties.get(OWN) if isinstance(properties, Mapping) else None
    if not isinstance(own, Mapping):
        return {}, frozenset()
    inputs, absent = own.get("inputs"), own.get("absent")
    read = {
        str(name): read_value(value, "properties.weft", "", str(name))
        for name, value in (inputs.items() if isinstance(inputs, Mapping) else ())
    }
    kept = {name: value for name, value in read.items() if not isinstance(value, Unreadable)}
    return kept, frozenset(map(str, listed(absent)))


def with_workflow(graph: Graph, document: Raw) -> Graph:
    """The graph of a picture with the layout of the workflow that the picture carries beside it."""
    root, _ = opened(document, Registry({}))
    layout = {scope.prefix + item.id: node_meta(item, Values()) for scope, item in all_items(root)}
    nodes = {id: replace(node, meta={**layout.get(id, {}), **node.meta}) for id, node in graph.nodes.items()}
    return Graph(nodes, {**graph_meta(document, root), **graph.meta})
