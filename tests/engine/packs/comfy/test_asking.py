"""What a pack's node is asked before it runs: IS_CHANGED and VALIDATE_INPUTS."""

from pathlib import Path

import pytest

from engine.graph.declared import own_check_of
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import GraphInvalid
from tests.engine.packs.comfy.lab import House, house, inputs, pack, v1
from tests.engine.packs.comfy.test_v1 import ADD
from tests.engine.run.lab import graph, use


@pytest.mark.parametrize(
    ("answer", "runs_again"),
    [
        ("float('nan')", True),
        ("[1, float('nan')]", True),
        ("1 / 0", True),
        ("object()", True),
        ("True", False),
        ("a", False),
    ],
)
def test_is_changed_decides_whether_a_node_runs_again(tmp_path: Path, answer: str, runs_again: bool) -> None:
    changed = f"@classmethod\ndef IS_CHANGED(cls, a): return {answer}\n"
    made = house(
        tmp_path, pack(v1("Read", inputs("'a': ('INT', {})") + changed + "def run(self, a): return (a,)"))
    )
    nodes = graph(r=use("Read", a=1))

    assert [made.run(nodes, "r.0").started for _ in range(2)] == [["r"], ["r"] if runs_again else []]


def test_is_changed_sees_literals_none_for_links_and_no_prompt(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {}), 'b': ('INT', {}), 'c': ('OWN', {})", hidden="'p': 'PROMPT'") + """
@classmethod
def IS_CHANGED(cls, **all):
    with open(cls.log, 'a') as file: file.write(repr(sorted(all.items())))
    return 1
def run(self, a, b, c, p): return (a,)
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Read", body, log=str(tmp_path / "log")), ADD))
    made.run(
        Graph(
            {"x": Node("Add", {"a": 1, "b": 1}), "r": Node("Read", {"a": Link("x", 0), "b": 2, "c": (1,)})}
        ),
        "r.0",
    )

    assert (tmp_path / "log").read_text() == "[('a', None), ('b', 2), ('c', [1]), ('p', {})]"


def own_check(
    made: House, id: str, literals: dict[str, object], linked: dict[str, str]
) -> list[tuple[str, str]]:
    check = own_check_of(made.loaded.functions[id])
    assert check is not None
    return list(check(literals, linked))


def test_validate_inputs_is_asked_and_takes_the_place_of_bounds(tmp_path: Path) -> None:
    check = "@classmethod\ndef VALIDATE_INPUTS(cls, a, c): return True if a < 200 else 'too much'\n"
    fields = "'a': ('INT', {'min': 0, 'max': 9}), 'b': ('INT', {'min': 0, 'max': 9}), 'c': (['x'],)"
    made = house(
        tmp_path, pack(v1("Checked", inputs(fields) + check + "def run(self, a, b, c): return (a,)"))
    )

    assert made.spec("Checked").validated
    assert made.value(graph(k=use("Checked", a=100, b=1, c="free")), "k.0") == 100
    with pytest.raises(GraphInvalid, match="'b'"):
        made.run(graph(k=use("Checked", a=1, b=100, c="x")), "k.0")
    assert own_check(made, "Checked", {"a": 100, "b": 1, "c": "x"}, {}) == []
    assert own_check(made, "Checked", {"a": 300, "b": 1, "c": "x"}, {}) == [
        ("a", "too much"),
        ("c", "too much"),
    ]


def test_validate_inputs_may_look_at_types_itself(tmp_path: Path) -> None:
    check = "@classmethod\ndef VALIDATE_INPUTS(cls, input_types): return input_types['a'] == 'INT' or 'no'\n"
    made = house(
        tmp_path, pack(v1("Typed", inputs("'a': ('FACE',)") + check + "def run(self, a): return (a,)"), ADD)
    )

    assert made.value(graph(x=use("Add", a=1, b=1), t=use("Typed", a="@x.0")), "t.0") == 2
    assert own_check(made, "Typed", {}, {"a": "int"}) == []
    assert (
        own_check(made, "Typed", {}, {"a": "str"}) == []
    )  # the text is an answer about no input that was passed


def test_an_async_check_is_waited_for(tmp_path: Path) -> None:
    check = "@classmethod\nasync def VALIDATE_INPUTS(cls, a): return False\n"
    made = house(
        tmp_path, pack(v1("Checked", inputs("'a': ('INT', {})") + check + "def run(self, a): return (a,)"))
    )

    assert own_check(made, "Checked", {"a": 1}, {}) == [("a", "")]
