"""Lazy inputs, raw links, blockers, and nodes that turn into graphs."""

import sys
from pathlib import Path
from typing import Any

import pytest

from engine.graph.declare import node
from engine.graph.graph import Graph, Link, Node
from engine.run.cache import MemoryCache, NoCache
from engine.run.events import NodeBlocked
from tests.engine.packs.comfy.lab import house, inputs, pack, ui, v1
from tests.engine.packs.comfy.test_v1 import ADD, NUMBERS, SHOW
from tests.engine.run.lab import graph, use

BUILDER = "from comfy_execution.graph_utils import GraphBuilder, ExecutionBlocker\n"


@node("Double")
def double(value: int) -> int:
    """Twice as much."""
    return 2 * value


# ---- lazy inputs

BRANCHES = "'yes': ('*', {'lazy': True}), 'no': ('*', {'lazy': True})"

SWITCH = v1("Switch", inputs("'which': ('BOOLEAN', {})", BRANCHES) + """
def check_lazy_status(self, which, yes=None, no=None):
    name = 'yes' if which else 'no'
    return [name] if (yes if which else no) is None else []
def run(self, which, yes=None, no=None):
    return (yes if which else no,)
""")  # fmt: skip


@pytest.mark.parametrize("which", [True, False])
def test_of_lazy_inputs_only_those_are_run_that_are_asked_for(tmp_path: Path, which: bool) -> None:
    made = house(tmp_path, pack(SWITCH, ADD))
    nodes = graph(
        y=use("Add", a=1, b=1), n=use("Add", a=2, b=2), s=use("Switch", which=which, yes="@y.0", no="@n.0")
    )
    outcome = made.run(nodes, "s.0")

    assert (outcome.value, set(outcome.started)) == ((2, {"s", "y"}) if which else (4, {"s", "n"}))


def test_several_lazy_inputs_may_be_asked_for_at_once(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {'lazy': True}), 'b': ('INT', {'lazy': True})") + """
async def check_lazy_status(self, a, b):
    return ['a', 'b']
def run(self, a, b):
    return (a * b,)
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Both", body), ADD))
    nodes = graph(x=use("Add", a=1, b=1), y=use("Add", a=1, b=2), t=use("Both", a="@x.0", b="@y.0"))

    assert made.value(nodes, "t.0") == 6


def test_lazy_inputs_that_nobody_asks_for_are_none(tmp_path: Path) -> None:
    body = (
        inputs("'a': ('INT', {'lazy': True}), 'b': ('INT', {'lazy': True})")
        + "def run(self, a, b): return ((a, b),)"
    )
    made = house(tmp_path, pack(v1("Idle", body), ADD))
    outcome = made.run(graph(x=use("Add", a=1, b=1), t=use("Idle", a="@x.0", b=5)), "t.0")

    assert (outcome.value, outcome.started) == ((None, 5), ["t"])


def test_asking_for_what_is_not_connected_is_a_failure(tmp_path: Path) -> None:
    body = (
        inputs("'a': ('INT', {'lazy': True})")
        + "def check_lazy_status(self, a): return ['b']\ndef run(self, a): return (a,)"
    )
    made = house(tmp_path, pack(v1("Lost", body), ADD))
    failure = made.run(graph(x=use("Add", a=1, b=1), t=use("Lost", a="@x.0")), "t.0").failure

    assert "'b'" in failure.message


def test_lists_may_be_lazy(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {'lazy': True})") + """
def check_lazy_status(self, a):
    return ['a'] if a == [None] else []
def run(self, a):
    return (a,)
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Late", body, INPUT_IS_LIST=True), NUMBERS))

    assert made.value(graph(n=use("Numbers", count=2), t=use("Late", a="@n.0")), "t.0") == [0, 1]


# ---- blockers

BLOCK = v1("Block", inputs("'why': ('STRING', {}), 'silent': ('BOOLEAN', {})") + """
def run(self, why, silent):
    return (ExecutionBlocker(None if silent else why), 1)
""", RETURN_TYPES=("INT", "INT"))  # fmt: skip


@pytest.mark.parametrize("silent", [True, False])
def test_a_blocker_skips_what_reads_it_and_is_told_once(tmp_path: Path, silent: bool) -> None:
    made = house(tmp_path, pack(BLOCK, ADD, head=BUILDER))
    nodes = graph(
        k=use("Block", why="no licence", silent=silent),
        a=use("Add", a="@k.0", b=1),
        b=use("Add", a="@a.0", b=1),
        c=use("Add", a="@k.1", b=1),
    )
    outcome = made.run(nodes, "b.0", "c.0")
    told = [
        (event.path, event.reason)
        for event in outcome.events
        if isinstance(event, NodeBlocked) and event.first
    ]

    assert (outcome.status, outcome.values[Link("c", 0)]) == ("done", 2)
    assert told == ([] if silent else [("a", "no licence")])


