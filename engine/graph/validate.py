"""Everything that is wrong with a graph, at once. Pure: one pass over the nodes and their links."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from engine.graph.cycles import cycles
from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.growing import spec_for
from engine.graph.literals import closest, literal_problem
from engine.graph.marks import unmarked
from engine.graph.problems import (
    Cycle,
    DanglingLink,
    MissingFile,
    MissingInput,
    NoOutputs,
    Problem,
    TypeMismatch,
    UnknownInput,
    UnknownNode,
    UnknownOutput,
)
from engine.graph.registry import Registry
from engine.graph.spec import FileWidget, InputSpec, Literal_, NodeSpec, NumberWidget, OutputSpec, TextWidget
from engine.graph.types import Anything, PortType, fits, type_text
from engine.graph.values import OUTER

# Finding near names is slow and a person reads the first few: a graph full of mistakes gets no more than these.
SUGGESTIONS = 20

LARGEST = sys.float_info.max


def validate(
    graph: Graph,
    registry: Registry,
    folders: Mapping[str, Collection[str]] | None = None,
    *,
    wanted: Collection[Link] = (),
    outer: NodeSpec | None = None,
    around: Mapping[str, Node] | None = None,
) -> list[Problem]:
    """Every problem of the graph, in the order of its nodes; then its cycles.

    Args:
        graph: What to check. Links may name an output or give its index.
        registry: The nodes that are known.
        folders: The files of each folder. Names of files in a folder that is not listed go unchecked.
        wanted: Outputs that are asked for, so that the graph needs no node that saves or shows anything.
        outer: The node that expanded into this graph, whose inputs may be read as `Link(OUTER, name)`.
        around: Nodes of the graphs around an expansion that its links may lead to.
    """
    check = _Pass(graph, registry, folders or {})
    if around:
        check.nodes = {**around, **graph.nodes}
    if outer is not None:
        check.add_outer(outer)
    for id, node in graph.nodes.items():
        check.node(id, node)
    for link in wanted:
        check.source(None, None, link)
    if not check.in_order:
        check.problems += [Cycle(members[0], members) for members in cycles(graph)]
    if not (wanted or check.may_have_effect):
        check.problems.append(NoOutputs())
    return check.problems


class _Kind:
    """A spec, indexed for the pass."""

    def __init__(self, spec: NodeSpec) -> None:
        self.spec = spec
        self.inputs = {input.name: input for input in spec.inputs}
        self.required = {input.name for input in spec.inputs if input.required}
        self.outputs: dict[str | int, OutputSpec] = {output.name: output for output in spec.outputs}
        self.outputs.update(enumerate(spec.outputs))
        # Most values are plainly fine: a quick answer for those is what makes the pass fast.
        self.plainly_takes = {input.name: _plainly_takes(input) for input in spec.inputs}
        if spec.style != "weft":  # what stands at a type of their own is made by the packs' own widgets
            self.plainly_takes |= {input.name: _anything for input in spec.inputs if input.widget is None}


def _anything(value: InputValue) -> bool:
    return True


def _plainly_takes(input: InputSpec) -> Callable[[InputValue], bool]:
    match input.widget:
        case _ if input.free:
            pass
        case TextWidget():
            return lambda value: value.__class__ is str
        case NumberWidget(whole, low, high):
            kinds = (int,) if whole else (int, float)
            # With these bounds in place of none, infinities fall outside, and NaN is nowhere.
            least, most = (-LARGEST if low is None else low), (LARGEST if high is None else high)
            return lambda value: value.__class__ in kinds and least <= value <= most  # type: ignore[operator]
    return lambda value: False


class _Pass:
    """One pass over a graph: collects the problems, and answers each question about kinds and types once."""

    def __init__(self, graph: Graph, registry: Registry, folders: Mapping[str, Collection[str]]) -> None:
        self.nodes = graph.nodes
        self.registry = registry
        self.files = {name: frozenset(files) for name, files in folders.items()}
        self.problems: list[Problem] = []
        self.in_order = True  # every node stands behind those it reads, so there is no cycle to look for
        self.may_have_effect = False
        self.passed: set[str] = set()
        self.kinds: dict[str, _Kind | None] = {}
        self.grown: dict[str, _Kind] = {}
        self.flowing: dict[tuple[str, str | int], PortType] = {}
        self.good_ports: set[tuple[str, str | int, str, str]] = set()
        self.bridges: dict[tuple[PortType, PortType], tuple[str, ...]] = {}
        self.givers: dict[PortType, tuple[str, ...]] = {}
        self.suggestions = SUGGESTIONS

    def add_outer(self, spec: NodeSpec) -> None:
        """Let what came in at the expanding node stand as the outputs of a node that is there already."""
        self.nodes = {**self.nodes, OUTER: Node(OUTER)}
        outputs = tuple(OutputSpec(input.name, input.type) for input in spec.inputs)
        self.kinds[OUTER] = _Kind(replace(spec, id=OUTER, inputs=(), outputs=outputs))
        self.passed.add(OUTER)

    def node(self, id: str, node: Node) -> None:
        kind = self.kind(node.kind)
        if kind is None:
            self.unknown_node(id, node)
            return
        if kind.spec.growing:
            kind = self.grown_kind(id, node, kind)
        if kind.spec.effect:
            self.may_have_effect = True
        if not kind.required <= node.inputs.keys():
            self.missing_inputs(id, node, kind)
        for name, value in node.inputs.items():
            if isinstance(value, Link):
                source = self.nodes.get(value.node)
                if value.node not in self.passed:
                    self.in_order = False
                if source is None or (source.kind, value.output, node.kind, name) not in self.good_ports:
                    self.link(id, name, kind, value)
            elif name not in kind.inputs:
                if not kind.spec.open_ended:
                    self.unknown_input(id, name, kind)
            elif not kind.plainly_takes[name](value):
                self.literal(id, kind.inputs[name], value)
        self.passed.add(id)

    def kind(self, id: str) -> _Kind | None:
        if id not in self.kinds:
            self.kinds[id] = self.registry.once(_Kind, id) if id in self.registry.specs else None
        return self.kinds[id]

    def grown_kind(self, id: str, node: Node, kind: _Kind) -> _Kind:
        """What a node is like whose inputs depend on what it is given."""
        if id not in self.grown:
            self.grown[id] = _Kind(spec_for(kind.spec, node.inputs))
        return self.grown[id]

    def unknown_node(self, id: str, node: Node) -> None:
        near, pack = self.near(node.kind, self.registry.specs), node.meta.get("pack", "")
        self.problems.append(UnknownNode(id, node.kind, near, str(pack)))
        self.may_have_effect = True
        self.in_order = False  # it may be in a cycle all the same
        for name, value in node.inputs.items():
            if isinstance(value, Link):
                self.source(id, name, value)

    def unknown_input(self, id: str, name: str, kind: _Kind) -> None:
        near = self.near(name, kind.inputs)
        self.problems.append(UnknownInput(id, name, kind.spec.id, near, tuple(kind.inputs)))

    def link(self, id: str, name: str, kind: _Kind, link: Link) -> None:
        wanted = kind.inputs.get(name)
        if wanted is None and not kind.spec.open_ended:
            self.unknown_input(id, name, kind)
        output = self.source(id, name, link)
        if output is None or wanted is None:
            return
        if output.match or wanted.match:
            self.matched_link(id, wanted, kind, link, output)
        elif not fits(output.type, wanted.type):
            self.mismatch(id, wanted, link, output)
        elif kind is self.kinds.get(kind.spec.id):  # of a node that grows, a name may mean several things
            self.good_ports.add((self.nodes[link.node].kind, link.output, kind.spec.id, name))

    def matched_link(self, id: str, wanted: InputSpec, kind: _Kind, link: Link, output: OutputSpec) -> None:
        """A link from or to a port whose type is that of what is linked to its node."""
        output = replace(output, type=self.flows(link))
        first = next(iter(self.fed(self.nodes[id], kind, wanted.match)), link) if wanted.match else link
        agreed = self.flows(first)
        if not fits(output.type, wanted.type):
            self.mismatch(id, wanted, link, output)
        elif first != link and not (fits(output.type, agreed) or fits(agreed, output.type)):
            self.mismatch(id, replace(wanted, type=agreed), link, output)

    def flows(self, link: Link) -> PortType:
        """The type of what comes along a link: of an output with a `match`, that of what its node is linked to."""
        passed: dict[tuple[str, str | int], None] = {}
        type: PortType = Anything()
        while True:
            place = (link.node, link.output)
            node = self.nodes.get(link.node)
            kind = self.kind(node.kind) if node else None
            output = kind.outputs.get(link.output) if kind else None
            if node is None or kind is None or output is None or place in passed:
                break
            if place in self.flowing:
                type = self.flowing[place]
                break
            type = output.type
            passed[place] = None
            grown = self.grown_kind(link.node, node, kind) if kind.spec.growing else kind
            before = self.fed(node, grown, output.match) if output.match else []
            if not before:
                break
            link = before[0]
        self.flowing.update(dict.fromkeys(passed, type))
        return type

    def fed(self, node: Node, kind: _Kind, match: str) -> list[Link]:
        """What is linked to the inputs of a node that are of one type."""
        values = [node.inputs.get(input.name) for input in kind.spec.inputs if input.match == match]
        return [value for value in values if isinstance(value, Link)]

    def source(self, id: str | None, name: str | None, link: Link) -> OutputSpec | None:
        node = self.nodes.get(link.node)
        if node is None:
            self.problems.append(DanglingLink(id, name, link.node))
            return None
        kind = self.kind(node.kind)
        if kind is None:
            return None
        output = kind.outputs.get(link.output)
        if output is None:
            available = tuple(output.name for output in kind.spec.outputs)
            self.problems.append(UnknownOutput(id, name, link.node, link.output, available))
        return output

    def literal(self, id: str, spec: InputSpec, value: Literal_) -> None:
        problem = literal_problem(id, spec, value)
        if problem is not None:
            self.problems.append(problem)
        elif isinstance(spec.widget, FileWidget) and isinstance(value, str) and not spec.free:
            folder = spec.widget.folder
            meant, name = unmarked(folder, value)
            files = self.files.get(meant)
            if files is not None and value not in files and name not in files:
                near = self.near(value, files)
                some = tuple(sorted(files)[:10])
                self.problems.append(MissingFile(id, spec.name, folder, value, near, some))

    def missing_inputs(self, id: str, node: Node, kind: _Kind) -> None:
        for wanted in kind.spec.inputs:
            if not wanted.required or wanted.name in node.inputs:
                continue
            if wanted.type not in self.givers:
                self.givers[wanted.type] = self.registry.givers(wanted.type)
            givers = () if wanted.widget else self.givers[wanted.type]
            self.problems.append(MissingInput(id, wanted.name, type_text(wanted.type), givers))

    def mismatch(self, id: str, wanted: InputSpec, link: Link, output: OutputSpec) -> None:
        pair = (output.type, wanted.type)
        if pair not in self.bridges:
            self.bridges[pair] = self.registry.bridges(*pair)
        expected, given = type_text(wanted.type), type_text(output.type)
        self.problems.append(
            TypeMismatch(id, wanted.name, expected, link.node, output.name, given, self.bridges[pair])
        )

    def near(self, name: str, names: Iterable[str]) -> tuple[str, ...]:
        self.suggestions -= 1
        return closest(name, list(names)) if self.suggestions >= 0 else ()
