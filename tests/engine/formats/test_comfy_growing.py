"""Workflow files with nodes whose widgets depend on the values of others: which value belongs to which input."""

from dataclasses import replace

from engine.formats.comfy_patch import patched
from engine.graph.graph import InputValue, Link
from engine.graph.registry import registry_of
from engine.graph.spec import Chosen, InputSpec, NodeSpec, Repeated
from tests.engine.formats.comfy_nodes import STR, kind, node, read, sheet, socket, widget


def growing(id: str, *inputs: InputSpec) -> NodeSpec:
    """A node that has more inputs than it declares."""
    return replace(kind(id, *inputs, outputs="INT"), growing=True, open_ended=True, style="v3")


def chosen(name: str, **options: tuple[InputSpec, ...]) -> InputSpec:
    """A choice that brings inputs of its own along."""
    return InputSpec(name, STR, True, grows=Chosen(options))


HOW = chosen("how", exactly=(), nearly=(widget("steps", 4),))
CROP = chosen(
    "crop",
    by_size=(widget("width", 8), widget("ratio", 1.5, required=False)),
    by_name=(widget("name", ""), HOW),
)
NODES = registry_of(
    [
        kind("One", outputs="INT"),
        growing("Crop", widget("n", 1), CROP, widget("last", "")),
        growing(
            "Sum",
            InputSpec("values", STR, True, grows=Repeated(("a", "b", "c"), 1, widget("value", 0))),
            widget("last", ""),
        ),
        growing(
            "Both",
            widget("seed", 0, control_after_generate=True),
            CROP,
            socket("image", "IMAGE", required=False),
        ),
    ]
)


def values_in(type: str, values: list[object], *sockets: str) -> dict[str, InputValue]:
    """The inputs of a node with these values, and a socket for each of these widgets."""
    shown = [{"name": name, "type": "*", "link": None, "widget": {"name": name}} for name in sockets]
    return dict(read(sheet(node(1, type, values, inputs=shown)), NODES).nodes["1"].inputs)


def test_the_values_of_what_is_chosen_stand_behind_the_choice() -> None:
    sized = values_in("Crop", [3, "by_size", 64, "end"])
    named = values_in("Crop", [3, "by_name", "face", "nearly", 9, "end"])

    assert sized == {"n": 3, "crop": "by_size", "crop.width": 64, "last": "end"}
    assert named == {
        "n": 3,
        "crop": "by_name",
        "crop.name": "face",
        "crop.how": "nearly",
        "crop.how.steps": 9,
        "last": "end",
    }


def test_an_optional_value_is_there_if_the_file_shows_its_widget() -> None:
    shown = ("n", "crop", "crop.width", "crop.ratio", "last")

    assert values_in("Crop", [3, "by_size", 64, 2.5, "end"], *shown) == {
        "n": 3,
        "crop": "by_size",
        "crop.width": 64,
        "crop.ratio": 2.5,
        "last": "end",
    }


def test_of_repeated_values_there_are_as_many_as_the_file_shows() -> None:
    assert values_in("Sum", [5, 6, "end"], "values.a", "values.b", "last") == {
        "values.a": 5,
        "values.b": 6,
        "last": "end",
    }


def test_the_button_of_a_seed_stands_between_as_ever() -> None:
    assert values_in("Both", [7, "randomize", "by_size", 64]) == {
        "seed": 7,
        "crop": "by_size",
        "crop.width": 64,
    }


def test_a_link_takes_the_place_of_a_value_and_shifts_none() -> None:
    socket = {"name": "crop.width", "type": "INT", "link": 1, "widget": {"name": "crop.width"}}
    document = sheet(
        node(1, "Crop", [3, "by_size", 64, "end"], inputs=[socket]),
        node(2, "One", outputs=[{"name": "INT", "type": "INT", "links": [1]}]),
        links=([1, 2, 0, 1, 0, "INT"],),
    )

    assert read(document, NODES).nodes["1"].inputs == {
        "n": 3,
        "crop": "by_size",
        "crop.width": Link("2", 0),
        "last": "end",
    }


def test_a_changed_value_is_written_in_its_place() -> None:
    document = sheet(node(1, "Crop", [3, "by_name", "face", "nearly", 9, "end"]))
    graph = read(document, NODES)
    changed = replace(graph.nodes["1"], inputs={**graph.nodes["1"].inputs, "crop.how.steps": 12})

    written = patched(document, replace(graph, nodes={"1": changed}), NODES)

    assert written is not None
    assert written["nodes"][0]["widgets_values"] == [3, "by_name", "face", "nearly", 12, "end"]  # type: ignore[index]
