from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import pytest

from engine.api import OUTER, Context, Expand, Graph, Lazy, Link, Output, Published, node
from engine.run.cache import MemoryCache, NoCache
from engine.run.events import NodeExpanded
from engine.run.files import Files
from tests.engine.run.lab import Lab, graph, use, workers
from tests.engine.run.toys import Value, add, number, show


@node("Count")
def count_flat(a: int, steps: int) -> Value | Expand:
    """Adds 1 so many times, each step a node, all in one graph."""
    nodes = {"0": use("Add", a=Link(OUTER, "a"), b=0)}
    for step in range(1, steps + 1):
        nodes[str(step)] = use("Add", a=f"@{step - 1}.value")
    return Expand(Graph(nodes), Link(str(steps), "value"))


@node("CountDown")
def count_nested(a: int, steps: int) -> Value | Expand:
    """Adds 1 so many times, each step a node that holds the remaining ones."""
    if steps == 0:
        return a
    step = use("Add", a=Link(OUTER, "a"))
    rest = use("CountDown", a="@step.value", steps=steps - 1)
    return Expand(graph(step=step, rest=rest), Link("rest", "value"))


NODES: list[Callable[..., object]] = [number, add, count_flat, count_nested, show]


def test_a_node_may_turn_into_a_graph_whose_nodes_have_paths() -> None:
    outcome = Lab(NODES).run(graph(c=use("Count", a=5, steps=2)), "c.value")

    assert (outcome.value, outcome.started) == (7, ["c", "c/0", "c/1", "c/2"])
    assert NodeExpanded("c", ("c/0", "c/1", "c/2")) in outcome.events


def test_more_steps_go_on_from_the_last_step_of_an_earlier_run() -> None:
    here = Lab(NODES)
    here.run(graph(c=use("Count", a=5, steps=20)), "c.value")
    outcome = here.run(graph(c=use("Count", a=5, steps=23)), "c.value")

    assert (outcome.value, outcome.started) == (28, ["c", "c/21", "c/22", "c/23"])


def test_what_is_inside_shares_results_with_the_same_nodes_outside() -> None:
    outcome = Lab(NODES).run(
        graph(
            n=use("Number", value=5), a=use("Add", a="@n.value", b=0), c=use("Count", a="@n.value", steps=1)
        ),
        "a.value",
        "c.value",
    )

    assert sorted(outcome.started) == ["a", "c", "c/1", "n"]
    assert outcome.from_cache == ["c/0"]


@pytest.mark.parametrize("kind", ["Count", "CountDown"])
def test_a_thousand_steps_do_not_recurse(kind: str) -> None:
    here = Lab(NODES)
    outcome = here.run(graph(c=use(kind, a=1, steps=1000)), "c.value")

    assert (outcome.value, outcome.status) == (1001, "done")
    assert here.run(graph(c=use(kind, a=1, steps=1000)), "c.value").started == []


def test_an_expansion_may_give_an_input_straight_through() -> None:
    @node("Same")
    def same(a: int) -> Value | Expand:
        """Expands into nothing."""
        return Expand(Graph(), Link(OUTER, "a"))

    outcome = Lab([same, number]).run(graph(n=use("Number", value=4), s=use("Same", a="@n.value")), "s.value")

    assert outcome.value == 4


class Pair(NamedTuple):
    """Two numbers."""

    first: int
    second: int


def test_an_expansion_gives_every_output_by_name() -> None:
    @node("Swap")
    def swap(a: int, b: int = 2) -> Pair | Expand:
        """Two numbers the other way round."""
        return Expand(
            graph(x=use("Add", a=Link(OUTER, "b"), b=0)), {"first": Link("x", 0), "second": Link(OUTER, 0)}
        )

    outcome = Lab([swap, add]).run(graph(s=use("Swap", a=1)), "s.first", "s.second")

    assert list(outcome.values.values()) == [2, 1]


def test_a_mapped_node_expands_for_each_item() -> None:
    @node("Numbers")
    def numbers(count: int) -> Annotated[list[int], Output("value")]:
        """The first numbers."""
        return list(range(count))

    outcome = Lab([*NODES, numbers]).run(
        graph(n=use("Numbers", count=3), c=use("Count", a="@n.value", steps=1)), "c.value"
    )

    assert outcome.value == [1, 2, 3]
    assert {path for path in outcome.started if path.startswith("c/")} == {
        f"c/{index}/{step}" for index in range(3) for step in range(2)
    }


