"""One of Weft's own nodes as a V1 class: for packs that extend it, ask for its inputs, or call it in theirs.

What its method is called in ComfyUI, and in which order it takes its arguments, is told by whoever has the node
(`offer_method`); where nobody does, it is `execute` with the node's inputs in order.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.graph.literals import thawed
from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    NodeSpec,
    NumberWidget,
    SeedWidget,
    TextWidget,
)
from engine.graph.types import Anything, ListOf, Named, OneOf, PortType
from engine.graph.values import Blocked, Both, Expand, Published
from engine.packs.comfy.blocking import ExecutionBlocker
from engine.packs.comfy.declared import OWNER
from engine.packs.comfy.known import known_function, known_spec
from engine.packs.comfy.ports import comfy_name
from engine.packs.comfy.running import current
from engine.packs.comfy.values import inward, outward

LARGEST_SEED = 2**64 - 1


Heeds: TypeAlias = "Callable[[object, dict[str, Any]], str]"


class NotCallable(RuntimeError):
    """A node of ours that a pack called where it cannot be called."""


@dataclass(frozen=True, slots=True)
class Method:
    """What ComfyUI calls the method of a node, and its arguments in order.

    `fields` are what an instance has from the start. `heeds` is given the instance and the arguments, may change these
    as a subclass's fields ask for, and says which node is to be called.
    """

    name: str
    arguments: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)
    heeds: Heeds | None = None


METHODS: dict[str, Method] = {}
_CLASSES: dict[str, tuple[Callable[..., object], Any]] = {}


def offer_method(
    id: str,
    name: str,
    arguments: tuple[str, ...] = (),
    *,
    fields: Mapping[str, object] | None = None,
    heeds: Heeds | None = None,
) -> None:
    """Say what ComfyUI calls the method of a node, and its arguments in order where that is not the inputs' own.

    Args:
        id: Of the node.
        name: What the method is called.
        arguments: Their names in order.
        fields: What an instance has from the start.
        heeds: Changes the arguments as an instance's fields ask for, and says which node is to be called.
    """
    METHODS[id] = Method(name, arguments, fields or {}, heeds)


def class_of(id: str) -> Any:
    """The class of a node. Raises KeyError for one that is not there."""
    spec, function = known_spec(id), known_function(id)
    if spec is None or function is None:
        raise KeyError(id)
    owner = getattr(function, OWNER, None)
    if owner is not None:  # a pack's own
        return owner
    known = _CLASSES.get(id)
    if known is None or known[0] is not function:
        known = _CLASSES[id] = (function, _made(spec, function))
    return known[1]


def _made(spec: NodeSpec, function: Callable[..., object]) -> Any:
    method = METHODS.get(spec.id, Method("execute"))
    names = method.arguments or tuple(input.name for input in spec.inputs)

    def begin(self: object) -> None:
        vars(self).update(method.fields)

    def call(self: object, *given: Any, **named: Any) -> Any:
        arguments = {**dict(zip(names, given, strict=False)), **named}
        if method.heeds is not None:
            other = method.heeds(self, arguments)
            other_spec, other_function = known_spec(other), known_function(other)
            if other_spec is not None and other_function is not None:
                return _called(other_spec, other_function, arguments)
        return _called(spec, function, arguments)

    def input_types(cls: type) -> dict[str, Any]:
        return _input_types(spec)

    body: dict[str, Any] = {
        "INPUT_TYPES": classmethod(input_types),
        "RETURN_TYPES": tuple(_type(output.type) for output in spec.outputs),
        "RETURN_NAMES": tuple(output.label or output.name for output in spec.outputs),
        "OUTPUT_IS_LIST": tuple(output.gives_list for output in spec.outputs),
        "FUNCTION": method.name,
        "CATEGORY": spec.category,
        "DESCRIPTION": spec.help,
        "OUTPUT_NODE": spec.effect,
        "RELATIVE_PYTHON_MODULE": "nodes",
        "__init__": begin,
        method.name: call,
    }
    return type(spec.id, (), body)


def _called(spec: NodeSpec, function: Callable[..., object], given: Mapping[str, Any]) -> Any:
    """What a node of ours gives for a pack's values, as a V1 node returns it."""
    inputs = {input.name: input for input in spec.inputs}
    arguments: dict[str, Any] = {}
    for name, value in given.items():
        if name not in inputs:
            continue  # ComfyUI's nodes take some that ours do not: `prompt`, `extra_pnginfo`
        change = outward(inputs[name].type)
        arguments[name] = value if change is None else change(value)
    if spec.context is not None:
        running = current()
        if running is None:
            raise NotCallable(f"{spec.id} can only be called while a node of the pack runs.")
        arguments[spec.context] = running.context
    for name, input in inputs.items():
        if name not in arguments and not input.required and input.default is not None:
            arguments[name] = input.default
    value = function(**arguments)
    return _returned(spec, asyncio.run(value) if inspect.iscoroutine(value) else value)


