"""Reading prompts again: the same nodes for the same texts, and exactly what a first reading gives."""

import json

import pytest

from engine.formats import familiar
from engine.formats.comfy_prompt import graph_of
from engine.formats.familiar import Familiar
from engine.formats.json_text import DEEPEST
from engine.formats.read import read_bytes
from engine.graph.graph import Graph

CHAIN = {
    "1": {
        "class_type": "Number",
        "inputs": {"value": 3, "share": 0.5, "on": True, "name": "a", "none": None},
    },
    "2": {
        "class_type": "Add",
        "inputs": {"a": ["1", 0], "b": ["1", "value"]},
        "_meta": {"title": "S", "size": [1, 2]},
    },
}


def written(document: object) -> bytes:
    return json.dumps(document).encode()


def read(document: object) -> Graph:
    graph = Familiar().graph(written(document))
    assert graph is not None
    return graph


def test_a_prompt_is_read_as_ever() -> None:
    assert (read(CHAIN), []) == graph_of(CHAIN)


def test_what_is_written_as_before_is_the_very_same_node() -> None:
    familiar = Familiar()
    before = familiar.graph(written(CHAIN))
    changed = familiar.graph(written({**CHAIN, "1": {"class_type": "Number", "inputs": {"value": 4}}}))

    assert before
    assert changed
    assert changed.nodes["2"] is before.nodes["2"]
    assert changed.nodes["1"].inputs == {"value": 4}


@pytest.mark.parametrize(
    "document",
    [
        {"weft": 2, "nodes": {}},
        {"nodes": [], "links": []},
        {"prompt": CHAIN},
        {"1": {"class_type": "Number", "inputs": {}, "is_changed": "x"}},
        {"1": {"class_type": "LoadImage", "inputs": {"image": "a.png", "upload": "image"}}},
        {"1": {"class_type": "Number", "inputs": {"list": {"__value__": [1]}}}},
        {"1": {"class_type": "Number", "inputs": {"broken": [1, 2, 3]}}},
        {"1": {"inputs": {}}},
        {"1": None},
        [CHAIN],
        None,
    ],
    ids=str,
)
def test_what_is_unusual_is_left_to_others(document: object) -> None:
    assert Familiar().graph(written(document)) is None


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"1": {"class_type": "A", "inputs": {"x": NaN}}}', b'{"1": "\xff"}', b"\x89PNG\r\n"]
)
def test_what_is_no_json_is_left_to_others(text: bytes) -> None:
    assert Familiar().graph(text) is None


def test_what_nests_too_deeply_is_left_to_others() -> None:
    def nested(levels: int) -> dict[str, object]:
        deep: object = 1
        for _ in range(levels):
            deep = {"in": deep}
        return {"1": {"class_type": "A", "inputs": {}, "_meta": {"deep": deep}}}

    assert Familiar().graph(written(nested(DEEPEST - 3))) is not None
    assert Familiar().graph(written(nested(DEEPEST - 2))) is None
    assert graph_of_text(nested(DEEPEST - 3))
    assert not graph_of_text(nested(DEEPEST - 2))


def graph_of_text(document: object) -> bool:
    """Whether a first reading takes it."""
    return not read_bytes(written(document))[1]


def test_no_more_nodes_are_remembered_than_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(familiar, "MOST", 2)
    one = Familiar()
    many = {str(number): {"class_type": "Number", "inputs": {"value": number}} for number in range(5)}
    before = one.graph(written(many))
    again = one.graph(written(many))

    assert before == again
    assert before
    assert again
    assert before.nodes["1"] is not again.nodes["1"]
