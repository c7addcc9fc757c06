"""ComfyUI's workflows as drawings: their nodes, subgraphs and groups as people see them.

What only ComfyUI's browser knows is said in our words: a primitive's value stands at the inputs that it leads to, a
wireless link goes through two reroutes, an old group is a subgraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.formats.comfy_meta import node_meta, noted_ports, sheet_meta
from engine.formats.comfy_promoted import promoted, socket_of
from engine.formats.comfy_sheet import EXIT, Item, Slot, listed, pair
from engine.formats.comfy_sheets import ROOT, Sheets
from engine.formats.comfy_sources import Cut, Page, handed_on, names_of, page_of
from engine.formats.comfy_values import Kind, kind_of_spec, literals_of, spec_of_item, values_of
from engine.formats.comfy_virtual import REROUTES
from engine.formats.follow import Given
from engine.formats.scopes import INPUTS, REROUTE, VALUE
from engine.graph.graph import Drawing, Entrance, Exit, InputValue, Link, Node, Subgraph
from engine.graph.registry import Registry
from engine.graph.spec import Literal_

# What a node of a subgraph has for its kind: by that it is told from nodes that are not installed.
SUBGRAPH = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def drawing_of(sheets: Sheets, registry: Registry) -> Drawing:
    """The drawing of a workflow's sheets."""
    drawn = _Drawn(sheets, registry)
    nodes = {id: dict(drawn.nodes(id)) for id in sheets.by_id}
    drawn.find_defaults()
    subgraphs = {
        id: Subgraph(nodes[id], tuple(drawn.entrances(id)), tuple(drawn.exits(id, nodes[id])), drawn.meta(id))
        for id in sheets.by_id
        if id != ROOT
    }
    return Drawing(nodes[ROOT], subgraphs)


