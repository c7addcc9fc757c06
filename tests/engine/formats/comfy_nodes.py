"""A few nodes as a pack of ComfyUI's old kind declares them, with all that its workflow files depend on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.formats.comfy_workflow import graph_of
from engine.graph.graph import Graph, InputValue
from engine.graph.registry import Registry, registry_of
from engine.graph.spec import (
    ChoiceWidget,
    InputSpec,
    Literal_,
    NodeSpec,
    NumberWidget,
    OutputSpec,
    TextWidget,
    ToggleWidget,
    Widget,
)
from engine.graph.types import Named

INT, FLOAT, STR, BOOL = Named("int"), Named("float"), Named("str"), Named("bool")

FILES = Path(__file__).parent / "files"


def workflow(name: str) -> dict[str, Any]:
    """One of the workflow files."""
    found: dict[str, Any] = json.loads((FILES / f"{name}.json").read_text("utf-8"))
    return found


def socket(name: str, type: str, *, required: bool = True) -> InputSpec:
    """An input without a widget."""
    return InputSpec(name, Named(type), required)


def widget(name: str, default: Literal_, *, required: bool = True, **options: Literal_) -> InputSpec:
    """An input whose widget goes with its default."""
    kinds: Mapping[type, tuple[Named, Widget]] = {
        int: (INT, NumberWidget(True)),
        float: (FLOAT, NumberWidget(False)),
        str: (STR, TextWidget()),
        bool: (BOOL, ToggleWidget()),
    }
    type, made = kinds[default.__class__]
    return InputSpec(name, type, required, default, made, options=options)


def choice(name: str, *names: str, required: bool = True, **options: Literal_) -> InputSpec:
    """An input with a list of choices."""
    return InputSpec(name, STR, required, None, ChoiceWidget(names), options=options)


def kind(id: str, *inputs: InputSpec, outputs: str = "", effect: bool = False) -> NodeSpec:
    """A node; its outputs are called as their types."""
    return NodeSpec(
        id=id,
        title=f"{id} node",
        category="toys",
        help="",
        version=1,
        inputs=inputs,
        outputs=tuple(OutputSpec(name, Named(name)) for name in outputs.split()),
        module="toys",
        function=id,
        pack="toys",
        effect=effect,
        style="v1",
    )


NODES: Registry = registry_of(
    [
        kind("CheckpointLoaderSimple", choice("ckpt_name", "a.ckpt", "b.ckpt"), outputs="MODEL CLIP VAE"),
        kind("CLIPTextEncode", widget("text", ""), socket("clip", "CLIP"), outputs="CONDITIONING"),
        kind(
            "EmptyLatentImage",
            widget("width", 512),
            widget("height", 512),
            widget("batch_size", 1),
            outputs="LATENT",
        ),
        kind(
            "KSampler",
            socket("model", "MODEL"),
            widget("seed", 0, control_after_generate=True),
            widget("steps", 20),
            widget("cfg", 8.0),
            choice("sampler_name", "euler", "heun"),
            choice("scheduler", "normal", "karras"),
            socket("positive", "CONDITIONING"),
            socket("negative", "CONDITIONING"),
            socket("latent_image", "LATENT"),
            widget("denoise", 1.0),
            outputs="LATENT",
        ),
        kind("VAEDecode", socket("samples", "LATENT"), socket("vae", "VAE"), outputs="IMAGE"),
        kind("SaveImage", socket("images", "IMAGE"), widget("filename_prefix", "ComfyUI"), effect=True),
        kind("LoadImage", choice("image", "x.png", image_upload=True), outputs="IMAGE MASK"),
        kind(
            "Blend",
            socket("one", "IMAGE"),
            socket("other", "IMAGE", required=False),
            widget("share", 0.5),
            widget("on", True, required=False),
            outputs="IMAGE MASK",
        ),
        kind("Forced", widget("n", 1, forceInput=True), widget("text", ""), outputs="INT"),
        kind("Roll", widget("seed", 0), widget("flip", False), outputs="INT"),
        kind(
            "Cycle", choice("which", "a", "b", control_after_generate=True), widget("text", ""), outputs="INT"
        ),
        kind("Hidden", widget("shown", 1), widget("note", "", serialize=False), outputs="INT"),
    ]
)


def read(document: object, registry: Registry = NODES) -> Graph:
    """The graph of a workflow in which nothing is wrong."""
    graph, problems = graph_of(document, registry)
    assert problems == []
    return graph


def inputs(graph: Graph) -> Mapping[str, Mapping[str, InputValue]]:
    """The inputs of all nodes."""
    return {id: node.inputs for id, node in graph.nodes.items()}


def node(id: int, type: str, values: object = None, **more: object) -> dict[str, object]:
    """A node of a workflow file."""
    return {"id": id, "type": type, "widgets_values": values, **more}


def sheet(*nodes: Mapping[str, object], links: tuple[object, ...] = (), **more: object) -> dict[str, object]:
    """A workflow file of these nodes."""
    return {"nodes": list(nodes), "links": list(links), "version": 0.4, **more}