def test_an_expansion_reads_a_lazy_input_that_the_node_did_not_ask_for() -> None:
    @node("Choose")
    def choose(yes: bool, a: Lazy[int], b: Lazy[int]) -> Value | Expand:
        """One of two, without knowing either."""
        return Expand(Graph(), Link(OUTER, "a" if yes else "b"))

    @node("Deep")
    def deep(a: Lazy[int]) -> Value | Expand:
        """Hands its input on."""
        return Expand(graph(c=use("Choose", yes=True, a=Link(OUTER, "a"), b=1)), Link("c", "value"))

    outcome = Lab([*NODES, choose, deep]).run(
        graph(
            n=use("Number", value=4),
            m=use("Number", value=5),
            c=use("Choose", yes=False, a="@n.value", b="@m.value"),
            d=use("Deep", a="@c.value"),
        ),
        "d.value",
    )

    assert (outcome.value, outcome.started) == (5, ["d", "d/c", "c", "m"])


def test_effects_inside_are_run_and_their_files_are_the_nodes_own(tmp_path: Any) -> None:
    @node("Write")
    def write(text: str, ctx: Context) -> Published:
        """Writes a text."""
        return ctx.files.publish("note", ".txt", "text/plain", lambda path: path.write_text(text))

    @node("WriteTwo")
    def write_two(text: str) -> Published | Expand:
        """Writes a text twice."""
        inner = use("Write", text=Link(OUTER, "text"))
        return Expand(graph(a=inner, b=inner), {})

    files = Files(tmp_path, tmp_path / "temp", tmp_path / "state")
    here = Lab([write, write_two], workers=workers(files=files))
    outcome = here.run(graph(w=use("WriteTwo", text="hello")))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["note_00001_.txt", "note_00002_.txt"]
    assert outcome.started[0] == "w"
    assert here.run(graph(w=use("WriteTwo", text="hello"))).started == []


def test_steps_inside_are_dropped_once_nobody_needs_them() -> None:
    class Heavy:
        alive = 0
        most = 0

        def __init__(self) -> None:
            Heavy.alive += 1
            Heavy.most = max(Heavy.most, Heavy.alive)

        def __del__(self) -> None:
            Heavy.alive -= 1

    @node("Step")
    def step(heavy: Any, index: int) -> Annotated[Any, Output("heavy")]:
        """Makes a heavy value of another."""
        return Heavy()

    @node("Steps")
    def steps(heavy: Any, left: int) -> Annotated[Any, Output("heavy")] | Expand:
        """Goes on until nothing is left."""
        if not left:
            return heavy
        inner = use("Step", heavy=Link(OUTER, "heavy"), index=left)
        rest = use("Steps", heavy="@step.heavy", left=left - 1)
        return Expand(graph(step=inner, rest=rest), Link("rest", "heavy"))

    outcome = Lab([step, steps], cache=NoCache()).run(graph(s=use("Steps", heavy=None, left=50)), "s.heavy")

    assert outcome.status == "done"
    assert Heavy.most <= 3


# ---- what goes wrong


def failing(expand: Expand) -> Any:
    @node("Wrong")
    def wrong(a: int) -> Value | Expand:
        """Expands into what the test says."""
        return expand

    return Lab([*NODES, wrong]).run(graph(w=use("Wrong", a=1)), "w.value").failure


def test_a_cycle_inside_is_a_failure_that_names_its_members() -> None:
    circle = graph(x=use("Add", a="@y.value"), y=use("Add", a="@x.value"))
    failure = failing(Expand(circle, Link("x", "value")))

    assert (failure.path, failure.error) == ("w", "GraphInvalid")
    assert "2 nodes wait for one another: y -> x -> y" in failure.message or "x -> y -> x" in failure.message


