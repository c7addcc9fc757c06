"""What nodes of ComfyUI's packs need of a run, each shown with a toy node whose spec says what a pack's would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.api import OUTER, Blocked, Context, Expand, Graph, Link, Node, Published, node
from engine.graph.declared import FINGERPRINT, SPEC
from engine.graph.spec import InputSpec, NodeSpec, OutputSpec
from engine.graph.types import Anything, Named
from engine.graph.values import Both
from engine.run.cache import Cache, MemoryCache, NoCache
from engine.run.events import NodeBlocked, NodeFinished
from tests.engine.run.lab import Lab, graph, use
from tests.engine.run.toys import add, number, show


def pack_node(
    id: str,
    function: Callable[..., object],
    inputs: Mapping[str, InputSpec] | None = None,
    outputs: tuple[str | OutputSpec, ...] = ("value",),
    **fields: Any,
) -> Callable[..., object]:
    """The function as a pack's node would be declared."""
    spec = NodeSpec(
        id=id,
        title=id,
        category="",
        help="",
        version=1,
        inputs=tuple((inputs or {}).values()),
        outputs=tuple(
            output if isinstance(output, OutputSpec) else OutputSpec(output, Anything()) for output in outputs
        ),
        module=__name__,
        function=function.__name__,
        style="v1",
    )
    setattr(function, SPEC, replace(spec, **fields))
    return function


def takes(*names: str, **fields: Any) -> dict[str, InputSpec]:
    return {name: InputSpec(name, Anything(), required=False, **fields) for name in names}


def listing(*items: object) -> Callable[..., object]:
    outputs = (OutputSpec("value", Anything(), gives_list=True),)
    return pack_node("Listing", lambda: list(items), outputs=outputs)


def shown(*texts: str) -> Published:
    return Published(shown={"text": texts})


def published(events: list[Any]) -> dict[str, Mapping[str, object]]:
    """What each node showed."""
    return {
        event.path: event.published.shown
        for event in events
        if isinstance(event, NodeFinished) and event.published is not None
    }


# ---- raw links


def test_a_raw_link_is_given_as_it_is_and_runs_nothing() -> None:
    got: list[object] = []

    def look(link: object) -> object:
        got.append(link)
        return 1

    looking = pack_node("Look", look, takes("link", raw_link=True))
    outcome = Lab([number, looking]).run(graph(n=use("Number"), l=use("Look", link="@n.value")), "l.value")

    assert (got, outcome.started) == ([Link("n", "value")], ["l"])


def test_what_a_raw_link_leads_to_is_part_of_the_key() -> None:
    looking = pack_node("Look", lambda link: 1, takes("link", raw_link=True))
    lab = Lab([number, looking])
    runs = [
        lab.run(graph(n=use("Number", value=value), l=use("Look", link="@n.value")), "l.value").started
        for value in (1, 2, 1)
    ]

    assert runs == [["l"], ["l"], []]


# ---- inputs that are not declared


def test_links_that_are_not_declared_are_passed_and_literals_are_dropped() -> None:
    def collect(**inputs: object) -> object:
        return inputs

    collecting = pack_node("Collect", collect, open_ended=True)
    made = graph(n=use("Number", value=3), c=use("Collect", any="@n.value", other=5))
    outcome = Lab([number, collecting]).run(made, "c.value")

    assert outcome.value == {"any": 3}


def test_dropped_literals_change_nothing_and_links_do() -> None:
    collecting = pack_node("Collect", lambda **inputs: inputs, open_ended=True)
    lab = Lab([number, collecting])

    def started(value: int, other: int) -> list[str]:
        made = graph(n=use("Number", value=value), c=use("Collect", any="@n.value", other=other))
        return lab.run(made, "c.value").started

    assert [started(1, 1), started(1, 2), started(2, 2)] == [["n", "c"], [], ["n", "c"]]


def test_a_node_that_takes_lists_gets_lists_for_what_it_does_not_declare_too() -> None:
    collecting = pack_node("Collect", lambda **inputs: inputs, takes("a", takes_list=True), open_ended=True)
    made = graph(n=use("Number", value=3), c=use("Collect", a="@n.value", more="@l.value"), l=use("Listing"))
    outcome = Lab([number, collecting, listing(1, 2)]).run(made, "c.value")

    assert outcome.value == {"a": [3], "more": [1, 2]}


# ---- where a node is


@node("Where")
def where(tag: int, *, ctx: Context) -> str:
    """Where it is."""
    return ctx.node


def test_a_node_may_know_where_it_is() -> None:
    @node("Outer")
    def outer() -> str | Expand:
        """Has another inside."""
        return Expand(graph(inner=use("Where", tag=2)), Link("inner", "str"))

    outcome = Lab([where, outer]).run(graph(a=use("Where", tag=1), o=use("Outer")), "a.str", "o.str")

    assert list(outcome.values.values()) == ["a", "o/inner"]


