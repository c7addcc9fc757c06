"""A node as ComfyUI's `/object_info` tells it, for each of the three kinds of node. Our own facts are under `weft`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from engine.formats.comfy_types import MATCHED, NAMES, comfy_type, input_type, sections
from engine.formats.nodes import thaw
from engine.graph.literals import SEED_MAXIMUM
from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    NodeSpec,
    NumberWidget,
    SeedWidget,
    TextWidget,
    Widget,
)
from engine.graph.types import type_text

Files: TypeAlias = Mapping[str, Sequence[str]]
Info: TypeAlias = dict[str, object]

# ComfyUI's editor takes a number without bounds to lie between 0 and 2048, so ours say how far they go.
FARTHEST = 2**53 - 1
FINE_STEP = 0.01
PICTURES = "input"  # the folder to which a browser can upload


def object_info(spec: NodeSpec, files: Files) -> Info:
    """The entry of a node in `/object_info`, to be read only: most of them are made once for each spec.

    Args:
        spec: The node.
        files: The files of each folder, which are the choices of inputs that name a file.
    """
    names_files = any(isinstance(input.widget, FileWidget) for input in spec.inputs)
    return _entry(spec, files) if names_files else _kept_entry(_ThisSpec(spec))


class _ThisSpec:
    """A spec as the key of a cache. A spec holds mappings, so it has no hash; this one is it alone."""

    __slots__ = ("spec",)

    def __init__(self, spec: NodeSpec) -> None:
        self.spec = spec

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ThisSpec) and other.spec is self.spec

    def __hash__(self) -> int:
        return id(self.spec)


@lru_cache(maxsize=4096)
def _kept_entry(key: _ThisSpec) -> Info:
    return _entry(key.spec, {})


def _entry(spec: NodeSpec, files: Files) -> Info:
    required, optional = sections(spec)
    named = {"required": required, "optional": optional}
    # ComfyUI always has `required`, even where it is empty, and the others only where there is something in them.
    kept = {section: inputs for section, inputs in named.items() if inputs or section == "required"}
    listed: dict[str, Info] = {
        section: {input.name: _listed(input, spec, files) for input in inputs}
        for section, inputs in kept.items()
    }
    if spec.hidden:
        one = spec.style == "v3"
        listed["hidden"] = {name: [kind] if one else kind for name, kind in spec.hidden}
    return {
        "input": listed,
        "input_order": {section: list(inputs) for section, inputs in listed.items()},
        "output": [MATCHED if output.match else comfy_type(output.type) for output in spec.outputs],
        "output_is_list": [output.gives_list for output in spec.outputs],
        "output_name": [output.label or output.name for output in spec.outputs],
        "name": spec.id,
        "display_name": spec.title or None,
        "description": spec.help,
        "python_module": f"custom_nodes.{spec.pack}" if spec.pack else spec.module,
        "category": spec.category,
        "output_node": spec.effect,
        **_told_if_set(spec),
        "weft": _own_facts(spec),
    }


def input_config(input: InputSpec, spec: NodeSpec, files: Files) -> tuple[object, Info]:
    """An input's type and options. The type of a choice is the list of its options, but for V3 nodes."""
    options = {key: thaw(value) for key, value in input.options.items()}
    choices = choices_of(input.widget, files)
    if choices is None:
        return input_type(input, spec), {**_derived(input, spec), **options}
    if spec.style == "v3" or "options" in options:
        return "COMBO", {"options": choices, **_derived(input, spec), **options}
    return choices, {**_derived(input, spec), **options}


def choices_of(widget: Widget | None, files: Files) -> list[object] | None:
    """What can be chosen from, or None for an input that is no choice."""
    match widget:
        case ChoiceWidget(options):
            return list(options)
        case FileWidget(folder):
            return list(files.get(folder, ()))
    return None


def _listed(input: InputSpec, spec: NodeSpec, files: Files) -> list[object]:
    type, options = input_config(input, spec, files)
    bare = spec.style == "v1" and not options
    return [type] if bare else [type, options]


def _derived(input: InputSpec, spec: NodeSpec) -> Info:
    """The options that follow from the spec's own fields. What a pack says itself goes before them."""
    options: Info = {} if input.default is None else {"default": thaw(input.default)}
    match input.widget:
        case NumberWidget(whole, low, high, step):
            bounds = {"min": low, "max": high, "step": step}
            options.update({name: bound for name, bound in bounds.items() if bound is not None})
            if spec.style == "weft":
                options = {**_wide(whole), **options}
        case SeedWidget():
            options |= {"min": 0, "max": SEED_MAXIMUM, "control_after_generate": True}
        case TextWidget(multiline) if multiline:
            options["multiline"] = True
        case FileWidget(folder) if folder == PICTURES and spec.style == "weft":
            options["image_upload"] = True
        case None if spec.style == "weft" and comfy_type(input.type) in NAMES.values():
            options["forceInput"] = True  # a list of numbers: ComfyUI's editor would show a widget for one
    marks = {"lazy": input.lazy, "rawLink": input.raw_link, "tooltip": input.help}
    return {**options, **{key: value for key, value in marks.items() if value}}


def _wide(whole: bool) -> Info:
    if whole:
        return {"default": 0, "min": -FARTHEST, "max": FARTHEST}
    return {
        "default": 0.0,
        "min": float(-FARTHEST),
        "max": float(FARTHEST),
        "step": FINE_STEP,
        "round": False,
    }


def _told_if_set(spec: NodeSpec) -> Info:
    tooltips = [output.help or None for output in spec.outputs]
    if spec.style == "v3":
        flags: Info = {"deprecated": spec.deprecated, "experimental": spec.experimental, "api_node": False}
        if any(output.match for output in spec.outputs):
            flags["output_matchtypes"] = [output.match or None for output in spec.outputs]
        return {"output_tooltips": tooltips, **flags}
    told: Info = {"output_tooltips": tooltips} if any(tooltips) else {}
    flags = {"deprecated": spec.deprecated, "experimental": spec.experimental}
    return {**told, **{name: True for name, is_set in flags.items() if is_set}}


def _own_facts(spec: NodeSpec) -> Info:
    return {
        "style": spec.style,
        "pack": spec.pack,
        "version": spec.version,
        "device": spec.device,
        "pinned": spec.pinned,
        "inputs": {input.name: _own_input(input) for input in spec.inputs},
        "outputs": {output.name: type_text(output.type) for output in spec.outputs},
    }


def _own_input(input: InputSpec) -> Info:
    told: Info = {"type": type_text(input.type), "required": input.required}
    if input.lazy:
        told["lazy"] = True
    if input.takes_list:
        told["takes_list"] = True
    if isinstance(input.widget, FileWidget):
        told["folder"] = input.widget.folder
    return told
