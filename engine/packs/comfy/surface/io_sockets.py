"""Inputs and outputs as V3 nodes declare them: `io.Int.Input("steps", default=20)`, `io.Image.Output()`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum
from typing import Any

ANY = "*"


class NumberDisplay(StrEnum):
    """How a client shows a number."""

    number = "number"
    slider = "slider"
    color = "color"


class ControlAfterGenerate(StrEnum):
    """What becomes of a seed after a run."""

    fixed = "fixed"
    increment = "increment"
    decrement = "decrement"
    randomize = "randomize"


class UploadType(StrEnum):
    """What a button next to a choice uploads."""

    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class FolderType(StrEnum):
    """Where an upload goes."""

    input = "input"
    output = "output"
    temp = "temp"


class RemoteOptions:
    """Where a client gets the choices from."""

    def __init__(
        self,
        route: str,
        refresh_button: bool = False,
        control_after_refresh: str = "first",
        timeout: int | None = None,
        max_retries: int | None = None,
        refresh: int | None = None,
    ) -> None:
        self.options = {
            "route": route,
            "refresh_button": refresh_button,
            "control_after_refresh": control_after_refresh,
            "timeout": timeout,
            "max_retries": max_retries,
            "refresh": refresh,
        }

    def as_dict(self) -> dict[str, object]:
        """What is set of it."""
        return {key: value for key, value in self.options.items() if value is not None}


class Input:
    """An input. Whatever is not said of it is left out of what clients are told."""

    io_type: Any = ANY
    names: Mapping[str, str] = {
        "force_input": "forceInput",
        "raw_link": "rawLink",
        "dynamic_prompts": "dynamicPrompts",
        "display_mode": "display",
        "widget_type": "widgetType",
    }

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        extra_dict: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.extra_dict = dict(extra_dict or {})
        self.said = options
        for name, value in options.items():
            setattr(self, name, value)

    def get_io_type(self) -> Any:
        """The type."""
        return self.io_type

    def get_all(self) -> list[Input]:
        """This input; ComfyUI has inputs that stand for several."""
        return [self]

    def as_dict(self) -> dict[str, Any]:
        """The options as a V1 node writes them."""
        told = {"display_name": self.display_name, "tooltip": self.tooltip, "lazy": self.lazy, **self.said}
        named = {
            self.names.get(name, name): _plain(value) for name, value in told.items() if value is not None
        }
        return {**named, **self.extra_dict}

    def validate(self) -> None:
        """Raise where the declaration makes no sense."""


class WidgetInput(Input):
    """An input that a client shows a widget for. The values of a choice stand where ComfyUI has them."""

    order: Sequence[str] = ("default",)

    def __init__(self, id: str, *plain: Any, **options: Any) -> None:
        names = ("display_name", "optional", "tooltip", "lazy", *self.order)
        super().__init__(id, **dict(zip(names, plain, strict=False)), **options)


class IntInput(WidgetInput):
    """A whole number."""

    io_type = "INT"
    order = (
        "default",
        "min",
        "max",
        "step",
        "control_after_generate",
        "display_mode",
        "socketless",
        "force_input",
    )


class FloatInput(WidgetInput):
    """A real number."""

    io_type = "FLOAT"
    order = ("default", "min", "max", "step", "round", "display_mode", "socketless", "force_input")


class StringInput(WidgetInput):
    """A text."""

    io_type = "STRING"
    order = ("multiline", "placeholder", "default", "dynamic_prompts", "socketless", "force_input")


class BooleanInput(WidgetInput):
    """Yes or no."""

    io_type = "BOOLEAN"
    order = ("default", "label_on", "label_off", "socketless", "force_input")


class ComboInput(WidgetInput):
    """One of several."""

    io_type = "COMBO"

    def __init__(self, id: str, options: Any = None, *plain: Any, **said: Any) -> None:
        super().__init__(id, *plain, **said)
        is_enum = isinstance(options, type) and issubclass(options, Enum)
        self.options = [member.value for member in options] if is_enum else options

    def as_dict(self) -> dict[str, Any]:
        """The options, with the choices."""
        told = super().as_dict()
        upload = told.pop("upload", None)
        remote = getattr(self, "remote", None)
        told |= {str(upload): True} if upload else {}
        told |= {"remote": remote.as_dict()} if remote is not None else {}
        return {"options": self.options, **told} if self.options is not None else told


class MultiComboInput(ComboInput):
    """Some of several."""

    def as_dict(self) -> dict[str, Any]:
        """The options, marked as such."""
        told = super().as_dict()
        shown = {key: told.pop(key) for key in ("placeholder", "chip") if key in told}
        return {**told, "multi_select": shown or True}


class MultiTypeInput(Input):
    """An input that takes several types, with the widget of one of them if that is given instead of a name."""

    def __init__(self, id: Any, types: Sequence[Any] = (), *plain: Any, **options: Any) -> None:
        names = ("display_name", "optional", "tooltip", "lazy", "extra_dict")
        said = {**dict(zip(names, plain, strict=False)), **options}
        self.inner: Input | None = id if isinstance(id, Input) else None
        super().__init__(id.id if isinstance(id, Input) else id, **said)
        if self.inner is not None:
            self.optional = self.optional or self.inner.optional
        own = [self.inner.io_type] if self.inner is not None else []
        names_of = [str(getattr(each, "io_type", each)) for each in types]
        self.io_type = ",".join(dict.fromkeys([*own, *names_of]))

    def as_dict(self) -> dict[str, Any]:
        """The options, with those of the widget."""
        return {**(self.inner.as_dict() if self.inner is not None else {}), **super().as_dict()}


class Output:
    """An output."""

    io_type: Any = ANY

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
        **options: Any,
    ) -> None:
        self.id = id
        self.display_name = display_name or id
        self.tooltip = tooltip
        self.is_output_list = is_output_list
        self.said = options

    def get_io_type(self) -> Any:
        """The type."""
        return self.io_type


class ComboOutput(Output):
    """One of several."""

    io_type = "COMBO"

    def __init__(
        self, id: str | None = None, display_name: str | None = None, options: Any = None, **said: Any
    ) -> None:
        super().__init__(id, display_name, **said)
        self.options = list(options or ())


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value