@pytest.mark.parametrize("once", [True, False])
def test_equal_nodes_share_a_result_unless_they_say_so(once: bool) -> None:
    calls: list[str] = []
    counting = pack_node("Counting", lambda: calls.append("called"), once_per_node=once)
    Lab([counting]).run(graph(a=use("Counting"), b=use("Counting")), "a.value", "b.value")

    assert len(calls) == (2 if once else 1)


# ---- nodes that give values and show something


def test_a_node_may_be_run_for_what_it_does_and_give_values() -> None:
    saving = pack_node("Save", lambda a: Both((a + 1,), shown(f"saved {a}")), takes("a"), effect=True)
    made = graph(s=use("Save", a=1), t=use("Add", a="@s.value"), u=use("Show", a="@t.value"))
    lab = Lab([saving, add, show])
    first, second = lab.run(made), lab.run(made)

    assert (first.started, published(first.events)) == (["s", "t", "u"], {"s": {"text": ("saved 1",)}})
    assert (second.started, published(second.events)["s"]) == ([], {"text": ("saved 1",)})


def test_its_values_may_be_asked_for() -> None:
    saving = pack_node(
        "Save", lambda a: Both((a, a + 1), shown("x")), takes("a"), ("one", "two"), effect=True
    )

    assert Lab([saving]).run(graph(s=use("Save", a=1)), "s.two").value == 2


def test_a_node_that_gives_too_few_values_beside_what_it_shows_fails() -> None:
    saving = pack_node("Save", lambda: Both((1,), shown("x")), outputs=("one", "two"))

    assert Lab([saving]).run(graph(s=use("Save")), "s.two").failure.error == "WrongResult"


def test_what_the_calls_of_a_mapped_node_show_is_put_in_a_row() -> None:
    saving = pack_node("Save", lambda a: Both((a,), shown(str(a))), takes("a"), effect=True)
    outcome = Lab([listing(1, 2, 3), saving]).run(graph(l=use("Listing"), s=use("Save", a="@l.value")))

    assert published(outcome.events) == {"s": {"text": ("1", "2", "3")}}


# ---- blocked


def test_the_reason_of_a_block_is_told_first_where_it_is_met() -> None:
    blocking = pack_node("Block", lambda: Blocked("no licence"))
    made = graph(b=use("Block"), c=use("Add", a="@b.value"), d=use("Add", a="@c.value"))
    events = Lab([blocking, add]).run(made, "d.value").events

    assert [event for event in events if isinstance(event, NodeBlocked)] == [
        NodeBlocked("c", "no licence", first=True),
        NodeBlocked("d", "no licence", first=False),
    ]


def test_a_block_of_some_calls_is_told_once_as_well() -> None:
    made = graph(l=use("Listing"), c=use("Add", a="@l.value"), d=use("Add", a="@c.value"))
    events = Lab([listing(1, Blocked("not this one")), add]).run(made, "d.value").events

    assert [event for event in events if isinstance(event, NodeBlocked)] == [NodeBlocked("c", "not this one")]


# ---- turning into graphs


def expanding(expand: Callable[..., Expand], *inputs: str, **fields: Any) -> Callable[..., object]:
    return pack_node("Expanding", expand, takes(*inputs), **fields)


CACHES: dict[str, Callable[[], Cache]] = {"with a cache": MemoryCache, "without": NoCache}


@pytest.fixture(params=CACHES)
def cache(request: pytest.FixtureRequest) -> Cache:
    return CACHES[request.param]()


def test_an_expansion_may_read_the_nodes_around_it(cache: Cache) -> None:
    def expand(link: Link) -> Expand:
        return Expand(graph(x=Node("Add", {"a": link, "b": 10})), Link("x", "value"))

    inside = pack_node("Expanding", expand, takes("link", raw_link=True))
    made = graph(n=use("Number", value=5), e=use("Expanding", link="@n.value"))
    outcome = Lab([number, add, inside], cache).run(made, "e.value")

    assert (outcome.value, outcome.started) == (15, ["e", "n", "e/x"])


def test_and_those_around_that(cache: Cache) -> None:
    def inner(link: Link) -> Expand:
        return Expand(graph(y=Node("Add", {"a": link, "b": 1})), Link("y", "value"))

    def outer(link: Link) -> Expand:
        return Expand(graph(x=Node("Inner", {"link": link})), Link("x", "value"))

    nodes: list[Callable[..., object]] = [
        number,
        add,
        pack_node("Inner", inner, takes("link", raw_link=True)),
        pack_node("Outer", outer, takes("link", raw_link=True)),
    ]
    made = graph(n=use("Number", value=5), e=use("Outer", link="@n.value"))

    assert Lab(nodes, cache).run(made, "e.value").value == 6


def test_what_it_reads_around_it_is_part_of_its_keys() -> None:
    inside = pack_node(
        "Expanding",
        lambda link: Expand(graph(x=Node("Add", {"a": link})), Link("x", "value")),
        takes("link", raw_link=True),
    )
    lab = Lab([number, add, inside])
    values = [
        lab.run(graph(n=use("Number", value=value), e=use("Expanding", link="@n.value")), "e.value").value
        for value in (1, 2, 1)
    ]

    assert values == [2, 3, 2]


