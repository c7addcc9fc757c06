"""`passage` and the editor's `passedBy` are one rule: both are held to tests/goldens/bypass.json."""

from __future__ import annotations

from typing import Any

import pytest

from engine.formats.native import graph_of
from engine.graph.graph import Link
from engine.graph.registry import registry_of
from engine.graph.spec import InputSpec, NodeSpec, NumberWidget, OutputSpec
from tests.engine.formats.drawings import document, subgraph, use
from tests.goldens.tables import table, types_in

TABLE = table("bypass")
TYPES = types_in(TABLE)


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["rule"])
def test_a_bypassed_node_hands_on_what_the_table_says(case: dict[str, Any]) -> None:
    registry = registry_of([_kind("Node", case["inputs"], case["outputs"]), SOURCE, SHOW])

    graph, problems = graph_of(_drawn(case), registry)

    assert problems == []
    assert {name: graph.nodes[f"reads {name}"].inputs.get("value") for name in case["hands_on"]} == {
        name: None if input is None else Link(f"gives {input}", "value")
        for name, input in case["hands_on"].items()
    }


def _drawn(case: dict[str, Any]) -> dict[str, Any]:
    """A bypassed node with a source before each linked input and a reader behind each output."""
    kind = "@s" if "subgraph" in case else "Node"
    links: dict[str, Any] = {name: [f"gives {name}", "value"] for name in case["linked"]}
    nodes = {f"gives {name}": use("Source") for name in case["linked"]}
    nodes |= {f"reads {name}": use("Show", value=["node", name]) for name, _ in case["outputs"]}
    nodes["node"] = use(kind, mode="bypass", **links)
    names = [name for name, *_ in case["inputs"]]
    inward: dict[str, Any] = {name: ["@inputs", name] for name in names}
    inner = {"inner": use("Node", **inward)}
    outputs = {name: ["inner", name] for name, _ in case["outputs"]}
    return document(nodes, **({"s": subgraph(inner, tuple(names), **outputs)} if kind == "@s" else {}))


def _kind(id: str, inputs: list[list[str]], outputs: list[list[str]]) -> NodeSpec:
    takes = (
        InputSpec(
            name,
            TYPES[type],
            "optional" not in marks,
            widget=NumberWidget(whole=True) if "widget" in marks else None,
        )
        for name, type, *marks in inputs
    )
    gives = (OutputSpec(name, TYPES[type]) for name, type in outputs)
    return NodeSpec(id, id, "", "", 1, tuple(takes), tuple(gives), "m", "f")


SOURCE = _kind("Source", [], [["value", "anything"]])
SHOW = _kind("Show", [["value", "anything"]], [])
