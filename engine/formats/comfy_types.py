"""What ComfyUI calls a port type, and in which order it has a node's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from engine.graph.spec import Attached, Chosen, InputSpec, NodeSpec, Repeated
from engine.graph.types import Anything, ListOf, Named, OneOf, PortType

Sections: TypeAlias = "tuple[tuple[InputSpec, ...], tuple[InputSpec, ...]]"

NAMES: Mapping[str, str] = {"int": "INT", "float": "FLOAT", "str": "STRING", "bool": "BOOLEAN"}


# What ComfyUI calls inputs that stand for others, and ports of a type that depends on what is linked.
GROWN: Mapping[type[object], str] = {
    Repeated: "COMFY_AUTOGROW_V3",
    Chosen: "COMFY_DYNAMICCOMBO_V3",
    Attached: "COMFY_DYNAMICSLOT_V3",
}
MATCHED = "COMFY_MATCHTYPE_V3"


def comfy_type(type: PortType) -> str:
    """The type as ComfyUI writes it: `INT`, `IMAGE`, `IMAGE,MASK`, `*`. A list is named like its items."""
    match type:
        case Named(name):
            return NAMES.get(name, name)
        case Anything():
            return "*"
        case OneOf(members):
            return ",".join(dict.fromkeys(comfy_type(member) for member in members))
        case ListOf(item):
            return comfy_type(item)


def port_type(text: str) -> PortType:
    """The type that ComfyUI writes so."""
    if text in ("*", ""):
        return Anything()
    ours = {theirs: name for name, theirs in NAMES.items()}
    members = tuple(Named(ours.get(name, name)) for name in text.split(","))
    return members[0] if len(members) == 1 else OneOf(members)


def input_type(input: InputSpec, spec: NodeSpec) -> str:
    """The type of an input as its node declares it.

    Of a pack's node, `*` beside other types only says that the node looks at what is linked itself.
    """
    grown = GROWN.get(type(input.grows), MATCHED if input.match else "")
    if grown:
        return grown
    match input.type:
        case OneOf(members) if spec.style != "weft" and Anything() in members and len(members) > 1:
            return comfy_type(OneOf(tuple(member for member in members if member != Anything())))
    return comfy_type(input.type)


def sections(spec: NodeSpec) -> Sections:
    """The node's required and optional inputs, as ComfyUI lists them; its widgets stand in this order.

    Of a node of ours, an input with a widget and a default counts as required, though a prompt may leave it out:
    that is where clients look for `steps` or `sampler_name`.
    """
    required = tuple(input for input in spec.inputs if _listed_as_required(spec, input))
    return required, tuple(input for input in spec.inputs if not _listed_as_required(spec, input))


def _listed_as_required(spec: NodeSpec, input: InputSpec) -> bool:
    ours = spec.style == "weft" and input.widget is not None and input.default is not None
    return input.required or ours
