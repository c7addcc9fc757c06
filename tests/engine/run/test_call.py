from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple, NewType, Protocol

import pytest

from engine.api import Blocked, Lazy, Output, node
from engine.run.events import NodeBlocked
from tests.engine.run.lab import Lab, Outcome, graph, use
from tests.engine.run.toys import Value, add, number

Values = Annotated[list[int], Output("value")]


@node("Numbers")
def numbers(count: int, start: int = 0) -> Values:
    """Numbers one after another."""
    return list(range(start, start + count))


@node("Sum")
def total(values: list[int]) -> Value:
    """All of them added."""
    return sum(values)


@node("Repeat")
def repeat(value: int, times: int) -> Values:
    """A value several times."""
    return [value] * times


LISTS: list[Callable[..., object]] = [numbers, number, add, total, repeat]


@pytest.mark.parametrize(
    ("nodes", "value"),
    [
        ({"x": use("Numbers", count=3)}, [0, 1, 2]),
        ({"n": use("Numbers", count=3), "x": use("Add", a="@n.value", b=10)}, [10, 11, 12]),
        (
            {
                "n": use("Numbers", count=3),
                "m": use("Numbers", count=2),
                "x": use("Add", a="@n.value", b="@m.value"),
            },
            [0, 2, 3],
        ),
        ({"n": use("Numbers", count=0), "x": use("Add", a="@n.value", b=10)}, []),
        ({"n": use("Numbers", count=4), "x": use("Sum", values="@n.value")}, 6),
        ({"n": use("Number", value=4), "x": use("Sum", values="@n.value")}, 4),
        ({"x": use("Sum", values=(1, 2, 3))}, 6),
        ({"x": use("Sum", values=5)}, 5),
        ({"n": use("Numbers", count=3), "x": use("Repeat", value="@n.value", times=2)}, [0, 0, 1, 1, 2, 2]),
        (
            {"n": use("Numbers", count=3), "m": use("Add", a="@n.value"), "x": use("Sum", values="@m.value")},
            6,
        ),
    ],
)
def test_lists_are_mapped_over_taken_whole_and_joined(nodes: dict[str, Any], value: object) -> None:
    outcome = Lab(LISTS).run(graph(**nodes), "x.value")

    assert outcome.failures == []
    assert outcome.value == value


def pairs(first: int, second: int) -> Outcome:
    """What comes of adding two lists of such lengths, item by item."""

    @node("Count")
    def count(length: int) -> Annotated[list[int], Output("value")]:
        """So many numbers."""
        return list(range(length))

    made = graph(
        a=use("Count", length=first), b=use("Count", length=second), c=use("Add", a="@a.value", b="@b.value")
    )
    return Lab([count, add]).run(made, "c.value")


def test_an_empty_list_beside_a_longer_one_is_named() -> None:
    failure = pairs(3, 0).failure

    assert (failure.path, failure.error) == ("c", "EmptyList")
    assert failure.message == "Its input 'b' got an empty list, but 'a' one of 3."
    assert "at least one value" in failure.hint


def test_nothing_is_mapped_to_nothing() -> None:
    assert pairs(0, 0).value == []


def test_the_shorter_list_repeats_its_last() -> None:
    assert pairs(3, 2).value == [0, 2, 3]


def test_a_node_that_is_mapped_runs_once_as_a_node() -> None:
    outcome = Lab(LISTS).run(graph(n=use("Numbers", count=3), x=use("Add", a="@n.value")), "x.value")

    assert outcome.started == ["n", "x"]


@node("Odd")
def odd(a: int) -> Value | Blocked:
    """Lets odd numbers through."""
    return a if a % 2 else Blocked(f"{a} is even")


def test_blocked_items_block_only_their_own_calls() -> None:
    nodes = {"n": use("Numbers", count=4), "o": use("Odd", a="@n.value"), "x": use("Add", a="@o.value")}

    assert Lab([*LISTS, odd]).run(graph(**nodes), "x.value").value == [
        Blocked("0 is even"),
        2,
        Blocked("2 is even"),
        4,
    ]


def test_one_blocked_item_blocks_a_node_that_takes_the_whole_list() -> None:
    nodes = {"n": use("Numbers", count=4), "o": use("Odd", a="@n.value"), "x": use("Sum", values="@o.value")}
    outcome = Lab([*LISTS, odd]).run(graph(**nodes), "x.value")

    assert NodeBlocked("x", "0 is even") in outcome.events
    assert outcome.value == Blocked("0 is even")


