"""The requests that a real ComfyUI was sent, with its answers, and the nodes that it had then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.graph.registry import Registry, registry_of
from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    NodeSpec,
    NumberWidget,
    OutputSpec,
    SeedWidget,
    TextWidget,
)
from engine.graph.types import Anything, Named, PortType

INT, FLOAT, STR, IMAGE = Named("int"), Named("float"), Named("str"), Named("IMAGE")


def spec(id: str, *inputs: InputSpec, outputs: tuple[OutputSpec, ...] = (), **more: Any) -> NodeSpec:
    """A node of a pack of ComfyUI's old kind."""
    told = {"title": id, "category": "probe", "help": "", "pack": "probe_pack", "style": "v1", **more}
    return NodeSpec(id=id, version=1, inputs=inputs, outputs=outputs, module="probe", function=id, **told)


def out(type: PortType, name: str) -> OutputSpec:
    return OutputSpec(name, type)


def whole(name: str, default: int, low: int, high: int) -> InputSpec:
    return InputSpec(name, INT, True, default, NumberWidget(True, low, high))


ANYTHING = InputSpec("x", Anything(), True)

NODES: Registry = registry_of(
    [
        spec("PValue", whole("value", 1, 0, 10), outputs=(out(INT, "INT"),)),
        spec("PShow", ANYTHING, outputs=(out(Anything(), "*"),), effect=True, hidden=(("uid", "UNIQUE_ID"),)),
        spec("PPair", InputSpec("a", INT, True), whole("b", 1, 0, 10), outputs=(out(INT, "INT"),)),
        spec("PStarIn", ANYTHING, effect=True),
        spec("PStarOut", outputs=(out(Anything(), "*"),)),
        spec("PValidate", whole("a", 1, 0, 100), InputSpec("b", STR, True, widget=TextWidget()), effect=True),
        spec(
            "PHidden",
            InputSpec("seed", INT, True, 0, SeedWidget()),
            InputSpec("opts", STR, True, "two", ChoiceWidget(("one", "two"))),
            InputSpec("extra", FLOAT, False, 0.5, NumberWidget(False)),
            outputs=(OutputSpec("outp", INT, help="tip"),),
            title="Probe Hidden",
            help="desc",
            effect=True,
            experimental=True,
            hidden=(
                ("uid", "UNIQUE_ID"),
                ("prompt", "PROMPT"),
                ("png", "EXTRA_PNGINFO"),
                ("dyn", "DYNPROMPT"),
            ),
        ),
        spec(
            "KSamplerSelect",
            InputSpec("sampler_name", STR, True, widget=ChoiceWidget(tuple(f"s{i}" for i in range(42)))),
            outputs=(out(Named("SAMPLER"), "SAMPLER"),),
        ),
        spec(
            "SaveImage",
            InputSpec("images", IMAGE, True, options={"tooltip": "a tip"}),
            InputSpec("filename_prefix", STR, True, "ComfyUI", TextWidget()),
            effect=True,
        ),
        spec("PreviewImage", InputSpec("images", IMAGE, True), effect=True),
        spec(
            "LoadImage",
            InputSpec("image", STR, True, widget=FileWidget("input")),
            outputs=(out(IMAGE, "IMAGE"), out(Named("MASK"), "MASK")),
        ),
        spec(
            "V3Combo",
            InputSpec("c", STR, True, widget=ChoiceWidget(("p", "q"))),
            style="v3",
            effect=True,
        ),
    ]
)

FOLDER = Path(__file__).parent / "files"


def recorded(name: str) -> dict[str, Any]:
    """The requests and answers of a recording."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found
