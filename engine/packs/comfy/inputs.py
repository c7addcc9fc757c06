"""One input of a ComfyUI node: from its type and its dictionary of options to an `InputSpec`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    Literal_,
    NumberWidget,
    TextWidget,
    ToggleWidget,
    Widget,
)
from engine.graph.types import Anything, Named, OneOf, PortType
from engine.packs.comfy.file_names import FileNames
from engine.packs.comfy.plain_data import as_plain
from engine.packs.comfy.ports import CHOICE, taken

UPLOADS = ("image_upload", "video_upload", "animated_image_upload", "audio_upload", "file_upload")
LIVE_FOLDERS = ("input",)  # of `image_folder`, what clients can be told the files of


@dataclass(frozen=True, slots=True)
class Declared:
    """An input as its node declares it.

    `choices` are the options of a combo. `checked`: the node's own check looks at the value; `checks_types`: at the
    type of what is linked, too.
    """

    name: str
    type: object
    options: Mapping[str, Any] = field(default_factory=dict)
    required: bool = True
    in_list: bool = False
    checked: bool = False
    checks_types: bool = False
    may_be_lazy: bool = True


def input_spec(declared: Declared) -> InputSpec:
    """The spec of an input."""
    options = {str(key): value for key, value in declared.options.items()}
    choices = _choices(declared.type, options)
    type, widget = _primitive(declared.type, options) if choices is None else _choice(choices, options)
    default = as_plain(options.get("default"))
    return InputSpec(
        name=declared.name,
        type=OneOf((type, Anything())) if declared.checks_types and type != Anything() else type,
        required=declared.required,
        default=default,
        widget=widget,
        help=options["tooltip"] if isinstance(options.get("tooltip"), str) else "",
        lazy=bool(options.get("lazy")),
        takes_list=declared.in_list,
        raw_link=bool(options.get("rawLink")),
        options=_untold(options, declared.type, widget, default),
        free=declared.checked,
    )


def _choices(type: object, options: Mapping[str, Any]) -> list[object] | FileNames | None:
    """What can be chosen from, for a combo that lists it."""
    listed = type if isinstance(type, list | tuple) else options.get("options") if type == "COMBO" else None
    if isinstance(listed, FileNames):
        return listed
    if isinstance(listed, Mapping):
        return list(listed)
    return list(listed) if isinstance(listed, list | tuple | set | range) else None


def _choice(choices: list[object] | FileNames, options: Mapping[str, Any]) -> tuple[PortType, Widget | None]:
    if options.get("multi_select"):
        return CHOICE, None
    if (
        any(options.get(upload) for upload in UPLOADS)
        and options.get("image_folder", "input") in LIVE_FOLDERS
    ):
        return Named("str"), FileWidget("input")
    if isinstance(choices, FileNames) and choices.folder is not None:
        return Named("str"), FileWidget(choices.folder)
    plain = tuple(as_plain(choice) for choice in choices)
    kinds = {choice.__class__ for choice in plain}
    whole = kinds == {int}
    type = Named("int") if whole else Named("str") if kinds <= {str} else Anything()
    return type, ChoiceWidget(plain)  # type: ignore[arg-type]  # packs list other things than texts, too


def _primitive(type: object, options: Mapping[str, Any]) -> tuple[PortType, Widget | None]:
    port = taken(type)
    match port:
        case Named("int" | "float" as name):
            low, high, step = (_number(options.get(key)) for key in ("min", "max", "step"))
            return port, NumberWidget(name == "int", low, high, step)
        case Named("str"):
            return port, TextWidget(multiline=options.get("multiline") is True)
        case Named("bool"):
            return port, ToggleWidget()
        case Named("COMBO"):  # its choices come from elsewhere, or are several at once
            return port, None if options.get("multi_select") else TextWidget()
    return port, None


def _number(value: object) -> float | None:
    plain = as_plain(value)
    return plain if isinstance(plain, int | float) and not isinstance(plain, bool) else None


def _untold(
    options: Mapping[str, Any], type: object, widget: Widget | None, default: Literal_
) -> Mapping[str, Literal_]:
    """The options that no field of the spec holds."""
    told: dict[str, object] = {"lazy": True, "rawLink": True}
    if default is not None:
        told["default"] = default
    if isinstance(options.get("tooltip"), str) and options["tooltip"]:
        told["tooltip"] = options["tooltip"]
    match widget:
        case NumberWidget(_, low, high, step):
            told |= {
                key: value
                for key, value in (("min", low), ("max", high), ("step", step))
                if value is not None
            }
        case TextWidget(True):
            told["multiline"] = True
        case FileWidget():
            told["options"] = as_plain(options.get("options"))
    plain = {key: as_plain(value) for key, value in options.items()}
    return {key: value for key, value in plain.items() if key not in told or not _same(told[key], value)}


def _same(one: object, other: object) -> bool:
    return one.__class__ is other.__class__ and one == other
