"""The subgraphs of Weft's own file, and what only a file with such drawings may get wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.formats.json_text import kind_of
from engine.formats.nodes import read_nodes, read_value, thaw, write_node, write_value
from engine.formats.scopes import BYPASS, INPUTS, MUTE, REROUTE
from engine.graph.graph import Drawing, Entrance, Exit, Link, Node, Subgraph
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable

OWN_KEYS = ("nodes", "inputs", "outputs")
ID = "an id that does not begin with '@' and has neither ':' nor '/'"


def read_subgraphs(raw: object) -> tuple[dict[str, Subgraph], list[Problem]]:
    """Every subgraph that can be read, and what is wrong with the others."""
    if not isinstance(raw, Mapping):
        return {}, [Unreadable("subgraphs", "an object of subgraphs", kind_of(raw))]
    subgraphs: dict[str, Subgraph] = {}
    problems: list[Problem] = []
    for id, item in raw.items():
        where = f"subgraphs.{id}"
        if not isinstance(item, Mapping):
            problems.append(Unreadable(where, "a subgraph (an object)", kind_of(item)))
            continue
        nodes, wrong = read_nodes(item.get("nodes"), f"{where}.nodes")
        # What stands in a subgraph has no id of its own: it may be used several times, or not at all.
        problems += [replace(one, node=None) if isinstance(one, Unreadable) else one for one in wrong]
        subgraphs[id] = Subgraph(
            nodes,
            tuple(_entrances(item.get("inputs", ()), f"{where}.inputs", problems)),
            tuple(_exits(item.get("outputs", ()), f"{where}.outputs", problems)),
            {key: freeze(value) for key, value in item.items() if key not in OWN_KEYS},
        )
    return subgraphs, problems


def write_subgraph(subgraph: Subgraph) -> dict[str, object]:
    """The subgraph as JSON values."""
    meta = {key: thaw(value) for key, value in subgraph.meta.items()}
    title = {"title": meta.pop("title")} if "title" in meta else {}
    return {
        **title,
        "inputs": [_write_entrance(port) for port in subgraph.inputs],
        "outputs": [_write_exit(port) for port in subgraph.outputs],
        "nodes": {id: write_node(node) for id, node in subgraph.nodes.items()},
        **meta,
    }


def is_good_id(id: str) -> bool:
    """Whether a node of a document may be called so."""
    return not (id.startswith("@") or ":" in id or "/" in id)


def bad_ids(drawing: Drawing) -> Iterator[Problem]:
    """The ids that would be taken for something else once the drawing is flattened."""
    for where, nodes in _sheets(drawing):
        for id in nodes:
            if not is_good_id(id):
                yield Unreadable(f"{where}.{id}", ID, f"'{id}'", None if where != "nodes" else id)
    for id in drawing.subgraphs:
        if f"@{id}" in (REROUTE, INPUTS):
            yield Unreadable(
                f"subgraphs.{id}", "another id for a subgraph", f"'{id}', which has a meaning of its own"
            )


def bad_modes(drawing: Drawing) -> Iterator[Problem]:
    """The nodes of a mode that nobody knows."""
    for where, nodes in _sheets(drawing):
        for id, node in nodes.items():
            mode = node.meta.get("mode", MUTE)
            if mode not in (MUTE, BYPASS):
                found = kind_of(thaw(mode))
                wish = f"'{MUTE}' or '{BYPASS}'"
                yield Unreadable(f"{where}.{id}._meta.mode", wish, found, None if where != "nodes" else id)


def _sheets(drawing: Drawing) -> Iterator[tuple[str, Mapping[str, Node]]]:
    yield "nodes", drawing.nodes
    yield from ((f"subgraphs.{id}.nodes", subgraph.nodes) for id, subgraph in drawing.subgraphs.items())


def _entrances(raw: object, where: str, problems: list[Problem]) -> Iterator[Entrance]:
    for index, name, item in _ports(raw, where, problems):
        meta = {key: freeze(value) for key, value in item.items() if key not in ("name", "default")}
        if "default" in item:
            default = read_value(item["default"], f"{where}[{index}].default", "", name)
            if isinstance(default, Unreadable | Link):
                wish = 'a value, a list as {"__value__": [...]}'
                problems.append(Unreadable(f"{where}[{index}].default", wish, kind_of(item["default"])))
            else:
                meta["default"] = default
        yield Entrance(name, meta)


def _exits(raw: object, where: str, problems: list[Problem]) -> Iterator[Exit]:
    for index, name, item in _ports(raw, where, problems):
        source = None if item.get("from") is None else read_value(item["from"], where, "", name)
        if source is not None and not isinstance(source, Link):
            wish = 'a link ["node", "output"]'
            problems.append(Unreadable(f"{where}[{index}].from", wish, kind_of(item["from"])))
            source = None
        meta = {key: freeze(value) for key, value in item.items() if key not in ("name", "from")}
        yield Exit(name, source, meta)


def _ports(
    raw: object, where: str, problems: list[Problem]
) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    if not isinstance(raw, list | tuple):
        problems.append(Unreadable(where, "a list of ports", kind_of(raw)))
        return
    seen: set[str] = set()
    for index, item in enumerate(raw):
        name = item.get("name") if isinstance(item, Mapping) else None
        if not isinstance(name, str):
            problems.append(Unreadable(f"{where}[{index}]", "a port (an object with a name)", kind_of(item)))
        elif name in seen:
            problems.append(Unreadable(f"{where}[{index}].name", "a name of its own", f"'{name}' once more"))
        else:
            seen.add(name)
            yield index, name, item


def _write_entrance(port: Entrance) -> dict[str, object]:
    meta = {key: thaw(value) for key, value in port.meta.items() if key != "default"}
    default = {"default": write_value(port.meta["default"])} if "default" in port.meta else {}
    return {"name": port.name, **meta, **default}


def _write_exit(port: Exit) -> dict[str, object]:
    source = {} if port.source is None else {"from": write_value(port.source)}
    return {"name": port.name, **source, **{key: thaw(value) for key, value in port.meta.items()}}
