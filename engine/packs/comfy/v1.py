"""ComfyUI's old kind of node: a class with INPUT_TYPES, RETURN_TYPES and FUNCTION."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.graph.declared import FINGERPRINT, SPEC, VALIDATE
from engine.graph.spec import InputSpec, NodeSpec, OutputSpec
from engine.packs.comfy.asking import check_of, fingerprint_of
from engine.packs.comfy.calling import CONTEXT, function_of
from engine.packs.comfy.declared import OWNER, PackNode, Parameters, parameters_of
from engine.packs.comfy.inputs import Declared, input_spec
from engine.packs.comfy.instances import instances_of
from engine.packs.comfy.ports import given
from engine.packs.comfy.values import changes_inward, outward

NO_NAME = "any name that a pack may choose"


class NoNode(TypeError):
    """A class that is no node: what is missing."""


def v1_node(id: str, cls: Any, title: str | None = None) -> Callable[..., object]:
    """The function for a class, with its spec attached. Raises whatever its INPUT_TYPES raises, or `NoNode`."""
    name = getattr(cls, "FUNCTION", None)
    method = getattr(cls, name, None) if isinstance(name, str) else None
    if not isinstance(name, str) or method is None:
        raise NoNode(f"its FUNCTION is {name!r}, which is no method of {cls.__name__}.")
    if not hasattr(cls, "RETURN_TYPES"):
        raise NoNode(f"{cls.__name__} has no RETURN_TYPES.")
    checks, fingerprint = _own(cls, "VALIDATE_INPUTS"), _own(cls, "IS_CHANGED")
    checked = parameters_of(checks) if checks else Parameters(frozenset(), False)
    spec = _spec(id, cls, title or id, method, checked)
    spec = replace(spec, validated=checks is not None, fingerprinted=fingerprint is not None)
    instance = instances_of(id, cls)
    asks = getattr(cls, "check_lazy_status", None) is not None
    node = PackNode(
        spec,
        cls,
        lambda path: getattr(instance(path), name),
        (lambda path: instance(path).check_lazy_status) if asks else None,  # type: ignore[attr-defined]
        bool(getattr(cls, "INPUT_IS_LIST", False)),
        tuple(outward(output.type) for output in spec.outputs),
        tuple(input.name for input in spec.inputs if changes_inward(input.type)),
        spec.hidden,
    )
    return declared_as(node, fingerprint, checks, checked)


def _spec(id: str, cls: Any, title: str, method: Any, checked: Parameters) -> NodeSpec:
    types = cls.INPUT_TYPES()
    sections = {key: types.get(key, {}) for key in ("required", "optional", "hidden")}
    inputs = tuple(_inputs(sections, checked, bool(getattr(cls, "INPUT_IS_LIST", False))))
    hidden = tuple((str(name), _kind(kind)) for name, kind in _items(sections["hidden"]))
    open_to_all = _has_any_name(sections["optional"]) or _has_any_name(sections["required"])
    knows_itself = any(kind == "UNIQUE_ID" for _, kind in hidden)
    return NodeSpec(
        id=id,
        title=title,
        category=str(getattr(cls, "CATEGORY", "sd")),
        help=_text(getattr(cls, "DESCRIPTION", "")),
        version=1,
        inputs=inputs,
        outputs=_outputs(cls),
        module=cls.__module__,
        function=cls.__qualname__,
        effect=getattr(cls, "OUTPUT_NODE", False) is True,
        is_async=inspect.iscoroutinefunction(method),
        context=CONTEXT,
        once_per_node=knows_itself or bool(getattr(cls, "NOT_IDEMPOTENT", False)),
        open_ended=open_to_all or _takes_more(method, inputs, hidden),
        open_to_literals=open_to_all,
        deprecated=bool(getattr(cls, "DEPRECATED", False)),
        experimental=bool(getattr(cls, "EXPERIMENTAL", False)),
        style="v1",
        hidden=hidden,
    )


def declared_as(
    node: PackNode,
    fingerprint: Callable[..., object] | None,
    checks: Callable[..., object] | None,
    checked: Parameters,
) -> Callable[..., object]:
    """The function for a node, with what the engine looks for at it."""
    function = function_of(node)
    setattr(function, SPEC, node.spec)
    setattr(function, OWNER, node.owner)
    if fingerprint is not None:
        setattr(function, FINGERPRINT, fingerprint_of(node, fingerprint))
    if checks is not None:
        setattr(function, VALIDATE, check_of(node, checks, checked))
    return function


def _own(cls: Any, name: str) -> Callable[..., object] | None:
    found = getattr(cls, name, None)
    return found if callable(found) else None


def _inputs(sections: Mapping[str, Any], checked: Parameters, in_list: bool) -> Iterable[InputSpec]:
    met: set[str] = set()
    for section in ("required", "optional"):
        for name, raw in _items(sections[section]):
            if name in met:
                continue
            met.add(name)
            type, options = _typed(raw)
            yield input_spec(
                Declared(
                    str(name),
                    type,
                    options,
                    required=section == "required",
                    in_list=in_list,
                    checked=checked.take(name),
                    checks_types="input_types" in checked.names,
                )
            )


def _items(section: Any) -> Iterable[tuple[str, Any]]:
    return list(section.items()) if isinstance(section, Mapping) else []


def _typed(raw: Any) -> tuple[object, Mapping[str, Any]]:
    """The type and the options of `("INT", {...})`, `("INT",)`, `"INT"` or `(["a", "b"],)`."""
    if isinstance(raw, str):
        return raw, {}
    if not isinstance(raw, tuple | list) or not raw:
        raise NoNode(f"an input is declared as {raw!r}; a tuple of a type and a dictionary is expected.")
    options = raw[1] if len(raw) > 1 and isinstance(raw[1], Mapping) else {}
    return raw[0], options


def _kind(raw: Any) -> str:
    return str.__str__(raw) if isinstance(raw, str) else str(raw[0]) if raw else ""


def _outputs(cls: Any) -> tuple[OutputSpec, ...]:
    types = cls.RETURN_TYPES
    types = (types,) if isinstance(types, str) else tuple(types)
    labels = _strings(getattr(cls, "RETURN_NAMES", None))
    lists = getattr(cls, "OUTPUT_IS_LIST", None) or ()
    tips = getattr(cls, "OUTPUT_TOOLTIPS", None) or ()
    found: dict[str, OutputSpec] = {}
    for index, type in enumerate(types):
        port = given(type)
        plain = str.__str__(type) if isinstance(type, str) else "COMBO"
        label = labels[index] if index < len(labels) else plain
        name = label if label and label not in found else f"{label or plain}_{index}"
        found[name] = OutputSpec(
            name,
            port,
            gives_list=index < len(lists) and bool(lists[index]),
            help=_text(tips[index]) if index < len(tips) else "",
            label="" if label == name else label,
        )
    return tuple(found.values())


def _strings(names: Sequence[object] | str | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(str(name) for name in names or ())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _has_any_name(section: Any) -> bool:
    """Whether a section has whatever it is asked for: packs overload the dictionary for inputs of any name."""
    try:
        return section.__class__ is not dict and NO_NAME in section
    except Exception:  # it is the pack's own class
        return False


def _takes_more(method: Any, inputs: Iterable[InputSpec], hidden: Iterable[tuple[str, str]]) -> bool:
    parameters = parameters_of(method)
    told = {"self", "cls", *(input.name for input in inputs), *(name for name, _ in hidden)}
    return parameters.any or bool(parameters.names - told)
