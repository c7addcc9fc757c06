from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import pytest

from engine.graph.declare import node
from engine.graph.declared import spec_of
from engine.graph.hints import Multiline, Range, Seed
from engine.graph.spec import ChoiceWidget, FileWidget, InputSpec, NodeSpec, NumberWidget, OutputSpec
from engine.graph.types import Anything, Named, OneOf
from engine.graph.values import Lazy
from engine.server.nodes.object_info import object_info
from tests.engine.server.comfy_traffic import FLOAT, IMAGE, INT, NODES, STR, recorded, spec

RECORDED = recorded("object_info")


class Picture:
    __port_name__ = "IMAGE"


class Area:
    __port_name__ = "MASK"


class Both(NamedTuple):
    """A picture and its area.

    Attributes:
        picture: What is seen.
    """

    picture: Picture
    area: Area


@node("Toy", category="toys")
def toy(
    base: Lazy[Picture],
    either: Picture | Area,
    several: list[Picture],
    counts: list[int],
    anything: Any,
    file: Annotated[str, FileWidget("input")],
    model: Annotated[str, FileWidget("checkpoints")],
    steps: Annotated[int, Range(1, 50, step=2)] = 20,
    free: int = 3,
    share: float = 0.5,
    text: Multiline = "",
    on: bool = True,
    mode: Literal["a", "b"] = "b",
    seed: Seed = 0,
    spare: Picture | None = None,
) -> Both:
    """Do everything.

    Args:
        steps: How often.
    """
    return Both(Picture(), Area())


FILES = {"input": ("a.png",), "checkpoints": ("m.safetensors",)}
INFO: Mapping[str, Any] = object_info(spec_of(toy), FILES)


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("base", ["IMAGE", {"lazy": True}]),
        ("either", ["IMAGE,MASK", {}]),
        ("several", ["IMAGE", {}]),
        ("counts", ["INT", {"forceInput": True}]),
        ("anything", ["*", {}]),
        ("file", [["a.png"], {"image_upload": True}]),
        ("model", [["m.safetensors"], {}]),
        ("steps", ["INT", {"default": 20, "min": 1, "max": 50, "step": 2, "tooltip": "How often."}]),
        ("free", ["INT", {"default": 3, "min": 1 - 2**53, "max": 2**53 - 1}]),
        ("text", ["STRING", {"default": "", "multiline": True}]),
        ("on", ["BOOLEAN", {"default": True}]),
        ("mode", [["a", "b"], {"default": "b"}]),
        ("seed", ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}]),
    ],
)
def test_an_input_of_ours_has_comfyuis_shape(name: str, entry: list[object]) -> None:
    assert INFO["input"]["required"][name] == entry


def test_a_real_number_of_ours_keeps_all_its_digits_in_the_editor() -> None:
    kind, options = INFO["input"]["required"]["share"]

    assert (kind, options["default"], options["round"]) == ("FLOAT", 0.5, False)


def test_only_what_may_stay_unconnected_is_optional() -> None:
    assert INFO["input_order"]["optional"] == ["spare"]
    assert INFO["weft"]["inputs"]["steps"] == {"type": "int", "required": False}


def test_outputs_have_their_types_names_and_tips() -> None:
    assert (INFO["output"], INFO["output_name"]) == (["IMAGE", "MASK"], ["picture", "area"])
    assert INFO["output_tooltips"] == ["What is seen.", None]
    assert (INFO["output_node"], INFO["category"]) == (False, "toys")


@pytest.mark.parametrize("name", ["PHidden", "PShow"])
def test_a_v1_node_is_told_as_comfyui_tells_it(name: str) -> None:
    info = object_info(NODES[name], {})
    del info["weft"]

    assert info == RECORDED[name]


def test_a_v3_node_is_told_as_comfyui_tells_it() -> None:
    spec = NodeSpec(
        id="V3Node",
        title="V3 Node",
        category="probe",
        help="d",
        version=1,
        inputs=(
            InputSpec("a", INT, True, 1, NumberWidget(True, 0, 9)),
            InputSpec("c", STR, True, None, ChoiceWidget(("p", "q")), options={"multiselect": False}),
            InputSpec("mt", OneOf((FLOAT, INT, Named("MASK"))), True, 1.0, options={"widgetType": "FLOAT"}),
            InputSpec("img", IMAGE, False),
        ),
        outputs=(OutputSpec("o", INT), OutputSpec("_1_IMAGE_", IMAGE, label="IMAGE")),
        module="probe",
        function="V3Node",
        pack="probe_pack",
        effect=True,
        style="v3",
        hidden=(("unique_id", "UNIQUE_ID"), ("prompt", "PROMPT"), ("extra_pnginfo", "EXTRA_PNGINFO")),
    )
    info = object_info(spec, {})
    del info["weft"]

    assert info == RECORDED["V3Node"]


def test_what_a_pack_says_of_an_input_is_passed_on() -> None:
    odd: Mapping[str, Any] = {"default": 7, "knob": {"colours": ("red",)}, "forceInput": True}
    entry: Any = object_info(spec("Odd", InputSpec("n", INT, True, 5, NumberWidget(True), options=odd)), {})

    assert entry["input"]["required"]["n"] == [
        "INT",
        {"default": 7, "knob": {"colours": ["red"]}, "forceInput": True},
    ]


def test_a_node_that_looks_at_the_types_of_links_keeps_its_type() -> None:
    entry: Any = object_info(spec("Odd", InputSpec("n", OneOf((INT, Anything())), True)), {})

    assert entry["input"]["required"]["n"] == ["INT"]


def test_the_files_to_choose_from_are_those_of_now() -> None:
    def files(info: Any) -> object:
        return info["input"]["required"]["image"][0]

    assert files(object_info(NODES["LoadImage"], {"input": ("a.png",)})) == ["a.png"]
    assert files(object_info(NODES["LoadImage"], {"input": ("b.png",)})) == ["b.png"]
