"""V3 inputs that stand for others: `io.Autogrow`, `io.DynamicCombo`, `io.DynamicSlot`; and `io.MatchType`."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from engine.packs.comfy.surface.io_sockets import ANY, Input, Output, WidgetInput

MOST = 100  # inputs that one Autogrow may become


def sections(inputs: Sequence[Input]) -> dict[str, dict[str, tuple[Any, dict[str, Any]]]]:
    """Inputs as a V1 node lists them."""
    found: dict[str, dict[str, tuple[Any, dict[str, Any]]]] = {}
    for input in inputs:
        section = found.setdefault("optional" if input.optional else "required", {})
        section[input.id] = (input.get_io_type(), input.as_dict())
    return found


class DynamicInput(Input):
    """An input that stands for others."""

    def inner(self) -> Mapping[str, object]:
        """What clients are told of these."""
        return {}

    def as_dict(self) -> dict[str, Any]:
        """The options, with the inputs that it stands for."""
        return {**super().as_dict(), **self.inner()}


class Template:
    """What the inputs of an Autogrow are like."""

    def __init__(self, input: Input, names: Sequence[str], min: int = 1) -> None:
        if isinstance(input, DynamicInput):
            raise ValueError("the input of a template may not stand for others itself.")
        self.input = copy.copy(input)
        if isinstance(input, WidgetInput):  # there is no room for that many widgets
            self.input.said = {**input.said, "force_input": True}
        self.names = [str(name) for name in names][:MOST]
        self.min = min

    def as_dict(self) -> dict[str, Any]:
        """The template as clients know it."""
        return {"input": sections([self.input]), "names": self.names, "min": self.min}


class TemplateNames(Template):
    """Inputs of these names."""


class TemplatePrefix(Template):
    """Inputs of a name and a number: `image0`, `image1`."""

    def __init__(self, input: Input, prefix: str, min: int = 1, max: int = 10) -> None:
        if not 0 <= min <= max <= MOST or max < 1:
            raise ValueError(f"an Autogrow has 0 to {MOST} inputs, the least first, but not {min} to {max}.")
        super().__init__(input, [f"{prefix}{index}" for index in range(max)], min)
        self.prefix, self.max = prefix, max

    def as_dict(self) -> dict[str, Any]:
        """The template as clients know it."""
        return {"input": sections([self.input]), "prefix": self.prefix, "min": self.min, "max": self.max}


class AutogrowInput(DynamicInput):
    """As many inputs as are connected, given to the node as a dictionary."""

    io_type = "COMFY_AUTOGROW_V3"

    def __init__(self, id: str, template: Template, *plain: Any, **options: Any) -> None:
        names = ("display_name", "optional", "tooltip", "lazy", "extra_dict")
        super().__init__(id, **dict(zip(names, plain, strict=False)), **options)
        self.template = template

    def inner(self) -> Mapping[str, object]:
        """What clients are told of these."""
        return {"template": self.template.as_dict()}


class Option:
    """A choice of a DynamicCombo, with the inputs that come with it."""

    def __init__(self, key: str, inputs: Sequence[Input]) -> None:
        self.key = key
        self.inputs = list(inputs)

    def as_dict(self) -> dict[str, Any]:
        """The choice as clients know it."""
        return {"key": self.key, "inputs": sections(self.inputs)}


class DynamicComboInput(DynamicInput):
    """A choice that brings inputs of its own."""

    io_type = "COMFY_DYNAMICCOMBO_V3"

    def __init__(self, id: str, options: Sequence[Option], *plain: Any, **said: Any) -> None:
        names = ("display_name", "optional", "tooltip", "lazy", "extra_dict")
        super().__init__(id, **dict(zip(names, plain, strict=False)), **said)
        self.options = list(options)

    def inner(self) -> Mapping[str, object]:
        """What clients are told of these."""
        return {"options": [option.as_dict() for option in self.options]}


class DynamicSlotInput(DynamicInput):
    """A socket that brings further inputs as soon as it is connected."""

    io_type = "COMFY_DYNAMICSLOT_V3"

    def __init__(self, slot: Input, inputs: Sequence[Input], *plain: Any, **options: Any) -> None:
        if isinstance(slot, DynamicInput):
            raise ValueError("the slot of a DynamicSlot may not stand for others itself.")
        names = ("display_name", "tooltip", "lazy", "extra_dict")
        said = {**dict(zip(names, plain, strict=False)), **options}
        own = {"display_name": slot.display_name, "tooltip": slot.tooltip, "lazy": slot.lazy}
        super().__init__(
            slot.id, optional=True, **{**said, **{k: v for k, v in own.items() if v is not None}}
        )
        self.slot, self.inputs = slot, list(inputs)

    def inner(self) -> Mapping[str, object]:
        """What clients are told of these."""
        forced = {"forceInput": True} if isinstance(self.slot, WidgetInput) else {}
        return {"slotType": str(self.slot.get_io_type()), "inputs": sections(self.inputs), **forced}


class Autogrow:
    """As many inputs as are connected."""

    io_type = "COMFY_AUTOGROW_V3"
    Type = dict[str, Any]
    Input = AutogrowInput
    TemplatePrefix = TemplatePrefix
    TemplateNames = TemplateNames


class DynamicCombo:
    """A choice that brings inputs of its own."""

    io_type = "COMFY_DYNAMICCOMBO_V3"
    Type = dict[str, Any]
    Input = DynamicComboInput
    Option = Option


class DynamicSlot:
    """A socket that brings further inputs."""

    io_type = "COMFY_DYNAMICSLOT_V3"
    Type = dict[str, Any]
    Input = DynamicSlotInput


class MatchTemplate:
    """What all inputs and outputs with the same template have in common: their type, one of these."""

    def __init__(self, template_id: str, allowed_types: Any = None) -> None:
        listed = allowed_types if isinstance(allowed_types, list | tuple) else [allowed_types]
        self.template_id = template_id
        self.allowed = (
            ",".join(str(getattr(each, "io_type", each)) for each in listed if each is not None) or ANY
        )

    def as_dict(self) -> dict[str, Any]:
        """The template as clients know it."""
        return {"template_id": self.template_id, "allowed_types": self.allowed}


class MatchTypeInput(Input):
    """An input of the type that its template turns out to have."""

    io_type = "COMFY_MATCHTYPE_V3"

    def __init__(self, id: str, template: MatchTemplate, *plain: Any, **options: Any) -> None:
        names = ("display_name", "optional", "tooltip", "lazy", "extra_dict")
        super().__init__(id, **dict(zip(names, plain, strict=False)), **options)
        self.template = template

    def as_dict(self) -> dict[str, Any]:
        """The options, with the template."""
        return {**super().as_dict(), "template": self.template.as_dict()}


class MatchTypeOutput(Output):
    """An output of the type that its template turns out to have."""

    io_type = "COMFY_MATCHTYPE_V3"

    def __init__(
        self, template: MatchTemplate, id: str | None = None, display_name: str | None = None, **more: Any
    ) -> None:
        super().__init__(id, display_name or (None if id else "MATCHTYPE"), **more)
        self.template = template


class MatchType:
    """One type for several inputs and outputs."""

    io_type = "COMFY_MATCHTYPE_V3"
    Type = Any
    Template = MatchTemplate
    Input = MatchTypeInput
    Output = MatchTypeOutput
