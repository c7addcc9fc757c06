"""Documents with everything that can be drawn: small ones by hand, and random ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from engine.formats.native import graph_of
from engine.graph.graph import Graph, InputValue
from engine.graph.problems import Problem
from tests.engine.formats.comfy_nodes import NODES

KINDS = ("LoadImage", "Blend", "SaveImage", "CLIPTextEncode")
JSON = st.one_of(st.integers(-9, 9), st.text("ab:@/ä", max_size=3), st.booleans(), st.none())


def use(kind: str, title: str | None = None, mode: str | None = None, **inputs: object) -> dict[str, object]:
    """A node of a document."""
    meta = {key: value for key, value in (("title", title), ("mode", mode)) if value is not None}
    return {"class_type": kind, "inputs": inputs, **({"_meta": meta} if meta else {})}


def reroute(value: object) -> dict[str, object]:
    """A node that only hands on."""
    return use("@reroute", value=value)


def subgraph(nodes: Mapping[str, object], inputs: tuple[str, ...] = (), **outputs: object) -> dict[str, Any]:
    """A subgraph with these inputs; each output is where its value comes from."""
    return {
        "title": "inside",
        "inputs": [{"name": name} for name in inputs],
        "outputs": [{"name": name, "from": source} for name, source in outputs.items()],
        "nodes": dict(nodes),
    }


def document(nodes: Mapping[str, object], **subgraphs: object) -> dict[str, Any]:
    """A document of these nodes."""
    return {"weft": 2, "nodes": dict(nodes), **({"subgraphs": subgraphs} if subgraphs else {})}


def flat(drawn: object) -> Mapping[str, Mapping[str, InputValue]]:
    """The inputs of the nodes that run; there must be nothing wrong."""
    graph = read(drawn)
    return {id: node.inputs for id, node in graph.nodes.items()}


def read(drawn: object) -> Graph:
    """The graph of a document in which nothing is wrong."""
    graph, problems = graph_of(drawn, NODES)
    assert problems == []
    return graph


def problems(drawn: object) -> list[Problem]:
    """What is wrong with a document."""
    return graph_of(drawn, NODES)[1]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document with subgraphs in subgraphs, reroutes, muted and bypassed nodes, linked at random."""
    names = [f"s{number}" for number in range(draw(st.integers(0, 3)))]
    subgraphs: dict[str, Any] = {}
    for place in reversed(range(len(names))):
        inner = names[place + 1 :]  # so that none contains itself
        inputs = draw(st.lists(st.sampled_from(["a", "b"]), unique=True))
        nodes = draw(_nodes(inner, subgraphs, inputs))
        links = _links(nodes, subgraphs, inputs)
        outputs = draw(st.lists(st.sampled_from(["x", "y"]), unique=True)) if links else []
        subgraphs[names[place]] = {
            "title": names[place],
            "inputs": [
                {"name": name, **({"default": draw(JSON)} if draw(st.booleans()) else {})} for name in inputs
            ],
            "outputs": [{"name": name, "from": draw(st.sampled_from(links))} for name in outputs],
            "nodes": nodes,
            **({"notes": [{"id": "1", "text": "n", "odd": [1]}]} if draw(st.booleans()) else {}),
        }
    found = {"weft": 2, "nodes": draw(_nodes(names, subgraphs, []))}
    groups = {"groups": [{"id": "g", "title": "t", "bounds": [0, 0, 1, 1], "odd": {"x": 1}}]}
    return {
        **found,
        **({"subgraphs": subgraphs} if subgraphs else {}),
        **(groups if draw(st.booleans()) else {}),
    }


@st.composite
def _nodes(
    draw: st.DrawFn, names: list[str], subgraphs: Mapping[str, Any], inputs: list[str]
) -> dict[str, Any]:
    ids = draw(st.lists(st.sampled_from(["1", "2", "3", "n 4", "ä"]), min_size=1, unique=True))
    kinds = [*KINDS, "@reroute", *(f"@{name}" for name in names)]
    nodes: dict[str, Any] = {id: {"class_type": draw(st.sampled_from(kinds)), "inputs": {}} for id in ids}
    links = _links(nodes, subgraphs, inputs)
    for node in nodes.values():
        names_here = _inputs(node["class_type"], subgraphs)
        for name in draw(st.lists(st.sampled_from(names_here), unique=True)) if names_here else []:
            node["inputs"][name] = draw(st.one_of(JSON, st.sampled_from(links)) if links else JSON)
        mode = draw(st.sampled_from([None, None, None, "mute", "bypass"]))
        meta = {**({"mode": mode} if mode else {}), **({"position": [1, 2.5]} if draw(st.booleans()) else {})}
        if meta:
            node["_meta"] = meta
    return nodes


def _inputs(kind: str, subgraphs: Mapping[str, Any]) -> list[str]:
    if kind == "@reroute":
        return ["value"]
    if kind.startswith("@"):
        return [port["name"] for port in subgraphs[kind[1:]]["inputs"]]
    return [input.name for input in NODES[kind].inputs]


def _links(nodes: Mapping[str, Any], subgraphs: Mapping[str, Any], inputs: list[str]) -> list[list[str]]:
    links = [["@inputs", name] for name in inputs]
    for id, node in nodes.items():
        kind = node["class_type"]
        if kind == "@reroute":
            links.append([id, "value"])
        elif kind.startswith("@"):
            links += [[id, port["name"]] for port in subgraphs[kind[1:]]["outputs"]]
        else:
            links += [[id, output.name] for output in NODES[kind].outputs]
    return links
