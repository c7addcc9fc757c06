"""What a bypassed node hands on: for each of its outputs one of its inputs, by their types."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from engine.formats.comfy_types import port_type
from engine.formats.scopes import INPUTS, REROUTE, VALUE, subgraph_id
from engine.graph.graph import Drawing, Link, Node, Subgraph
from engine.graph.growing import spec_for
from engine.graph.registry import Registry
from engine.graph.spec import Literal_, NodeSpec
from engine.graph.types import Anything, PortType, fits

Port = tuple[str, PortType]
PORTS = "ports"  # the key of a node's meta with the types of its ports, of a kind that may not be installed


@dataclass(frozen=True, slots=True)
class Ports:
    """The inputs of a node and its outputs, with their types.

    Sockets come first, and of those the required ones; the ports of a subgraph stand as they were put.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def passage(ports: Ports, output: str | int, linked: Collection[str]) -> str | None:
    """The linked input that a bypassed node hands on for an output; None if there is none that fits.

    The one in the same place is best (of two conditionings the second gives the second), then the first of the same
    type, then the first that fits.
    """
    index = index_of(output, [name for name, _ in ports.outputs])
    if index is None:
        return None
    type = ports.outputs[index][1]
    beside = ports.inputs[index : index + 1]
    same = [port for port in ports.inputs if port[1] == type]
    for name, given in (*beside, *same, *ports.inputs):
        if name in linked and fits(given, type):
            return name
    return None


def index_of(output: str | int, names: Collection[str]) -> int | None:
    """The index of an output that a link names, or gives the index of."""
    if isinstance(output, int):
        return output if 0 <= output < len(names) else None
    return next((index for index, name in enumerate(names) if name == output), None)


class KnownPorts:
    """The ports of the nodes of a drawing, each kind looked up once."""

    def __init__(self, drawing: Drawing, registry: Registry | None) -> None:
        self._subgraphs = drawing.subgraphs
        self._registry = registry or Registry({})
        self._kinds: dict[str, Ports] = {}
        self._readers: dict[str, Mapping[str, list[tuple[str | int, str, str]]]] = {}

    def of(self, node: Node) -> Ports | None:
        """The ports of a node; None if nobody knows them."""
        kind = node.kind
        if kind not in self._kinds:
            spec = self._registry.specs.get(kind)
            name = subgraph_id(kind)
            if spec is not None and spec.growing:
                return _of_spec(spec_for(spec, node.inputs))
            if spec is not None:
                self._kinds[kind] = _of_spec(spec)
            elif kind == REROUTE:
                self._kinds[kind] = Ports(((VALUE, Anything()),), ((VALUE, Anything()),))
            elif name in self._subgraphs:
                self._kinds[kind] = self._of_subgraph(str(name))
            else:
                return _as_noted(node.meta.get(PORTS))
        return self._kinds[kind]

    def _of_subgraph(self, name: str) -> Ports:
        subgraph = self._subgraphs[name]
        return Ports(
            tuple((port.name, self._input(name, port.name)) for port in subgraph.inputs),
            tuple((port.name, self._output(name, port.source)) for port in subgraph.outputs),
        )

    def _input(self, name: str, input: str) -> PortType:
        """The type of a subgraph's input: that of the first input within it that it leads to."""
        waiting: list[tuple[str, str, str | int]] = [(name, INPUTS, input)]
        seen = set(waiting)
        while waiting:
            name, source, output = waiting.pop()
            for wanted, id, reader in self._readers_in(name).get(source, ()):
                if wanted != output and source != REROUTE:
                    continue
                node = self._subgraphs[name].nodes[id]
                inner = subgraph_id(node.kind)
                place = (name, id, VALUE) if node.kind == REROUTE else (str(inner), INPUTS, reader)
                if node.kind != REROUTE and inner not in self._subgraphs:
                    ports = self.of(node)
                    type = dict(ports.inputs).get(reader, Anything()) if ports else Anything()
                    if type != Anything():
                        return type
                elif place not in seen:
                    seen.add(place)
                    waiting.append(place)
        return Anything()

    def _output(self, name: str, link: Link | None) -> PortType:
        """The type of what a link within a subgraph brings."""
        seen: set[tuple[str, Link]] = set()
        while link is not None and (name, link) not in seen:
            seen.add((name, link))
            if link.node == INPUTS:
                return self._input(name, str(link.output))
            node = self._subgraphs[name].nodes.get(link.node)
            if node is None:
                break
            inner = subgraph_id(node.kind)
            if node.kind == REROUTE:
                value = node.inputs.get(VALUE)
                link = value if isinstance(value, Link) else None
            elif inner in self._subgraphs:
                name = str(inner)
                link = exit_of(self._subgraphs[name], link.output)
            else:
                ports = self.of(node)
                index = index_of(link.output, [port for port, _ in ports.outputs]) if ports else None
                return ports.outputs[index][1] if ports and index is not None else Anything()
        return Anything()

    def _readers_in(self, name: str) -> Mapping[str, list[tuple[str | int, str, str]]]:
        """For each node of a subgraph who reads it: which output, and the reader's id and input."""
        if name not in self._readers:
            found: dict[str, list[tuple[str | int, str, str]]] = {}
            for id, node in self._subgraphs[name].nodes.items():
                for input, value in node.inputs.items():
                    if isinstance(value, Link):
                        found.setdefault(value.node, []).append((value.output, id, input))
            self._readers[name] = found
        return self._readers[name]


def exit_of(subgraph: Subgraph, output: str | int) -> Link | None:
    """The link within a subgraph that one of its outputs comes from."""
    index = index_of(output, [port.name for port in subgraph.outputs])
    return None if index is None else subgraph.outputs[index].source


def _of_spec(spec: NodeSpec) -> Ports:
    inputs = sorted(spec.inputs, key=lambda input: (input.widget is not None, not input.required))
    return Ports(
        tuple((input.name, input.type) for input in inputs),
        tuple((output.name, output.type) for output in spec.outputs),
    )


def _as_noted(noted: Literal_) -> Ports | None:
    """The ports that a file tells of a node: `{"inputs": [[name, type]], "outputs": [[name, type]]}`."""
    if not isinstance(noted, Mapping):
        return None
    found: list[tuple[Port, ...]] = []
    for side in ("inputs", "outputs"):
        ports = noted.get(side)
        pairs = ports if isinstance(ports, tuple) else ()
        found.append(
            tuple(
                (str(pair[0]), port_type(str(pair[1])))
                for pair in pairs
                if isinstance(pair, tuple) and len(pair) == 2
            )
        )
    return Ports(*found)
