"""The colours that a person gives to nodes, groups and notes, as ComfyUI's files have them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.spec import Literal_

# What the names of the editor's palette are elsewhere. A name that is not among them is left out: ComfyUI draws what is
# no colour in whatever it has drawn last.
NAMED = {
    "rose": "#a3525f",
    "orange": "#a8623a",
    "amber": "#94742f",
    "lime": "#5f8238",
    "green": "#3f8155",
    "teal": "#2f7f80",
    "sky": "#3f75a8",
    "violet": "#7759a8",
    "slate": "#5c6673",
    "grey": "#666666",
}


def colors_of(meta: Mapping[str, Literal_]) -> dict[str, object]:
    """The colour of a node's title and that behind it, as far as there are any."""
    found: dict[str, object] = {}
    for ours, theirs in (("color", "color"), ("background", "bgcolor")):
        color = meta.get(ours)
        if isinstance(color, str):
            color = NAMED.get(color, color)
            if color.startswith("#"):
                found[theirs] = color
    return found