def test_a_blocker_may_stand_for_everything_and_in_lists(tmp_path: Path) -> None:
    whole = v1(
        "Whole", inputs() + "def run(self): return ExecutionBlocker('all')", RETURN_TYPES=("INT", "INT")
    )
    some = v1(
        "Some",
        inputs() + "def run(self): return ([1, ExecutionBlocker('one'), 3],)",
        RETURN_TYPES=("INT",),
        OUTPUT_IS_LIST=(True,),
    )
    made = house(tmp_path, pack(whole, some, ADD, head=BUILDER))

    blocked = made.run(graph(w=use("Whole"), a=use("Add", a="@w.1", b=1)), "a.0")
    assert [event.path for event in blocked.events if isinstance(event, NodeBlocked)] == ["a"]
    value = made.value(graph(s=use("Some"), a=use("Add", a="@s.0", b=1)), "a.0")
    assert isinstance(value, list)
    assert (value[0], value[2]) == (2, 4)


# ---- expansion

POWER = v1("Power", inputs("'base': ('INT', {}), 'times': ('INT', {})") + """
def run(self, base, times):
    graph = GraphBuilder()
    last = graph.node('Add', a=base, b=0)
    for _ in range(times):
        last = graph.node('Add', a=last.out(0), b=last.out(0))
    return {'result': (last.out(0),), 'expand': graph.finalize()}
""", RETURN_TYPES=("INT",))  # fmt: skip


@pytest.mark.parametrize("cache", [MemoryCache, NoCache])
def test_a_node_may_turn_into_a_graph(tmp_path: Path, cache: type) -> None:
    made = house(tmp_path, pack(POWER, ADD, head=BUILDER))
    made.cache = cache()
    made.__post_init__()
    outcome = made.run(graph(p=use("Power", base=3, times=2)), "p.0")

    assert (outcome.value, outcome.started) == (12, ["p", "p/p.0.0.1", "p/p.0.0.2", "p/p.0.0.3"])


def test_each_call_of_a_mapped_node_may_turn_into_one(tmp_path: Path) -> None:
    made = house(tmp_path, pack(POWER, ADD, NUMBERS, head=BUILDER))

    assert made.value(graph(n=use("Numbers", count=3), p=use("Power", base="@n.0", times=1)), "p.0") == [
        0,
        2,
        4,
    ]


def test_results_may_be_values_and_what_stands_inside_any_object(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {})") + """
def run(self, a):
    graph = GraphBuilder()
    seen = graph.node('See', a={'an': object})
    return {'result': (seen.out(0), a), 'expand': graph.finalize(), 'ui': {'text': ['expanded']}}
"""  # fmt: skip
    see = v1("See", inputs("'a': ('*',)") + "def run(self, a): return (a['an'] is object,)")
    made = house(tmp_path, pack(v1("Mixed", body, RETURN_TYPES=("*", "INT")), see, head=BUILDER))
    outcome = made.run(graph(m=use("Mixed", a=7)), "m.0", "m.1")

    assert list(outcome.values.values()) == [True, 7]
    assert ui(outcome)["m"] == {"text": ("expanded",)}


def test_a_pack_expands_into_native_nodes_and_the_other_way_round(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {})") + """
def run(self, a):
    graph = GraphBuilder()
    twice = graph.node('Double', value=graph.node('Add', a=a, b=1).out(0))
    return {'result': (twice.out(0),), 'expand': graph.finalize()}
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Mix", body, RETURN_TYPES=("INT",)), ADD, head=BUILDER), double)

    assert made.value(graph(m=use("Mix", a=2)), "m.0") == 6


def test_raw_links_lead_from_the_inside_to_the_graph_around(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {'rawLink': True})") + """
def run(self, a):
    graph = GraphBuilder()
    inner = graph.node('Add', a=a, b=10)
    return {'result': (inner.out(0), a), 'expand': graph.finalize()}
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Raw", body, RETURN_TYPES=("INT", "INT")), ADD, head=BUILDER))
    outcome = made.run(graph(x=use("Add", a=1, b=1), r=use("Raw", a="@x.0")), "r.0", "r.1")

    assert list(outcome.values.values()) == [12, 2]


OPEN = v1("Open", inputs("'n': ('INT', {'rawLink': True})", "'start': ('INT', {})") + """
def run(self, n, start=0):
    return ('flow', start)
""", RETURN_TYPES=("FLOW", "INT"))  # fmt: skip

FLOW = "'flow': ('FLOW', {'rawLink': True}), 'again': ('BOOLEAN', {}), 'value': ('INT', {})"

