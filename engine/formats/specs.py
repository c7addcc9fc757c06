"""Specs as JSON values for people and editors; `packs/plain.py` has the exact form that can be read back."""

from __future__ import annotations

from dataclasses import fields

from engine.graph.spec import InputSpec, NodeSpec, OutputSpec, Widget
from engine.graph.types import type_text


def spec_json(spec: NodeSpec) -> dict[str, object]:
    """Everything that is known of a node."""
    return {
        **_told(spec),
        "inputs": [_port(port) for port in spec.inputs],
        "outputs": [_port(port) for port in spec.outputs],
    }


def _port(port: InputSpec | OutputSpec) -> dict[str, object]:
    told = {**_told(port), "type": type_text(port.type)}
    if isinstance(port, InputSpec):
        told["widget"] = _widget(port.widget)
    return told


def _widget(widget: Widget | None) -> dict[str, object] | None:
    return None if widget is None else {"kind": type(widget).__name__.removesuffix("Widget"), **_told(widget)}


def _told(value: object) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in fields(value)}  # type: ignore[arg-type]
