"""ComfyUI's types as port types: `IMAGE`, `INT`, `A,B`, `*`, lists of choices, and texts that equal everything."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.types import Anything, Named, OneOf, PortType

PRIMITIVE: Mapping[str, str] = {"INT": "int", "FLOAT": "float", "STRING": "str", "BOOLEAN": "bool"}
CHOICE = Named("COMBO", ("str",))
NO_TYPE = "a type that nobody has"


def taken(type: object) -> PortType:
    """The type of an input. A union takes what one of its members takes."""
    names = _names(type)
    if names is None:
        return CHOICE
    if "*" in names:
        return Anything()
    members = tuple(_named(name) for name in names)
    return members[0] if len(members) == 1 else OneOf(members)


def given(type: object) -> PortType:
    """The type of an output. ComfyUI lets a union flow wherever one of its members may: it counts as each."""
    names = _names(type)
    if names is None:
        return CHOICE
    if "*" in names:
        return Anything()
    if len(names) == 1:
        return _named(names[0])
    return Named(",".join(names), tuple(_named(name).name for name in names))


def comfy_name(name: str) -> str:
    """What ComfyUI calls one of our types."""
    return next((theirs for theirs, ours in PRIMITIVE.items() if ours == name), name)


def _named(name: str) -> Named:
    return CHOICE if name == "COMBO" else Named(PRIMITIVE.get(name, name))


def _names(type: object) -> list[str] | None:
    """The members of a type, None for a list of choices. A text that is unequal to nothing stands for any type."""
    if isinstance(type, str):
        if not type != NO_TYPE:  # noqa: SIM202  (packs overload `!=`, and that is what ComfyUI asks)
            return ["*"]
        return [part.strip() for part in str.__str__(type).split(",") if part.strip()] or ["*"]
    return None
