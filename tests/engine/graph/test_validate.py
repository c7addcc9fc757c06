import pickle
from dataclasses import dataclass
from typing import Annotated

import pytest

from engine.graph.declare import node
from engine.graph.declared import spec_of
from engine.graph.edit import with_input
from engine.graph.graph import Graph, Link, Node
from engine.graph.hints import ModelFile
from engine.graph.problems import (
    Cycle,
    DanglingLink,
    GraphInvalid,
    MissingFile,
    MissingInput,
    NoOutputs,
    NotAChoice,
    OutOfRange,
    Problem,
    TypeMismatch,
    UnknownInput,
    UnknownNode,
    UnknownOutput,
    WrongType,
)
from engine.graph.registry import registry_of
from engine.graph.validate import validate
from engine.graph.values import OUTER
from tests.engine.graph.toys import GOOD, REGISTRY, graph

PICTURE = Link("frames", "picture")
FRAMES = {"frames": Node("Frames", {})}


@dataclass(frozen=True)
class Case:
    """One node, beside a good `Frames`, and what is wrong with it."""

    name: str
    node: Node
    problems: tuple[Problem, ...] = ()


CASES = [
    Case("good", Node("Save", {"picture": PICTURE})),
    Case("output by index", Node("Save", {"picture": Link("frames", 0)})),
    Case("subclass", Node("Save", {"picture": Link("write", "poster")})),
    Case("anything", Node("Look", {"value": Link("write", "poster")})),
    Case("a literal for anything", Node("Look", {"value": (1, "a")})),
    Case(
        "a link into a widget",
        Node("Frames", {"count": Link("frames", "picture")}),
        (TypeMismatch("n", "count", "int", "frames", "picture", "list of Picture"),),
    ),
    Case("unknown node", Node("Sav", {}), (UnknownNode("n", "Sav", ("Save",)),)),
    Case("unknown node, nothing near", Node("Qqqqq", {}), (UnknownNode("n", "Qqqqq"),)),
    Case(
        "missing input",
        Node("Save", {}),
        (MissingInput("n", "picture", "Picture", ("Decode", "Write", "Halve", "Pick", "Frames")),),
    ),
    Case("missing text", Node("Write", {"picture": PICTURE}), (MissingInput("n", "text", "str"),)),
    Case(
        "unknown input",
        Node("Save", {"picture": PICTURE, "prefx": "a"}),
        (UnknownInput("n", "prefx", "Save", ("prefix",), ("picture", "prefix")),),
    ),
    Case(
        "unknown input with a link",
        Node("Look", {"value": 1, "xyz": PICTURE}),
        (UnknownInput("n", "xyz", "Look", (), ("value",)),),
    ),
    Case(
        "wrong type",
        Node("Save", {"picture": PICTURE, "prefix": 3}),
        (WrongType("n", "prefix", "a text", 3),),
    ),
    Case(
        "a literal where a link is needed",
        Node("Save", {"picture": "x.png"}),
        (WrongType("n", "picture", "connected to an output that gives Picture", "x.png"),),
    ),
    Case(
        "type mismatch",
        Node("Decode", {"samples": PICTURE, "model": Link("model", "model")}),
        (TypeMismatch("n", "samples", "Latent", "frames", "picture", "list of Picture", ("Encode",)),),
    ),
    Case(
        "out of range",
        Node("Start", {"model": Link("model", "model"), "width": 99, "seed": -1}),
        (OutOfRange("n", "width", 99, 8, 64), OutOfRange("n", "seed", -1, 0, 2**64 - 1)),
    ),
    Case(
        "not a choice",
        Node("Write", {"picture": PICTURE, "text": "", "font": "sand"}),
        (NotAChoice("n", "font", "sand", ("serif", "sans"), ("sans",)),),
    ),
    Case(
        "missing file",
        Node("Load", {"name": "smal"}),
        (MissingFile("n", "name", "checkpoints", "smal", ("small",), ("big", "small")),),
    ),
    Case(
        "dangling link", Node("Save", {"picture": Link("gone", 0)}), (DanglingLink("n", "picture", "gone"),)
    ),
    Case(
        "unknown output",
        Node("Save", {"picture": Link("frames", "images")}),
        (UnknownOutput("n", "picture", "frames", "images", ("picture",)),),
    ),
    Case(
        "unknown output by index",
        Node("Save", {"picture": Link("frames", -1)}),
        (UnknownOutput("n", "picture", "frames", -1, ("picture",)),),
    ),
    Case(
        "links of an unknown node",
        Node("Qqqqq", {"x": Link("gone", 0)}),
        (
            UnknownNode("n", "Qqqqq"),
            DanglingLink("n", "x", "gone"),
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_with_a_node_is_found(case: Case) -> None:
    others = graph(
        frames=("Frames", {}),
        model=("Load", {"name": "small"}),
        write=("Write", {"picture": PICTURE, "text": "hi"}),
        end=("Save", {"picture": PICTURE}),
    )

    found = validate(Graph({**others.nodes, "n": case.node}), REGISTRY, {"checkpoints": ["small", "big"]})

    assert tuple(found) == case.problems


def test_a_good_graph_has_no_problems() -> None:
    assert validate(GOOD, REGISTRY) == []


def test_all_problems_are_reported_at_once() -> None:
    bad = with_input(with_input(GOOD, "start", "seed", "x"), "decode", "samples", Link("load", "model"))

    assert [type(problem) for problem in validate(bad, REGISTRY)] == [WrongType, TypeMismatch]


def test_an_input_file_may_carry_the_mark_of_its_folder() -> None:
    @node("Open")
    def open_picture(name: Annotated[str, ModelFile("input")]) -> None:
        """Open a picture."""

    registry = registry_of([spec_of(open_picture)])

    def problems(name: str) -> list[Problem]:
        return validate(graph(n=("Open", {"name": name})), registry, {"input": ["a.png"]})

    assert problems("a.png") == problems("a.png [input]") == problems("made.png [output]") == []
    assert [type(problem) for problem in problems("b.png [input]")] == [MissingFile]


def test_files_of_folders_that_nobody_listed_go_unchecked() -> None:
    assert validate(GOOD, REGISTRY, {"vae": []}) == []
    assert [type(problem) for problem in validate(GOOD, REGISTRY, {"checkpoints": []})] == [MissingFile]


def test_a_graph_without_effect_has_nothing_to_run() -> None:
    frames = Graph(FRAMES)

    assert validate(frames, REGISTRY) == [NoOutputs()]
    assert validate(Graph(), REGISTRY) == [NoOutputs()]


def test_a_graph_may_be_run_for_a_value() -> None:
    frames = Graph(FRAMES)

    assert validate(frames, REGISTRY, wanted=[PICTURE]) == []
    assert validate(frames, REGISTRY, wanted=[Link("gone", 0), Link("frames", "x")]) == [
        DanglingLink(None, None, "gone"),
        UnknownOutput(None, None, "frames", "x", ("picture",)),
    ]


def test_a_cycle_is_reported_with_its_members() -> None:
    ring = graph(
        save=("Save", {"picture": Link("b", "picture")}),
        a=("Pick", {"first": Link("b", "picture")}),
        b=("Pick", {"first": Link("a", 0)}),
    )

    assert validate(ring, REGISTRY) == [Cycle("a", ("a", "b"))]


def test_a_cycle_through_an_unknown_node_is_found() -> None:
    ring = graph(a=("Pick", {"first": Link("b", 0)}), b=("Qqqqq", {"x": Link("a", 0)}))

    assert validate(ring, REGISTRY) == [UnknownNode("b", "Qqqqq"), Cycle("a", ("a", "b"))]


def test_the_order_of_nodes_in_the_file_does_not_matter() -> None:
    assert validate(Graph(dict(reversed(list(GOOD.nodes.items())))), REGISTRY) == []


def test_an_expanded_graph_may_read_the_inputs_of_its_node() -> None:
    inner = graph(decode=("Decode", {"samples": Link(OUTER, "picture"), "model": Link(OUTER, "model")}))
    wanted = [Link("decode", "picture")]

    assert validate(inner, REGISTRY, wanted=wanted, outer=REGISTRY["Encode"]) == [
        TypeMismatch("decode", "samples", "Latent", OUTER, "picture", "Picture", ("Encode",))
    ]
    assert [type(problem) for problem in validate(inner, REGISTRY, wanted=wanted)] == [DanglingLink] * 2


def test_a_very_long_chain_is_checked() -> None:
    nodes = {"0": Node("Frames", {})}
    nodes |= {str(n): Node("Pick", {"first": Link(str(n - 1), 0)}) for n in range(1, 20_000)}
    nodes["end"] = Node("Save", {"picture": Link("19999", 0)})

    assert validate(Graph(nodes), REGISTRY) == []
    assert validate(Graph(dict(reversed(list(nodes.items())))), REGISTRY) == []


def test_a_graph_full_of_mistakes_gets_few_suggestions() -> None:
    nodes = {str(n): Node(f"Sav{n}", {}) for n in range(1000)}

    found = validate(Graph(nodes), REGISTRY)

    assert len(found) == 1000
    assert sum(bool(problem.closest) for problem in found if isinstance(problem, UnknownNode)) <= 20


def test_an_invalid_graph_tells_everything_that_is_wrong() -> None:
    error = GraphInvalid([UnknownNode("7", "Sav", ("Save",)), NoOutputs()])

    assert str(error) == (
        "node 7 is a Sav, which is not installed. Did you mean Save?\n"
        "the graph has no node that saves or shows anything, so there is nothing to run. "
        "Add one at the end, e.g. SaveImage."
    )
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