def _returned(spec: NodeSpec, value: object) -> Any:
    match value:
        case Expand():
            raise NotCallable(
                f"{spec.id} turns into a graph, which only the engine can run: expand to it instead."
            )
        case Published():
            return {"ui": {key: list(map(thawed, items)) for key, items in _shown(value).items()}}
        case Both(values, published):
            ui = {key: list(map(thawed, items)) for key, items in _shown(published).items()}
            return {"ui": ui, "result": tuple(map(_inward, values))}
        case None if not spec.outputs:
            return ()
        case tuple() if len(spec.outputs) > 1:
            return tuple(map(_inward, value))
    return (_inward(value),)


def _shown(published: Published) -> dict[str, tuple[Any, ...]]:
    images = tuple(
        {
            "filename": file.name.rpartition("/")[2],
            "subfolder": file.name.rpartition("/")[0],
            "type": file.folder,
        }
        for file in published.files
        if file.media_type.startswith("image/")
    )
    return {**({"images": images} if images else {}), **published.shown}


def _inward(value: object) -> object:
    if isinstance(value, Blocked):
        return ExecutionBlocker(value.reason)
    return [inward(item) for item in value] if isinstance(value, list) else inward(value)


def _input_types(spec: NodeSpec) -> dict[str, Any]:
    told: dict[str, Any] = {"required": {}, "optional": {}}
    for input in spec.inputs:
        section = "required" if input.required or input.widget is not None else "optional"
        told[section][input.name] = _declared(input)
    if spec.hidden:
        told["hidden"] = dict(spec.hidden)
    return {key: value for key, value in told.items() if value or key == "required"}


def _declared(input: InputSpec) -> tuple[Any, dict[str, Any]]:
    options: dict[str, Any] = {} if input.default is None else {"default": thawed(input.default)}
    if input.help:
        options["tooltip"] = input.help
    match input.widget:
        case ChoiceWidget(choices):
            return list(choices), options
        case FileWidget(folder):
            return _file_names(folder), options
        case NumberWidget(_, low, high, step):
            bounds = {"min": low, "max": high, "step": step}
            options |= {key: value for key, value in bounds.items() if value is not None}
        case SeedWidget():
            options |= {"min": 0, "max": LARGEST_SEED}
        case TextWidget(True):
            options["multiline"] = True
    return _type(input.type), options


def _file_names(folder: str) -> list[str]:
    from engine.packs.comfy.surface import folder_paths  # noqa: PLC0415  (it reads the disk, which most never need)

    if folder == "input":
        return folder_paths.list_input()
    return folder_paths.get_filename_list(folder)


def _type(type: PortType) -> str:
    match type:
        case Named(name):
            return comfy_name(name)
        case Anything():
            return "*"
        case OneOf(members):
            return ",".join(_type(member) for member in members)
        case ListOf(item):
            return _type(item)