@pytest.mark.parametrize(
    ("expand", "error", "message"),
    [
        (Expand(graph(x=use("Nothing")), Link("x", "value")), "GraphInvalid", "Nothing"),
        (Expand(graph(x=use("Add")), Link("x", "value")), "GraphInvalid", "input 'a' of node x"),
        (Expand(graph(x=use("Add", a=Link(OUTER, "b"))), Link("x", "value")), "GraphInvalid", "output 'b'"),
        (Expand(graph(x=use("Add", a="one")), Link("x", "value")), "GraphInvalid", "input 'a' of node x"),
        (Expand(Graph(), Link("x", "value")), "GraphInvalid", "node x"),
        (Expand(graph(x=use("Add", a=1)), {"other": Link("x", "value")}), "WrongResult", "gives other"),
        (Expand(graph(x=use("Add", a=1)), {}), "WrongResult", "gives nothing"),
        (Expand({}, Link("x", "value")), "WrongResult", "without a Graph"),  # type: ignore[arg-type]
    ],
)
def test_a_problem_inside_is_a_failure_of_the_node_that_expanded(
    expand: Expand, error: str, message: str
) -> None:
    failure = failing(expand)

    assert (failure.path, failure.error) == ("w", error)
    assert message in failure.message
    assert failure.hint


def test_an_output_of_another_type_is_a_failure() -> None:
    @node("Text")
    def text() -> str:
        """A text."""
        return "text"

    @node("Wrong")
    def wrong() -> Value | Expand:
        """Says a number, gives a text."""
        return Expand(graph(t=use("Text")), Link("t", "str"))

    failure = Lab([text, wrong]).run(graph(w=use("Wrong")), "w.value").failure

    assert (failure.error, failure.message) == (
        "WrongResult",
        "It expanded into a graph that gives str as 'value', but declares int.",
    )


@node("Itself")
def itself(a: int) -> Value | Expand:
    """Expands into itself."""
    return Expand(graph(again=use("Itself", a=Link(OUTER, "a"))), Link("again", "value"))


@node("Ping")
def ping(a: int) -> Value | Expand:
    """Expands into Pong."""
    return Expand(graph(pong=use("Pong", a=Link(OUTER, "a"))), Link("pong", "value"))


@node("Pong")
def pong(a: int) -> Value | Expand:
    """Expands into Ping."""
    return Expand(graph(ping=use("Ping", a=Link(OUTER, "a"))), Link("ping", "value"))


@pytest.mark.parametrize("kind", ["Itself", "Ping"])
def test_a_node_that_expands_into_itself_is_a_failure(kind: str) -> None:
    outcome = Lab([itself, ping, pong]).run(graph(w=use(kind, a=1)), "w.value")

    assert (outcome.status, outcome.failure.error) == ("failed", "EndlessExpansion")
    assert "wait for one another: w" in outcome.failure.message


def test_expanding_without_end_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.run.expand.DEEPEST", 50)

    @node("Forever")
    def forever(a: int) -> Value | Expand:
        """Expands into the next of itself."""
        return Expand(graph(n=use("Forever", a=a + 1)), Link("n", "value"))

    failure = Lab([forever]).run(graph(f=use("Forever", a=0)), "f.value").failure

    assert failure.error == "EndlessExpansion"
    assert failure.path == "/".join(["f", *["n"] * 50])


def test_a_failure_inside_names_the_inner_node() -> None:
    @node("Fail")
    def fail(a: int) -> Value:
        """Fails."""
        raise ValueError("no")

    @node("Wrap")
    def wrap(a: int) -> Value | Expand:
        """Holds a failing node."""
        return Expand(graph(f=use("Fail", a=Link(OUTER, "a"))), Link("f", "value"))

    outcome = Lab([fail, wrap]).run(graph(w=use("Wrap", a=7)), "w.value")

    assert (outcome.failure.path, outcome.failure.inputs) == ("w/f", (("a", "7"),))


def test_inside_a_cached_step_that_is_gone_is_made_again() -> None:
    class Forgetful(MemoryCache):
        forgets = False

        def get(self, key: str) -> Any:
            return None if self.forgets else super().get(key)

        at_hand = get

    cache = Forgetful()
    here = Lab(NODES, cache=cache)
    here.run(graph(n=use("Number", value=5), c=use("Count", a="@n.value", steps=3)), "c.value")
    cache.forgets = True
    outcome = here.run(graph(n=use("Number", value=5), c=use("Count", a="@n.value", steps=4)), "c.value")

    assert outcome.value == 9
