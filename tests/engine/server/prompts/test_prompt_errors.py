from typing import Any

import pytest

from engine.formats.coerce import coerced
from engine.formats.read import graph_in
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Problem, Refused
from engine.graph.registry import registry_of
from engine.graph.spec import InputSpec, TextWidget
from engine.graph.validate import validate
from engine.server.prompts.prompt_errors import Verdict, judged, no_prompt
from engine.server.prompts.prompt_outputs import good_targets
from tests.engine.server.comfy_traffic import INT, NODES, STR, out, recorded, spec, whole

RECORDED = recorded("validation")
FILES = {"input": ("there.png",)}

OURS = {"problem", "describe", "hint", "expected", "found"}

# Where we answer otherwise on purpose: the table in engine/server/prompts/prompt_errors.py.
DIFFERENT = {
    "plain_star_in",
    "plain_star_out",
    "custom_validate",  # only the pack's own code knows
    "cycle",
    "no_inputs_key",
    "v3combo_bad",
}


def asked(prompt: object, *more: Problem, only: list[str] | None = None) -> Verdict:
    graph, unreadable = graph_in(prompt, NODES)
    graph = coerced(graph, NODES)
    problems = [*unreadable, *validate(graph, NODES, FILES), *more]
    return judged(graph, NODES, problems, only=only, files=FILES)


def errors_of(verdict: Verdict, node: str) -> list[dict[str, Any]]:
    """The errors of a node."""
    errors: Any = verdict.node_errors[node]["errors"]
    return list(errors)


def comfy(error: dict[str, Any]) -> dict[str, Any]:
    """An error without what only we say, and without what ComfyUI says of its own code."""
    extra = {**error["extra_info"]}
    if "traceback" in extra:
        extra["traceback"] = []
    return {**{key: value for key, value in error.items() if key not in OURS}, "extra_info": extra}


def comfy_nodes(errors: dict[str, Any]) -> dict[str, Any]:
    return {id: {**entry, "errors": [comfy(one) for one in entry["errors"]]} for id, entry in errors.items()}


@pytest.mark.parametrize("name", sorted(RECORDED.keys() - DIFFERENT - {"no_prompt"}))
def test_a_prompt_is_answered_as_comfyui_answers_it(name: str) -> None:
    request, status, answer = (RECORDED[name][key] for key in ("request", "status", "resp"))
    verdict = asked(request["prompt"], only=request.get("partial_execution_targets"))

    assert (verdict.error is None) == (status == 200)
    if verdict.error is not None:
        assert comfy(verdict.error) == answer["error"]
    assert comfy_nodes(verdict.node_errors) == comfy_nodes(answer["node_errors"])


def test_a_request_without_a_prompt_is_answered_as_comfyui_answers_it() -> None:
    assert no_prompt() == RECORDED["no_prompt"]["resp"]["error"]


def test_every_error_of_a_node_says_what_to_do() -> None:
    for name in RECORDED.keys() - {"no_prompt"}:
        for entry in asked(RECORDED[name]["request"]["prompt"]).node_errors.values():
            errors: Any = entry["errors"]
            assert all(error["hint"] and error["describe"] and error["problem"] for error in errors), name


def test_an_error_says_what_was_expected_and_what_was_found() -> None:
    (error,) = errors_of(asked(RECORDED["type_mismatch"]["request"]["prompt"]), "2")

    assert (error["problem"], error["expected"], error["found"]) == ("TypeMismatch", "IMAGE", "int")


def test_a_cycle_is_named() -> None:
    verdict = asked(RECORDED["cycle"]["request"]["prompt"])

    assert verdict.error is not None
    assert verdict.error["details"] == "Dependency cycle detected: 1 -> 2 -> 1"
    assert verdict.node_errors["1"]["dependent_outputs"] == ["3"]


def test_a_node_without_inputs_misses_those_that_it_needs() -> None:
    verdict = asked({"1": {"class_type": "PShow"}})

    assert [error["type"] for error in errors_of(verdict, "1")] == ["required_input_missing"]


@pytest.mark.parametrize("name", ["plain_star_in", "plain_star_out"])
def test_a_port_for_anything_takes_anything(name: str) -> None:
    assert asked(RECORDED[name]["request"]["prompt"]).error is None


def test_a_choice_of_a_v3_node_is_checked() -> None:
    verdict = asked(RECORDED["v3combo_bad"]["request"]["prompt"])

    assert verdict.error is not None
    assert verdict.error["details"] == "Value not in list: c: 'zzz' not in ['p', 'q']"


def test_a_node_may_refuse_its_inputs() -> None:
    request = RECORDED["custom_validate"]["request"]["prompt"]
    verdict = asked(request, Refused("1", "a", "nope"), Refused("1", "b", "nope"))

    assert verdict.error is not None
    assert comfy(verdict.error) == RECORDED["custom_validate"]["resp"]["error"]
    assert comfy_nodes(verdict.node_errors) == RECORDED["custom_validate"]["resp"]["node_errors"]


