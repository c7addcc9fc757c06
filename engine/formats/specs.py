"""Specs as JSON values for people and editors; `packs/plain.py` has the exact form that can be read back."""

from __future__ import annotations

from dataclasses import fields

from engine.graph.spec import Attached, Chosen, Growing, InputSpec, NodeSpec, OutputSpec, Repeated, Widget
from engine.graph.types import Anything, ListOf, Named, OneOf, PortType, type_text


def spec_json(spec: NodeSpec) -> dict[str, object]:
    """Everything that is known of a node."""
    return {
        **_told(spec),
        "inputs": [_port(port) for port in spec.inputs],
        "outputs": [_port(port) for port in spec.outputs],
    }


def _port(port: InputSpec | OutputSpec) -> dict[str, object]:
    told = {**_told(port), "type": type_text(port.type), "port": port_json(port.type)}
    if isinstance(port, InputSpec):
        told["widget"] = _widget(port.widget)
        told["grows"] = _growing(port.grows)
    return told


def _growing(grows: Growing | None) -> dict[str, object] | None:
    match grows:
        case Repeated(names, least, item):
            return {"kind": "Repeated", "names": names, "least": least, "item": _port(item)}
        case Chosen(options):
            told = {key: [_port(input) for input in inputs] for key, inputs in options.items()}
            return {"kind": "Chosen", "options": told}
        case Attached(inputs):
            return {"kind": "Attached", "inputs": [_port(input) for input in inputs]}
    return None


def port_json(type: PortType) -> dict[str, object]:
    """A port's type in its parts, by which an editor decides what may be linked."""
    match type:
        case Named(name, bases):
            return {"kind": "named", "name": name, "bases": list(bases)}
        case Anything():
            return {"kind": "anything"}
        case OneOf(members):
            return {"kind": "one of", "members": [port_json(member) for member in members]}
        case ListOf(item):
            return {"kind": "list of", "item": port_json(item)}


def _widget(widget: Widget | None) -> dict[str, object] | None:
    return None if widget is None else {"kind": type(widget).__name__.removesuffix("Widget"), **_told(widget)}


def _told(value: object) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in fields(value)}  # type: ignore[arg-type]