class _Drawn:
    """The sheets of a workflow while they are drawn; each kind of node is looked up once.

    `behind` are, for each subgraph, the values that its inputs have if nothing comes in there: those of the widgets
    that they lead to. `through` are the inputs that lead on to an input of another subgraph.
    """

    def __init__(self, sheets: Sheets, registry: Registry) -> None:
        self.sheets = sheets
        self.registry = registry
        self.pages = {id: page_of(id, sheets, registry) for id in sheets.by_id}
        self.kinds: dict[str, Kind | None] = {}
        self.behind: dict[str, dict[str, Literal_]] = {id: {} for id in sheets.by_id}
        self.through: list[tuple[str, str, str, str]] = []

    def nodes(self, id: str) -> Iterator[tuple[str, Node]]:
        """The nodes of a sheet, and the points on its links as reroutes."""
        page, stand_for = self.pages[id], self.sheets.instances[id]
        for item in page.sheet.items.values():
            if item.id in stand_for:
                yield item.id, self._instance(id, item, stand_for[item.id])
            elif item.id not in page.virtual:
                yield item.id, self._node(id, item)
            elif item.kind in REROUTES:
                yield item.id, _reroute(page, item)
        yield from _points(page)

    def find_defaults(self) -> None:
        """Tell the inputs that lead to inputs of other subgraphs what stands behind those."""
        found = True
        while found:
            found = False
            for id, name, inner, port in self.through:
                if name not in self.behind[id] and port in self.behind[inner]:
                    self.behind[id][name] = self.behind[inner][port]
                    found = True

    def entrances(self, id: str) -> Iterator[Entrance]:
        """The inputs of a subgraph."""
        page, raws = self.pages[id], listed(self.sheets.by_id[id].raw.get("inputs"))
        for index, (name, slot) in enumerate(zip(page.inputs, page.sheet.inputs, strict=True)):
            default = {"default": self.behind[id][name]} if name in self.behind[id] else {}
            yield Entrance(name, {**_port_meta(slot, raws[index : index + 1]), **default})

    def exits(self, id: str, nodes: dict[str, Node]) -> Iterator[Exit]:
        """The outputs of a subgraph. A value that leads to one goes through a reroute, which is added to its nodes."""
        page, sheet = self.pages[id], self.sheets.by_id[id]
        raws = listed(sheet.raw.get("outputs"))
        links = {wire.target_slot: link for link, wire in sheet.wires.items() if wire.target == EXIT}
        for index, (name, slot) in enumerate(zip(names_of(sheet.outputs), sheet.outputs, strict=True)):
            wire = sheet.leaving.get(index)
            source = page.source(links[index]) if index in links else page.direct(wire) if wire else None
            if isinstance(source, Given):
                nodes[f"value-{index}"] = Node(REROUTE, {VALUE: source.value})
                source = Link(f"value-{index}", VALUE)
            yield Exit(
                name, source if isinstance(source, Link) else None, _port_meta(slot, raws[index : index + 1])
            )

    def meta(self, id: str) -> dict[str, Literal_]:
        """The title, groups and notes of a subgraph, and where its inputs and outputs are."""
        sheet = self.sheets.by_id[id]
        places = {
            side: pair(listed(node.get("bounding")))
            for side, node in (
                ("inputs", sheet.raw.get("inputNode")),
                ("outputs", sheet.raw.get("outputNode")),
            )
            if isinstance(node, Mapping)
        }
        known: dict[str, Literal_] = {side: place for side, place in places.items() if place is not None}
        title = str(sheet.raw.get("name", id))
        return {"title": title, **sheet_meta(sheet), **({"places": known} if known else {})}

    def _node(self, id: str, item: Item) -> Node:
        kind = self._kind(item)
        values = values_of(item, kind.layout if kind else None)
        inputs = literals_of(item, values, kind)
        for slot in item.inputs:
            source = self.pages[id].source(slot.link)
            name = slot.widget or slot.name
            if isinstance(source, Link):
                if source.node == INPUTS and name in inputs and not isinstance(inputs[name], Link):
                    self.behind[id].setdefault(str(source.output), inputs[name])  # type: ignore[arg-type]
                inputs[name] = source
            elif isinstance(source, Cut):
                inputs.pop(name, None)
            elif isinstance(source, Given) and (
                name in kind.takes_values if kind else slot.widget is not None
            ):
                inputs[name] = source.value
        ports = noted_ports(item) if kind is None else {}
        name = f"@{item.kind}" if kind is None and SUBGRAPH.fullmatch(item.kind) else item.kind
        return Node(name, inputs, _title(item), {**node_meta(item, values.controls), **ports})

    def _instance(self, id: str, item: Item, inner: str) -> Node:
        sheet, names = self.sheets.by_id[inner], self.pages[inner].inputs
        said = promoted(item, sheet)
        inputs: dict[str, InputValue] = {names[index]: value for index, value in said.values.items()}
        for index, name in enumerate(names):
            slot = socket_of(item, sheet, index)
            source = self.pages[id].source(slot.link) if slot else None
            if isinstance(source, Link):
                if source.node == INPUTS and name in inputs:
                    self.behind[id].setdefault(str(source.output), inputs[name])  # type: ignore[arg-type]
                elif source.node == INPUTS:
                    self.through.append((id, str(source.output), inner, name))
                inputs[name] = source
            elif isinstance(source, Given):
                inputs[name] = source.value
        controls = {names[index]: control for index, control in said.controls.items()}
        return Node(f"@{inner}", inputs, _title(item), node_meta(item, controls))

    def _kind(self, item: Item) -> Kind | None:
        spec = self.registry.specs.get(item.kind)
        if spec is not None and spec.growing:
            return kind_of_spec(spec_of_item(spec, item))
        if item.kind not in self.kinds:
            self.kinds[item.kind] = kind_of_spec(spec) if spec else None
        return self.kinds[item.kind]


def _reroute(page: Page, item: Item) -> Node:
    slot = handed_on(item)
    source = page.source(slot.link) if slot else None
    inputs: dict[str, InputValue] = {}
    if isinstance(source, Link):
        inputs[VALUE] = source
    elif isinstance(source, Given):
        inputs[VALUE] = source.value
    return Node(REROUTE, inputs, _title(item), node_meta(item, {}))


def _points(page: Page) -> Iterator[tuple[str, Node]]:
    for name, point in page.reroutes.points.items():
        source = page.direct(point.wire)
        if isinstance(source, Link):
            before = source if point.before is None else Link(page.points[point.before], VALUE)
            yield page.points[name], Node(REROUTE, {VALUE: before}, meta={"position": point.position})


def _port_meta(slot: Slot, raw: object) -> dict[str, Literal_]:
    described = next(iter(listed(raw)), None)
    label = described.get("label") if isinstance(described, Mapping) else None
    shown = {"label": label} if isinstance(label, str) and label != slot.name else {}
    return {**shown, **({"type": slot.type} if slot.type != "*" else {})}


def _title(item: Item) -> str | None:
    title = item.raw.get("title")
    return title if isinstance(title, str) else None