CLOSE = v1("Close", inputs(FLOW, hidden="'dyn': 'DYNPROMPT', 'id': 'UNIQUE_ID'") + """
def run(self, flow, again, value, dyn, id):
    if not again:
        return (value,)
    first = flow[0]
    inside, waiting = set(), [id]
    while waiting:
        one = waiting.pop()
        if one in inside: continue
        inside.add(one)
        if one == first: continue
        waiting += [v[0] for v in dyn.get_node(one)['inputs'].values() if isinstance(v, list)]
    graph = GraphBuilder()
    for one in inside:
        node = graph.node(dyn.get_node(one)['class_type'], 'Again' if one == id else one)
        node.set_override_display_id(one)
    for one in inside:
        node = graph.lookup_node('Again' if one == id else one)
        for key, v in dyn.get_node(one)['inputs'].items():
            linked = isinstance(v, list) and v[0] in inside
            node.set_input(key, graph.lookup_node(v[0]).out(v[1]) if linked else v)
    graph.lookup_node(first).set_input('start', value)
    return {'result': (graph.lookup_node('Again').out(0),), 'expand': graph.finalize()}
""", RETURN_TYPES=("INT",))  # fmt: skip

LESS = v1(
    "Less",
    inputs("'a': ('INT', {}), 'than': ('INT', {})") + "def run(self, a, than): return (a < than,)",
    RETURN_TYPES=("BOOLEAN",),
)


def test_a_loop_repeats_the_nodes_that_it_finds_in_the_prompt(tmp_path: Path) -> None:
    made = house(tmp_path, pack(OPEN, CLOSE, LESS, ADD, head=BUILDER))
    prompt: dict[str, dict[str, Any]] = {
        "x": {"class_type": "Add", "inputs": {"a": 1, "b": 1}},
        "open": {"class_type": "Open", "inputs": {"n": ["x", 0], "start": 1}},
        "step": {"class_type": "Add", "inputs": {"a": ["open", 1], "b": ["x", 0]}},
        "test": {"class_type": "Less", "inputs": {"a": ["step", 0], "than": 10}},
        "close": {
            "class_type": "Close",
            "inputs": {"flow": ["open", 0], "again": ["test", 0], "value": ["step", 0]},
        },
    }
    nodes = {
        id: Node(
            str(raw["class_type"]),
            {key: Link(*v) if isinstance(v, list) else v for key, v in raw["inputs"].items()},
        )
        for id, raw in prompt.items()
    }
    outcome = made.run(Graph(nodes), "close.0", request={"prompt": prompt})

    assert outcome.failures == [], outcome.failure.traceback
    assert outcome.value == 11


def test_output_nodes_inside_show_under_their_own_path_also_from_the_cache(tmp_path: Path) -> None:
    body = inputs() + """
def run(self):
    graph = GraphBuilder()
    graph.node('Show', 'shown', text='inside')
    return {'result': (1,), 'expand': graph.finalize()}
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Outer", body, RETURN_TYPES=("INT",)), SHOW, head=BUILDER))
    nodes = graph(o=use("Outer"))

    assert [ui(made.run(nodes, "o.0")) for _ in range(2)] == [{"o/o.0.0.shown": {"text": ("inside",)}}] * 2


WRONG = {
    "no graph": ("[1]", "BadExpansion"),
    "no class": ("{'x': {}}", "BadExpansion"),
    "an unknown class": ("{'x': {'class_type': 'Nowhere', 'inputs': {}}}", "GraphInvalid"),
    "no results": ("{}", "BadExpansion"),
}


@pytest.mark.parametrize(("expand", "error"), WRONG.values(), ids=WRONG)
def test_an_expansion_that_is_none_fails_at_its_node(tmp_path: Path, expand: str, error: str) -> None:
    made = house(
        tmp_path, pack(v1("Wrong", inputs() + f"def run(self): return {{'expand': {expand}, 'result': ()}}"))
    )
    failure = made.run(graph(w=use("Wrong")), "w.0").failure

    assert (failure.path, failure.error in (error, "BadExpansion")) == ("w", True)


def test_ids_of_a_graph_can_be_put_behind_others(tmp_path: Path) -> None:
    code = pack(v1("Nothing", inputs() + "def run(self): return (1,)"), head="""
from comfy_execution.graph_utils import add_graph_prefix, is_link
MOVED = add_graph_prefix({'a': {'class_type': 'X', 'inputs': {'x': ['b', 0], 'n': [1, 2]}}}, (['a', 0], 5), 'p.')
""")  # fmt: skip
    made = house(tmp_path, code)

    assert made.loaded.failures == ()
    moved = vars(sys.modules["custom_nodes.toys"])["MOVED"]
    assert moved == ({"p.a": {"class_type": "X", "inputs": {"x": ["p.b", 0], "n": [1, 2]}}}, (["p.a", 0], 5))
