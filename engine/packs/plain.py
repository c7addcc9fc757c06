"""Specs as JSON values and back, for the manifest. Each dataclass is a mapping that names its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from engine.graph.spec import (
    Attached,
    ChoiceWidget,
    Chosen,
    FileWidget,
    InputSpec,
    NodeSpec,
    NumberWidget,
    OutputSpec,
    Repeated,
    SeedWidget,
    TextWidget,
    ToggleWidget,
)
from engine.graph.types import Anything, ListOf, Named, OneOf
from engine.packs.source import PackFailure

CLASS = "is"
CLASSES: Mapping[str, type[object]] = {
    cls.__name__: cls
    for cls in (
        Anything,
        Attached,
        ChoiceWidget,
        Chosen,
        FileWidget,
        InputSpec,
        ListOf,
        Named,
        NodeSpec,
        NumberWidget,
        OneOf,
        OutputSpec,
        PackFailure,
        Repeated,
        SeedWidget,
        TextWidget,
        ToggleWidget,
    )
}
MAPPING = "Mapping"


def plain(value: object) -> object:
    """The value with dataclasses, tuples and mappings as JSON has them."""
    if is_dataclass(value):
        inner = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        return {CLASS: type(value).__name__, **inner}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {CLASS: MAPPING, "items": {key: plain(item) for key, item in value.items()}}
    return value


def revived(value: object, classes: Mapping[str, type[object]] = CLASSES) -> object:
    """What `plain` was given. Raises KeyError or TypeError for anything that `plain` did not make.

    Args:
        value: Plain data.
        classes: What may be in it.
    """
    if isinstance(value, list):
        return tuple(revived(item, classes) for item in value)
    if not isinstance(value, dict):
        return value
    name = value.pop(CLASS)
    if name == MAPPING:
        return {key: revived(item, classes) for key, item in value["items"].items()}
    return classes[name](**{key: revived(item, classes) for key, item in value.items()})
