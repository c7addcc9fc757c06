"""Kinds of node that live in ComfyUI's browser alone: no server knows them, and none of them runs."""

from __future__ import annotations

from engine.formats.comfy_sheet import SETTER

PRIMITIVE = "PrimitiveNode"
GETTER = "GetNode"
REROUTES = frozenset(
    {"Reroute", "Reroute (rgthree)", SETTER, GETTER}
)  # wireless links hand on what they are given
NOTES = frozenset({"Note", "MarkdownNote"})
SIGNS = frozenset(
    f"{name} (rgthree)"
    for name in (
        "Label",
        "Bookmark",
        "Fast Muter",
        "Fast Bypasser",
        "Fast Groups Muter",
        "Fast Groups Bypasser",
        "Fast Actions Button",
        "Mute / Bypass Relay",
        "Mute / Bypass Repeater",
        "Node Collector",
    )
)
VIRTUAL = frozenset({PRIMITIVE, *REROUTES, *NOTES, *SIGNS})
