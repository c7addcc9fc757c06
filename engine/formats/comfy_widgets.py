"""The widgets of a node in a workflow file: which value of the list belongs to which input.

Files hold values by position, in the order of the node's widgets, with the values of a few buttons between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.formats.comfy_types import input_type, sections
from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    Literal_,
    NodeSpec,
    NumberWidget,
    SeedWidget,
    TextWidget,
    ToggleWidget,
)

Part: TypeAlias = Literal["value", "control", "filter", "upload"]

SEEDS = frozenset({"seed", "noise_seed"})
CONTROLS = frozenset({"fixed", "increment", "decrement", "randomize", "increment-wrap", "decrement-wrap"})
UPLOADS = ("image_upload", "video_upload", "animated_image_upload")
UPLOADED = frozenset({"image", "video", ""})

# What ComfyUI's editor makes a widget of, beside what `spec.widget` says.
WIDGET_TYPES = frozenset(
    {
        *("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "MARKDOWN", "COLOR", "TEXTAREA", "CHART", "GALLERIA"),
        *("IMAGEUPLOAD", "FILEUPLOAD", "IMAGECOMPARE", "TREESELECT", "MULTISELECT", "SELECTBUTTON", "WEBCAM"),
        *("AUDIO_UI", "AUDIOUPLOAD", "AUDIO_RECORD", "LOAD_3D", "LOAD_3D_ANIMATION"),
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in a list of widget values: the value of an input, or what stands behind it for one of its buttons.

    `forced`: an input that has no widget, but had a value in files before 1.16. `sent`: it is part of a prompt.
    """

    name: str
    part: Part = "value"
    forced: bool = False
    sent: bool = True


Layout: TypeAlias = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """Widget values by their inputs' names, where in the file each stands, and what is to happen to seeds."""

    by_name: Mapping[str, object] = field(default_factory=dict)
    places: Mapping[str, int | str] = field(default_factory=dict)
    controls: Mapping[str, str] = field(default_factory=dict)


def layout_of(spec: NodeSpec) -> Layout:
    """The places of a node's widget values: those of its required inputs, a button for uploads, the optional ones."""
    required, optional = sections(spec)
    upload = [Entry("upload", "upload") for input in required if _has_upload(input, spec)][:1]
    return tuple(
        [
            *(entry for input in required for entry in _entries(input, spec)),
            *upload,
            *(entry for input in optional for entry in _entries(input, spec)),
        ]
    )


def named_values(values: object, layout: Layout) -> Values:
    """A node's widget values by name. What is missing is left out, and what is too much is not looked at."""
    if isinstance(values, Mapping):
        names = [entry.name for entry in layout if entry.part == "value" and entry.name in values]
        return Values({name: values[name] for name in names}, {name: name for name in names})
    if not isinstance(values, list | tuple):
        return Values()
    today = tuple(entry for entry in layout if not entry.forced)
    old = len(values) == len(layout) != len(today)
    by_name: dict[str, object] = {}
    places: dict[str, int | str] = {}
    controls: dict[str, str] = {}
    for index, entry in _placed(values, layout if old else today):
        if entry.part == "control":
            controls[entry.name] = _control(values[index])
        elif entry.part == "value" and not entry.forced:
            by_name[entry.name] = values[index]
            places[entry.name] = index
    return Values(by_name, places, controls)


def default_of(input: InputSpec) -> Literal_:
    """What a widget shows before anybody has touched it, or None for an input that has nothing of its own."""
    if input.default is not None:
        return input.default
    match input.widget if input.required else None:
        case ChoiceWidget(options) if options:
            return options[0]
        case ToggleWidget():
            return False
        case TextWidget():
            return ""
        case NumberWidget(whole, minimum):
            return minimum if minimum is not None else 0 if whole else 0.0
        case SeedWidget():
            return 0
    return None


def is_widget(input: InputSpec, spec: NodeSpec) -> bool:
    """Whether ComfyUI's editor shows a widget for the input."""
    return any(entry.part == "value" and not entry.forced for entry in _entries(input, spec))


def _entries(input: InputSpec, spec: NodeSpec) -> list[Entry]:
    kind = str(input.options.get("widgetType") or input_type(input, spec))
    shown = input.widget is not None or (spec.style != "weft" and kind in WIDGET_TYPES)
    if not shown:
        return []
    forced = bool(input.options.get("forceInput"))
    entries = [Entry(input.name, forced=forced, sent=input.options.get("serialize") is not False)]
    choice = isinstance(input.widget, ChoiceWidget | FileWidget) or kind == "COMBO"
    seed = isinstance(input.widget, SeedWidget) or (kind == "INT" and not choice and input.name in SEEDS)
    if seed or input.options.get("control_after_generate"):
        entries.append(Entry(input.name, "control"))
        if choice:
            entries.append(Entry(input.name, "filter"))
    return entries


def _has_upload(input: InputSpec, spec: NodeSpec) -> bool:
    ours = spec.style == "weft" and isinstance(input.widget, FileWidget) and input.widget.folder == "input"
    return ours or any(input.options.get(key) for key in UPLOADS)


def _placed(values: Sequence[object], layout: Layout) -> list[tuple[int, Entry]]:
    """Which value stands for which entry. If there are not as many as there should be, buttons may have none."""
    if len(values) == len(layout):
        return list(enumerate(layout))
    placed: list[tuple[int, Entry]] = []
    index = 0
    for at, entry in enumerate(layout):
        if index >= len(values):
            break
        after = sum(later.part == "value" for later in layout[at + 1 :])
        if entry.part == "value" or _looks_like(entry.part, values[index], len(values) - index - 1 >= after):
            placed.append((index, entry))
            index += 1
    return placed


def _looks_like(part: Part, value: object, room: bool) -> bool:
    """Whether a value may be a button's; `room`: enough values are left for all inputs behind it."""
    match part:
        case "control":
            return (isinstance(value, str) and value in CONTROLS) or (isinstance(value, bool) and room)
        case "filter":
            return isinstance(value, str) and room
        case _:
            return isinstance(value, str) and value in UPLOADED and room


def _control(value: object) -> str:
    match value:
        case bool():  # files of the first years
            return "randomize" if value else "fixed"
        case str():
            return value
    return "fixed"
