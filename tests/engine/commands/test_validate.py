from __future__ import annotations

import json

import pytest

from tests.engine.installation import Installation, use


def test_a_graph_without_problems_is_told_so(main: Installation) -> None:
    done = main("validate", main.graph({"1": use("SaveText", text="hello")}))

    assert (done.code, done.err) == (0, "")
    assert "1 node" in done.out


def test_all_problems_are_told_at_once(main: Installation) -> None:
    wrong = {
        "1": use("Word", times=100),
        "2": use("Joined", a="x"),
        "3": use("SaveText", text=["4", "text"]),
        "5": use("Join", a=["6", "text"]),
        "6": use("Join", a=["5", "text"]),
    }
    done = main("validate", main.graph(wrong))

    assert (done.code, done.out) == (2, "")
    problems = [line.partition(":")[0] for line in done.err.splitlines() if not line.startswith("  ")]
    assert problems == ["OutOfRange", "UnknownNode", "DanglingLink", "Cycle"]


def test_json_tells_problems_with_their_hints(main: Installation) -> None:
    done = main("validate", main.graph({"1": use("SaveTexts", text="a")}), "--json")
    (problem,) = done.events

    assert done.code == 2
    assert (problem["type"], problem["node"], problem["closest"]) == ("UnknownNode", "1", ["SaveText"])
    assert problem["hint"] == "Did you mean SaveText?"


def test_json_of_a_good_graph_is_empty(main: Installation) -> None:
    done = main("validate", main.graph({"1": use("SaveText", text="hello")}), "--json")

    assert (done.code, done.out) == (0, "")


@pytest.mark.parametrize(
    "arguments", [("validate",), ("validate", "a", "b"), ("walk",), ("run", "x", "--device", "tpu")]
)
def test_bad_usage_leaves_with_2(main: Installation, arguments: tuple[str, ...]) -> None:
    done = main(*arguments)

    assert done.code == 2
    assert "Traceback" not in done.err


def test_help_leaves_with_0(main: Installation) -> None:
    assert main("--help").code == 0


def test_nodes_lists_and_describes(main: Installation) -> None:
    listed = main("nodes")
    described = main("nodes", "Word")

    assert "SaveText" in listed.out
    assert "The word." in described.out
    assert main("nodes", "Wrod").code == 2
    assert "Did you mean Word?" in main("nodes", "Wrod").err


def test_nodes_as_json_hold_all_that_is_known(main: Installation) -> None:
    (spec,) = json.loads(main("nodes", "Word", "--json").out)

    assert (spec["id"], [port["name"] for port in spec["inputs"]]) == ("Word", ["text", "times"])


def test_a_broken_pack_is_named_and_the_others_go_on(main: Installation) -> None:
    pack = main.folder / "custom_nodes" / "broken.py"
    pack.parent.mkdir(exist_ok=True)
    pack.write_text("1 / 0")
    try:
        done = main("nodes")
    finally:
        pack.unlink()

    assert done.code == 0
    assert "broken" in done.err
    assert "ZeroDivisionError" in done.err
    assert "SaveText" in done.out