# ---- lazy inputs


@node("If")
def choose(condition: bool, yes: Lazy[int], no: Lazy[int]) -> Value:
    """One of two."""
    return yes.get() if condition else no.get()


def branches(condition: bool) -> dict[str, Any]:
    return {
        "y": use("Number", value=1),
        "n": use("Add", a="@m.value"),
        "m": use("Number", value=5),
        "x": use("If", condition=condition, yes="@y.value", no="@n.value"),
    }


@pytest.mark.parametrize(
    ("condition", "value", "started"), [(True, 1, ["x", "y"]), (False, 6, ["x", "m", "n"])]
)
def test_a_lazy_input_is_computed_only_if_asked_for(condition: bool, value: int, started: list[str]) -> None:
    outcome = Lab([*LISTS, choose]).run(graph(**branches(condition)), "x.value")

    assert (outcome.value, outcome.started) == (value, started)


def test_a_lazy_input_that_is_there_anyway_is_at_hand() -> None:
    nodes = {**branches(True), "z": use("Add", a="@y.value", b="@x.value")}
    outcome = Lab([*LISTS, choose]).run(graph(**nodes), "z.value")

    assert (outcome.value, sorted(outcome.started)) == (2, ["x", "y", "z"])


def test_a_lazy_input_may_be_a_literal() -> None:
    assert Lab([choose]).run(graph(x=use("If", condition=False, yes=1, no=2)), "x.value").value == 2


def test_a_blocked_lazy_input_blocks_only_who_asks_for_it() -> None:
    nodes = {"o": use("Odd", a=2), "x": use("If", condition=True, yes="@o.value", no=7)}
    lab = Lab([odd, choose, add])
    asked = lab.run(graph(**nodes), "x.value")
    unasked = lab.run(
        graph(**nodes, y=use("If", condition=False, yes="@o.value", no=7), z=use("Add", a="@o.value")),
        "y.value",
        "z.value",
    )

    assert asked.value == Blocked("2 is even")
    assert next(iter(unasked.values.values())) == 7


def test_a_lazy_list_is_asked_for_once() -> None:
    nodes = {"n": use("Numbers", count=3), "x": use("If", condition=True, yes="@n.value", no=0)}

    assert Lab([*LISTS, choose]).run(graph(**nodes), "x.value").value == [0, 1, 2]


def test_a_lazy_input_that_was_left_out_is_none_and_no_promise() -> None:
    @node("Maybe")
    def maybe(a: Lazy[int] | None = None) -> Value:
        """A number, or -1."""
        return -1 if a is None else a.get()

    assert Lab([maybe]).run(graph(x=use("Maybe")), "x.value").value == -1


def test_asking_for_what_is_not_connected_is_a_failure() -> None:
    @node("Ask")
    def ask(a: int) -> Value:
        """Asks for what it has no input for."""
        return Lazy[int]("other").get()

    failure = Lab([ask]).run(graph(x=use("Ask", a=1)), "x.value").failure

    assert (failure.error, failure.message) == (
        "NotAsked",
        "It asked for the input 'other', which nothing is connected to.",
    )


# ---- values on their way in


def test_a_whole_number_becomes_a_real_one_where_the_node_says_so() -> None:
    @node("Kind")
    def kind_of(value: float) -> str:
        """What it is."""
        return type(value).__name__

    assert Lab([kind_of]).run(graph(x=use("Kind", value=7)), "x.str").value == "float"


def test_an_optional_input_without_a_default_is_none() -> None:
    @node("Given")
    def given(a: int | None) -> str:
        """What came."""
        return repr(a)

    assert Lab([given]).run(graph(x=use("Given")), "x.str").value == "None"


# ---- what comes out


class Point(NamedTuple):
    """A place."""

    x: int
    y: Annotated[str, Output("why")]


class Base: ...


class Derived(Base): ...


class Shape(Protocol):
    def area(self) -> float: ...


Prompt = NewType("Prompt", str)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, 3),
        (float, 3),
        (float, 3.5),
        (str, "a"),
        (bool, True),
        (Base, Derived()),
        (Any, object()),
        (Prompt, "a"),
        (Shape, 3),
        (int | str, "a"),
        (Literal["a", "b"], "a"),
        (dict[str, int], {"a": 1}),
        (Point, Point(1, "a")),
        (list[int], [1, 2]),
        (list[int], (1, 2)),
    ],
)
def test_a_result_of_the_declared_type_is_taken(hint: Any, value: object) -> None:
    assert returning(hint, value).status == "done"


