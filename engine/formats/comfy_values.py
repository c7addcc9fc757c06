"""The values of a node in a workflow file by the names of its inputs: of its widgets, and what we noted beside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from engine.formats.comfy_sheet import Item, Raw, listed
from engine.formats.comfy_widgets import Entry, Layout, Values, default_of, layout_of, named_values
from engine.formats.nodes import read_value
from engine.graph.graph import InputValue
from engine.graph.growing import spec_for
from engine.graph.literals import freeze
from engine.graph.problems import Unreadable
from engine.graph.spec import Literal_, NodeSpec

DEEPEST_CHOICE = 16  # choices within one another
OWN = "weft"  # the key of a node's properties in which our own export keeps what ComfyUI has no place for


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of a kind of node, looked up once for all nodes of it: its widgets, and what they show at first."""

    layout: Layout
    defaults: Mapping[str, Literal_]
    unsent: frozenset[str]
    takes_values: frozenset[str]


def kind_of_spec(spec: NodeSpec) -> Kind:
    """What a spec tells of the widgets."""
    layout = layout_of(spec)
    shown = {entry.name: entry.sent for entry in layout if entry.part == "value" and not entry.forced}
    defaults = {input.name: default_of(input) for input in spec.inputs if input.name in shown}
    unsent = frozenset(name for name, sent in shown.items() if not sent)
    return Kind(layout, defaults, unsent, frozenset(entry.name for entry in layout if entry.part == "value"))


def spec_of_item(spec: NodeSpec, item: Item) -> NodeSpec:
    """The spec of a single node: of one that grows, with the inputs that its values and links bring about."""
    linked: dict[str, InputValue] = {slot.name: True for slot in item.inputs if slot.link is not None}
    given = linked
    found = _grown(spec, given, item)
    for _ in range(DEEPEST_CHOICE if spec.growing else 0):
        # Values stand in places, and which places there are depends on values before them: a choice at a time is known.
        values = named_values(item.values, layout_of(found)).by_name
        known = {**linked, **{name: freeze(value) for name, value in values.items()}}
        if known == given:
            break
        given, found = known, _grown(spec, known, item)
    return found


def _grown(spec: NodeSpec, given: Mapping[str, InputValue], item: Item) -> NodeSpec:
    """Of optional inputs below another those that the file has a socket for; each stands where that other would."""
    if not spec.growing:
        return spec
    shown = {slot.widget or slot.name for slot in item.inputs}
    required = {input.name: input.required for input in spec.inputs}
    inputs = [
        replace(input, required=required.get(input.name.partition(".")[0], input.required))
        for input in spec_for(spec, given).inputs
        if input.required or input.name in required or input.name in shown
    ]
    return replace(spec, inputs=tuple(inputs))


def values_of(item: Item, layout: Layout | None) -> Values:
    """A node's widget values by name; of an unknown kind those that the file itself names."""
    return named_values(item.values, _named_by_file(item) if layout is None else layout)


def literals_of(item: Item, values: Values, kind: Kind | None) -> dict[str, InputValue]:
    """The values of all inputs of a node that has no links."""
    return _literals(values, kind, *_own_properties(item.raw))


def _literals(
    values: Values, kind: Kind | None, own: Mapping[str, InputValue], absent: Collection[str]
) -> dict[str, InputValue]:
    """The values of all widgets; one that the file does not have is what a new node would show.

    Args:
        values: Those of the file, by name.
        kind: The node's.
        own: What our own export has noted beside them.
        absent: Inputs that our own export has found without a value.
    """
    named: dict[str, InputValue] = {name: freeze(value) for name, value in values.by_name.items()}
    if isinstance(sampler := named.get("sampler_name"), str):
        named["sampler_name"] = sampler.removeprefix("sample_")  # names of the first versions
    if kind is None:
        return {**named, **own}
    for name, default in kind.defaults.items():
        if named.get(name) is None and default is not None:
            named[name] = default
    for name in kind.unsent:
        named.pop(name, None)
    # What was noted at our export holds as long as nobody has touched the widget since.
    untouched = {name for name, value in named.items() if value == kind.defaults.get(name)}
    noted = {name: value for name, value in own.items() if name not in named or name in untouched}
    gone = untouched & set(absent)
    return {**{name: value for name, value in named.items() if name not in gone}, **noted}


def _named_by_file(item: Item) -> tuple[Entry, ...]:
    """The places of an unknown node's values, if the file has a socket for each of its widgets."""
    names = [slot.widget for slot in item.inputs if slot.widget is not None]
    if isinstance(item.values, Mapping):
        return tuple(Entry(str(name)) for name in item.values)
    layout = tuple(Entry(name) for name in names)
    return layout if isinstance(item.values, list | tuple) and len(item.values) == len(layout) else ()


def _own_properties(raw: Raw) -> tuple[dict[str, InputValue], frozenset[str]]:
    """What our own export has noted at a node: literals without a widget, and inputs that were left out."""
    properties = raw.get("properties")
    own = properties.get(OWN) if isinstance(properties, Mapping) else None
    if not isinstance(own, Mapping):
        return {}, frozenset()
    inputs, absent = own.get("inputs"), own.get("absent")
    read = {
        str(name): read_value(value, "properties.weft", "", str(name))
        for name, value in (inputs.items() if isinstance(inputs, Mapping) else ())
    }
    kept = {name: value for name, value in read.items() if not isinstance(value, Unreadable)}
    return kept, frozenset(map(str, listed(absent)))
