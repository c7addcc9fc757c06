"""JSON schemas of what the server says, made of the types: answers of routes, and messages of the websocket."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
import msgspec.inspect
from aiohttp.typedefs import Handler

from engine.server.answers import JsonAnswer
from engine.server.telling.messages import DATA, PictureMeta

Schema = dict[str, typing.Any]
PLACE = "#/components/schemas/{name}"
MESSAGE = "Message"  # any message of the websocket
BESIDE: tuple[type, ...] = (PictureMeta,)  # what no route answers, and clients read all the same


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of an application: by name, and of the answers of those handlers that name their type."""

    components: Mapping[str, Schema]
    answers: Mapping[Handler, Schema]


def schemas_of(handlers: Iterable[Handler]) -> Schemas:
    """The schemas of these handlers' answers and of all messages."""
    answers = {handler: told for handler in handlers if (told := answer_type(handler)) is not None}
    messages = [(kind, data) for kind, several in DATA.items() for data in several]
    wanted = [*answers.values(), *(data for _, data in messages), *BESIDE]
    schemas, components = msgspec.json.schema_components(wanted, ref_template=PLACE, schema_hook=_anything)
    of_data = schemas[len(answers) : len(answers) + len(messages)]
    told = [_message(kind, schema) for (kind, _), schema in zip(messages, of_data, strict=True)]
    lean = _lean(wanted)
    for name, component in components.items():
        _say_what_is_there(component, lean=name in lean)
    of_answers = dict(zip(answers, schemas[: len(answers)], strict=True))
    return Schemas({**components, MESSAGE: {"anyOf": told}}, of_answers)


def answer_type(handler: Handler) -> object | None:
    """The T of the `JsonAnswer[T]` that a handler returns, perhaps among other answers."""
    returned = typing.get_type_hints(handler).get("return")
    union = typing.get_origin(returned) in {typing.Union, types.UnionType}
    options: tuple[object, ...] = typing.get_args(returned) if union else (returned,)
    found = [typing.get_args(one)[0] for one in options if typing.get_origin(one) is JsonAnswer]
    return found[0] if found else None


def _lean(wanted: Iterable[object]) -> set[str]:
    """The structs among these types, and inside them, that leave out what has its default."""
    found: set[str] = set()
    seen: set[int] = set()
    look: list[msgspec.Struct] = [*msgspec.inspect.multi_type_info(wanted)]
    while look:
        info = look.pop()
        if id(info) in seen:
            continue
        seen.add(id(info))
        if isinstance(info, msgspec.inspect.StructType) and info.cls.__struct_config__.omit_defaults:
            found.add(info.cls.__name__)
        for name in getattr(info, "__struct_fields__", ()):
            value = getattr(info, name)
            several = value if isinstance(value, tuple) else (value,)
            look += [one for one in several if isinstance(one, msgspec.Struct)]
    return found


def _say_what_is_there(component: Schema, *, lean: bool) -> None:
    """Say in the schema of an object that every property is told; or, if it is lean, that defaults are left out."""
    properties = component.get("properties", {})
    if properties and not lean:
        component["required"] = list(properties)
    for property in properties.values():
        if property.pop("default", ...) is None and lean:
            property["anyOf"] = [one for one in property["anyOf"] if one != {"type": "null"}]


def _anything(type: type) -> Schema:
    if type is object:
        return {"description": "Any JSON."}
    raise TypeError(f"{type} is no JSON: a route cannot answer it.")


def _message(kind: str, data: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {"type": {"const": kind}, "data": data},
        "required": ["type", "data"],
    }
