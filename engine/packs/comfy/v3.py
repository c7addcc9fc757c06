"""ComfyUI's new kind of node: a class with `define_schema` and `execute`, brought by a `comfy_entrypoint`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.graph.spec import InputSpec, NodeSpec, OutputSpec
from engine.graph.types import Anything
from engine.packs.comfy.calling import CONTEXT
from engine.packs.comfy.declared import PackNode, Parameters, parameters_of, waited_for
from engine.packs.comfy.growing import growing_of
from engine.packs.comfy.inputs import Declared, input_spec
from engine.packs.comfy.ports import given
from engine.packs.comfy.surface.io_growing import (
    DynamicInput,
    DynamicSlotInput,
    MatchTypeInput,
    MatchTypeOutput,
)
from engine.packs.comfy.surface.io_node import ComfyNode, Schema
from engine.packs.comfy.v1 import NoNode, declared_as
from engine.packs.comfy.values import changes_inward, outward


def v3_classes(entrypoint: Callable[[], object]) -> list[Any]:
    """The classes that an entry point brings."""
    extension: Any = waited_for(entrypoint())
    classes: Any = waited_for(extension.get_node_list())
    return list(classes)


def v3_id(cls: Any) -> str:
    """What graphs call the node."""
    return str(_schema(cls).node_id)


def v3_node(cls: Any) -> Callable[..., object]:
    """The function for a class, with its spec attached. Raises whatever its schema raises, or `NoNode`."""
    if not (isinstance(cls, type) and issubclass(cls, ComfyNode)):
        raise NoNode(f"{cls!r} is no io.ComfyNode.")
    schema = _schema(cls)
    type.__setattr__(cls, "__weft_schema__", schema)
    checks = cls.validate_inputs if _overrides(cls, "validate_inputs") else None
    checked = parameters_of(checks) if checks else Parameters(frozenset(), False)
    fingerprint = cls.fingerprint_inputs if _overrides(cls, "fingerprint_inputs") else None
    spec = _spec(cls, schema, checked)
    spec = replace(spec, validated=checks is not None, fingerprinted=fingerprint is not None)
    asks = _overrides(cls, "check_lazy_status")
    node = PackNode(
        spec,
        cls,
        lambda path: cls.execute,
        (lambda path: cls.check_lazy_status) if asks else None,
        bool(schema.is_input_list),
        tuple(outward(Anything() if output.match else output.type) for output in spec.outputs),
        tuple(input.name for input in spec.inputs if changes_inward(input.type)),
        (),
        may_expand=bool(schema.enable_expand),
    )
    return declared_as(node, fingerprint, checks, checked)


def _spec(cls: Any, schema: Schema, checked: Parameters) -> NodeSpec:
    growing = any(isinstance(input, DynamicInput) for input in schema.inputs)
    hidden = tuple((each.name, each.value) for each in schema.hidden)
    knows_itself = any(kind == "UNIQUE_ID" for _, kind in hidden)
    return NodeSpec(
        id=schema.node_id,
        title=schema.display_name or schema.node_id,
        category=schema.category,
        help=schema.description or "",
        version=1,
        inputs=tuple(_input(input, schema, checked) for input in schema.inputs),
        outputs=tuple(_output(output) for output in schema.outputs),
        module=cls.__module__,
        function=cls.__qualname__,
        effect=bool(schema.is_output_node),
        is_async=inspect.iscoroutinefunction(cls.execute),
        context=CONTEXT,
        once_per_node=knows_itself or bool(schema.not_idempotent),
        open_ended=growing or parameters_of(cls.execute).any,
        open_to_literals=growing,
        growing=growing,
        deprecated=bool(schema.is_deprecated),
        experimental=bool(schema.is_experimental),
        style="v3",
        hidden=hidden,
    )


def _schema(cls: Any) -> Schema:
    schema = cls.GET_SCHEMA()
    if not isinstance(schema, Schema):
        raise NoNode(f"define_schema of {cls.__name__} gives no io.Schema.")
    return schema


def _input(input: Any, schema: Schema, checked: Parameters) -> InputSpec:
    type, match = input.get_io_type(), ""
    if isinstance(input, MatchTypeInput):
        type, match = input.template.allowed, input.template.template_id
    elif isinstance(input, DynamicSlotInput):
        type = input.slot.get_io_type()
    spec = input_spec(
        Declared(
            str(input.id),
            type,
            input.as_dict(),
            required=not input.optional,
            in_list=bool(schema.is_input_list),
            checked=checked.take(input.id),
            checks_types="input_types" in checked.names,
        )
    )
    if isinstance(input, DynamicInput):
        nobody = Parameters(frozenset(), False)  # checks see these inputs by other names
        return replace(spec, grows=growing_of(input, lambda inner: _input(inner, schema, nobody)))
    return replace(spec, match=match) if match else spec


def _output(output: Any) -> OutputSpec:
    name = str(output.id)
    label = str(output.display_name or output.io_type)
    match = output.template if isinstance(output, MatchTypeOutput) else None
    return OutputSpec(
        name,
        given(match.allowed if match else output.get_io_type()),
        gives_list=bool(output.is_output_list),
        help=str(output.tooltip or ""),
        label="" if label == name else label,
        match=match.template_id if match else "",
    )


def _overrides(cls: Any, name: str) -> bool:
    found = inspect.getattr_static(cls, name)
    return found is not inspect.getattr_static(ComfyNode, name)