def test_a_loop_through_the_graph_around_is_a_failure(cache: Cache) -> None:
    inside = expanding(lambda: Expand(graph(x=use("Add", a="@after.value")), Link("x", "value")))
    made = graph(e=use("Expanding"), after=use("Add", a="@e.value"))
    outcome = Lab([add, inside], cache).run(made, "after.value")

    assert outcome.failure.error == "EndlessExpansion"


def test_some_outputs_may_be_values_and_others_links(cache: Cache) -> None:
    inside = expanding(
        lambda a: Expand(graph(x=use("Add", a=a)), {"value": Link("x", "value"), "plain": {"any": "thing"}}),
        "a",
        outputs=("value", "plain"),
    )
    outcome = Lab([add, inside], cache).run(graph(e=use("Expanding", a=1)), "e.value", "e.plain")

    assert list(outcome.values.values()) == [2, {"any": "thing"}]


def test_objects_may_be_given_to_the_graph_inside_and_are_cached_all_the_same() -> None:
    inside = expanding(
        lambda a: Expand(
            graph(x=Node("Measure", {"of": Link(OUTER, "the list")})),
            Link("x", "value"),
            {"the list": [0] * a},
        ),
        "a",
    )
    measuring = pack_node("Measure", lambda of: of.count(0), takes("of"))
    lab = Lab([inside, measuring])

    def run(a: int) -> tuple[object, list[str]]:
        outcome = lab.run(graph(e=use("Expanding", a=a)), "e.value")
        return outcome.value, outcome.started

    assert [run(2), run(3), run(2)] == [(2, ["e", "e/x"]), (3, ["e", "e/x"]), (2, [])]


def test_what_is_run_inside_for_what_it_does_shows_it_under_its_own_path_in_every_run(cache: Cache) -> None:
    saving = pack_node("Save", lambda a: shown(str(a)), takes("a"), (), effect=True)
    inside = expanding(
        lambda: Expand(
            graph(x=use("Save", a=7), y=use("Number", value=1)), Link("y", "value"), published=shown("outer")
        ),
        effect=True,
    )
    lab = Lab([saving, number, inside], cache)
    made = graph(e=use("Expanding"))
    expected = {"e/x": {"text": ("7",)}, "e": {"text": ("outer",)}}

    assert [published(lab.run(made).events) for _ in range(2)] == [expected, expected]


def test_graphs_that_packs_make_are_not_checked_for_more_than_that_they_can_run() -> None:
    strict = pack_node("Strict", lambda a: a, {"a": InputSpec("a", Named("int"), required=True)})
    inside = expanding(
        lambda: Expand(graph(x=Node("Strict", {"a": "text", "stranger": 1})), Link("x", "value"))
    )

    assert Lab([strict, inside]).run(graph(e=use("Expanding")), "e.value").value == "text"


@pytest.mark.parametrize(
    "inner",
    [
        Graph({"x": Node("Nothing")}),
        Graph({"x": Node("Add", {"a": Link("nowhere", 0)})}),
        Graph({"x": Node("Add", {"a": Link("x", 0)})}),
    ],
    ids=["an unknown node", "a link to nowhere", "a circle"],
)
def test_but_that_is_checked(inner: Graph) -> None:
    inside = expanding(lambda: Expand(inner, Link("x", 0)))

    assert Lab([add, inside]).run(graph(e=use("Expanding")), "e.value").failure.error == "GraphInvalid"


# ---- fingerprints


def asked(fingerprint: Callable[..., object], **inputs: object) -> list[list[str]]:
    """What runs in two runs of a node with this fingerprint."""
    reading = pack_node("Read", lambda **inputs: 1, takes("a", "b"), fingerprinted=True)
    setattr(reading, FINGERPRINT, fingerprint)
    lab = Lab([number, reading])
    made = graph(n=use("Number"), r=use("Read", **inputs))  # type: ignore[arg-type]
    return [lab.run(made, "r.value").started for _ in range(2)]


NAN = float("nan")


@pytest.mark.parametrize("answer", [NAN, [1, NAN], {"a": (NAN,)}], ids=["alone", "in a list", "in a mapping"])
def test_any_nan_means_that_the_node_has_changed(answer: object) -> None:
    assert asked(lambda: answer) == [["r"], ["r"]]


@pytest.mark.parametrize("answer", [True, "digest", b"digest", None, 1.5])
def test_an_answer_that_stays_means_that_it_has_not(answer: object) -> None:
    assert asked(lambda: answer) == [["r"], []]


def test_linked_inputs_are_none_to_a_fingerprint_and_literals_are_there() -> None:
    got: list[object] = []

    def fingerprint(a: object, **rest: object) -> object:
        got.append((a, rest))
        return 1

    assert asked(fingerprint, a="@n.value", b=5) == [["n", "r"], []]
    assert got[0] == (None, {"b": 5})


def test_a_fingerprint_that_fails_lets_the_node_run() -> None:
    assert asked(lambda: 1 / 0) == [["r"], ["r"]]