GOOD = {"class_type": "PShow", "inputs": {"x": 1}}


def test_an_unknown_node_that_an_output_needs_rejects_the_prompt() -> None:
    verdict = asked(
        {"1": {"class_type": "Nope"}, "2": {"class_type": "PShow", "inputs": {"x": ["1", 0]}}, "3": GOOD}
    )

    assert verdict.targets == ()
    assert verdict.error is not None
    assert (verdict.error["type"], verdict.error["details"]) == ("invalid_prompt", "Node ID '#1'")


def test_an_unknown_node_that_nothing_needs_is_left_out_and_reported() -> None:
    verdict = asked({"1": {"class_type": "Nope"}, "3": GOOD})

    assert (verdict.targets, verdict.error) == (("3",), None)
    assert verdict.node_errors["1"]["dependent_outputs"] == ["1"]


def test_what_no_output_needs_is_not_reported() -> None:
    assert asked({"1": {"class_type": "PValue", "inputs": {}}, "3": GOOD}).node_errors == {}


def test_only_the_outputs_that_are_asked_for_count() -> None:
    bad = {"class_type": "PShow", "inputs": {}}

    assert asked({"1": bad, "3": GOOD}, only=["3"]) == Verdict(("3",), None, {})


def test_a_graph_can_be_run_as_far_as_any_node() -> None:
    value = {"class_type": "PValue", "inputs": {"value": 1}}
    bad = {"class_type": "PShow", "inputs": {}}

    assert asked({"1": value, "2": bad, "3": GOOD}, only=["1"]) == Verdict(("1",), None, {})


@pytest.mark.parametrize("prompt", [[], {"1": 3}, "text", {"1": {"class_type": "PShow", "inputs": []}}])
def test_a_damaged_prompt_is_an_answer_too(prompt: object) -> None:
    verdict = asked(prompt)

    assert verdict.error is not None
    assert verdict.error["type"] in {"invalid_prompt", "prompt_outputs_failed_validation"}


def test_good_outputs_are_told_from_bad_ones() -> None:
    graph = Graph(
        {
            "a": Node("PValue", {"value": 99}),
            "b": Node("PShow", {"x": Link("a", 0)}),
            "c": Node("PShow", {"x": 2}),
            "d": Node("PShow", {"x": Link("b", 0)}),
        }
    )

    assert good_targets(graph, NODES, validate(graph, NODES)) == (("c",), ("b", "d"))


def test_what_hangs_on_a_cycle_is_bad_and_what_does_not_is_good() -> None:
    graph = Graph(
        {
            "a": Node("PPair", {"a": Link("b", 0), "b": 1}),
            "b": Node("PPair", {"a": Link("a", 0), "b": 1}),
            "c": Node("PPair", {"a": Link("b", 0), "b": 1}),
            "d": Node("PShow", {"x": Link("c", 0)}),
            "e": Node("PValue", {"value": 1}),
            "f": Node("PShow", {"x": Link("e", 0)}),
            "g": Node("PPair", {"a": Link("e", 0), "b": Link("a", 0)}),
        }
    )

    assert good_targets(graph, NODES, validate(graph, NODES)) == (("f",), ("d",))


def test_ten_thousand_outputs_in_a_chain_are_told_apart() -> None:
    nodes = {"0": Node("PValue", {"value": 99})}
    nodes |= {str(i): Node("PShow", {"x": Link(str(i - 1), 0)}) for i in range(1, 10_000)}
    graph = Graph(nodes)

    assert len(good_targets(graph, NODES, validate(graph, NODES))[1]) == 9_999


NUMBERS = registry_of(
    [
        spec(
            "Any",
            whole("i", 0, 0, 2**64 - 1),
            InputSpec("s", STR, True, widget=TextWidget()),
            outputs=(out(INT, "INT"),),
        )
    ]
)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"i": 3.7}, {"i": 3}),
        ({"i": "5"}, {"i": 5}),
        ({"i": True}, {"i": 1}),
        ({"i": "five"}, {"i": "five"}),
        ({"i": 2**64 - 1}, {"i": 2**64 - 1}),
        ({"i": float("inf")}, {"i": float("inf")}),
        ({"s": 7}, {"s": "7"}),
        ({"s": None}, {"s": None}),
        ({"gone": 7}, {}),
        ({"gone": Link("2", 0)}, {"gone": Link("2", 0)}),
        ({"i": Link("2", 0)}, {"i": Link("2", 0)}),
    ],
)
def test_literals_are_converted_as_comfyui_does(given: dict[str, Any], taken: dict[str, Any]) -> None:
    node = coerced(Graph({"1": Node("Any", given)}), NUMBERS).nodes["1"]

    assert node.inputs == taken
    assert [type(value) for value in node.inputs.values()] == [type(value) for value in taken.values()]
