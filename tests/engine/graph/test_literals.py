import math

import pytest

from engine.graph.literals import SEED_MAXIMUM, closest, freeze, literal_problem
from engine.graph.problems import NotAChoice, OutOfRange, WrongType
from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    Literal_,
    NumberWidget,
    SeedWidget,
    TextWidget,
    ToggleWidget,
    Widget,
)
from engine.graph.types import Anything, ListOf, Named, OneOf, PortType

INT, FLOAT, STR = Named("int"), Named("float"), Named("str")


@pytest.mark.parametrize(
    ("widget", "good", "wrong_type", "out_of_range"),
    [
        (NumberWidget(whole=True), [0, -5, 10**30], [1.0, "1", True, None, (1,)], []),
        (NumberWidget(True, 0, 9), [0, 9], [2.0], [-1, 10]),
        (NumberWidget(False, 0.5, 2), [1, 0.5, 2.0], ["1", False, math.nan, math.inf], [0, 2.1]),
        (NumberWidget(whole=False), [1e300, 3], [math.nan, -math.inf, None], []),
        (SeedWidget(), [0, SEED_MAXIMUM], [1.5, True], [-1, SEED_MAXIMUM + 1]),
        (TextWidget(), ["", "a"], [1, None, ("a",)], []),
        (FileWidget("vae"), ["a.safetensors"], [1, None], []),
        (ToggleWidget(), [True, False], [0, 1, "true"], []),
    ],
)
def test_an_input_takes_values_of_its_widget(
    widget: Widget, good: list[Literal_], wrong_type: list[Literal_], out_of_range: list[Literal_]
) -> None:
    spec = InputSpec("x", FLOAT, True, widget=widget)

    assert [literal_problem("1", spec, value) for value in good] == [None] * len(good)
    assert [type(literal_problem("1", spec, value)) for value in wrong_type] == [WrongType] * len(wrong_type)
    assert [type(literal_problem("1", spec, value)) for value in out_of_range] == [OutOfRange] * len(
        out_of_range
    )


@pytest.mark.parametrize(
    ("type", "good", "wrong"),
    [
        (Anything(), [None, 1, "a", (1, 2), {"a": 1}], []),
        (OneOf((INT, STR)), [1, "a"], [1.5, True, (1,)]),
        (ListOf(FLOAT), [(), (1, 2.5), 3], ["a", (1, "a"), ("a",)]),
        (Named("dict"), [{}, {"a": (1,)}], [1, ()]),
        (Named("Image"), [], [1, "a", (), {}, None]),
    ],
)
def test_a_socket_takes_only_values_that_can_be_written(
    type: PortType, good: list[Literal_], wrong: list[Literal_]
) -> None:
    spec = InputSpec("x", type, True)

    assert [literal_problem("1", spec, value) for value in good] == [None] * len(good)
    assert all(isinstance(literal_problem("1", spec, value), WrongType) for value in wrong)


def test_an_optional_input_takes_none() -> None:
    assert literal_problem("1", InputSpec("x", INT, required=False, widget=NumberWidget(True)), None) is None


def test_a_choice_is_one_of_its_options_and_of_their_type() -> None:
    spec = InputSpec("x", STR, True, widget=ChoiceWidget(("euler", "ddim", 1)))

    assert literal_problem("1", spec, "euler") is None
    assert literal_problem("1", spec, 1) is None
    assert literal_problem("1", spec, "Eular") == NotAChoice(
        "1", "x", "Eular", ("euler", "ddim", 1), ("euler",)
    )
    assert isinstance(literal_problem("1", spec, True), NotAChoice)


def test_a_problem_with_a_socket_says_to_connect_it() -> None:
    problem = literal_problem("3", InputSpec("x", Named("Image"), True), 1)

    assert problem is not None
    assert problem.describe() == (
        "input 'x' of node 3 is 1, but must be connected to an output that gives Image."
    )


def test_lists_are_frozen_into_tuples() -> None:
    assert freeze({"a": [1, [2.5, None]], "b": ("x", True)}) == {"a": (1, (2.5, None)), "b": ("x", True)}


@pytest.mark.parametrize("value", [object(), {1: 2}, [object()], b"bytes", {1}])
def test_what_a_file_cannot_hold_is_no_literal(value: object) -> None:
    with pytest.raises(TypeError):
        freeze(value)


def test_near_names_are_found_whatever_their_case() -> None:
    assert closest("ksampler", ["KSampler", "VAEDecode"]) == ("KSampler",)
    assert closest("xyz", ["KSampler", "VAEDecode"]) == ()