@pytest.mark.parametrize(
    ("hint", "value", "message"),
    [
        (int, "three", "It returned 'three' (str), but declares int."),
        (int, True, "It returned True (bool), but declares int."),
        (int, None, "It returned None, but declares int."),
        (Derived, Base(), "(Base), but declares Derived."),
        (Prompt, 3, "It returned 3 (int)"),
        (int | str, 3.5, "It returned 3.5 (float), but declares int | str."),
        (Literal["a", "b"], "c", "It returned 'c' (str)"),
        (Point, (1, "a"), "It returned (1, 'a') (tuple), but declares the outputs x, y."),
        (Point, Point("a", "b"), "It returned 'a' (str) as 'x', but declares int."),  # type: ignore[arg-type]
        (list[int], [1, "b"], "It returned [1, 'b'] (list), but declares list of int."),
        (None, 3, "It returned 3 (int), but declares that it returns nothing."),
    ],
)
def test_a_result_of_another_type_is_a_failure_that_says_both(hint: Any, value: object, message: str) -> None:
    failure = returning(hint, value).failure

    assert failure.error == "WrongResult"
    assert message in failure.message
    assert failure.hint


def returning(hint: Any, value: object) -> Any:
    def give() -> None:
        return value  # type: ignore[return-value]

    give.__annotations__["return"] = hint
    give.__doc__ = "Gives what the test says."
    give = node("Give")(give)
    outputs = {Point: "x", None: ""}
    here = Lab([give])
    spec = here.inline.workers.registry["Give"]
    output = spec.outputs[0].name if spec.outputs else outputs[None]
    return here.run(graph(x=use("Give")), *([f"x.{output}"] if output else []))


# ---- nodes that misbehave


@pytest.mark.parametrize(
    ("error", "name", "message", "hint"),
    [
        (SystemExit(3), "SystemExit", "It called sys.exit(3).", "A node must not end the program"),
        (SystemExit(), "SystemExit", "It called sys.exit().", "A node must not end the program"),
        (KeyboardInterrupt(), "KeyboardInterrupt", "KeyboardInterrupt", "must not interrupt"),
        (GeneratorExit(), "GeneratorExit", "GeneratorExit", ""),
        (StopIteration(5), "StopIteration", "5", ""),
        (ValueError("x" * 5000), "ValueError", "x" * 2000 + "...", ""),
    ],
)
def test_whatever_a_node_raises_is_a_failure_of_that_node(
    error: BaseException, name: str, message: str, hint: str
) -> None:
    @node("Raise")
    def throw(a: int) -> Value:
        """Raises what the test says."""
        raise error

    outcome = Lab([throw]).run(graph(x=use("Raise", a=1)), "x.value")

    assert (outcome.status, outcome.failure.path, outcome.failure.error) == ("failed", "x", name)
    assert outcome.failure.message == message
    assert hint in outcome.failure.hint


def test_sys_exit_in_a_node_does_not_end_the_program() -> None:
    @node("Leave")
    def leave() -> Value:
        """Leaves."""
        sys.exit("goodbye")

    assert (
        Lab([leave]).run(graph(x=use("Leave")), "x.value").failure.message == "It called sys.exit('goodbye')."
    )


def test_an_error_brings_its_own_hint() -> None:
    class Hinted(Exception):
        hint = "Do this."

    @node("Raise")
    def throw() -> Value:
        """Raises."""
        raise Hinted("Something.")

    assert Lab([throw]).run(graph(x=use("Raise")), "x.value").failure.hint == "Do this."


def test_inputs_are_shown_short_whatever_they_are() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    @node("Rude")
    def rude() -> Annotated[Any, Output("rude")]:
        """Something without a repr."""
        return Rude()

    @node("Fail")
    def fail(a: Any, text: str, many: Any) -> Value:
        """Fails."""
        raise ValueError

    nodes = {
        "r": use("Rude"),
        "x": use("Fail", a="@r.rude", text="long " * 100, many=tuple(range(1000))),
    }
    inputs = dict(Lab([rude, fail]).run(graph(**nodes), "x.value").failure.inputs)

    assert all(len(text) <= 50 for text in inputs.values())
    assert "Rude" in inputs["a"]
