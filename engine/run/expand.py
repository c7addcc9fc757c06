"""Nodes that turn into graphs: checking such a graph, naming its results, and gathering them into the node's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Cycle, DanglingLink, GraphInvalid, UnknownNode, UnknownOutput
from engine.graph.registry import Registry
from engine.graph.spec import InputSpec, NodeSpec, OutputSpec
from engine.graph.types import Anything, PortType, fits, type_text
from engine.graph.validate import validate
from engine.graph.values import OUTER, Expand
from engine.run.call import Grown, Growth, joined, published_together
from engine.run.fingerprints import fingerprints, readers
from engine.run.keys import Origin, input_text, keys, linked_text, output_mark
from engine.run.plan import effects
from engine.run.result import Many, Result
from engine.run.returns import WrongResult
from engine.run.tasks import VALUE, OpenGrowth, OpenPart, Scope, Source, Task, value_of
from engine.run.workers import Workers

# What keeps a graph from being run at all. Graphs that ComfyUI's packs make are not checked any further, as there.
UNRUNNABLE = (UnknownNode, DanglingLink, UnknownOutput, Cycle)

DEEPEST = 5000  # expansions within expansions: more than that is taken for a loop without an end


class EndlessExpansion(RuntimeError):
    """Nodes that go on turning into graphs, or wait for what they turned into themselves."""

    hint = "Let the node stop expanding at some point, and expand into nothing that has its own inputs."


def opened(task: Task, grown: Grown, workers: Workers) -> OpenGrowth:
    """The graphs that a node turned into, checked and with keys. Raises `GraphInvalid` or `WrongResult`."""
    parts = [part if isinstance(part, Result) else _opened_part(task, part, workers) for part in grown.parts]
    return OpenGrowth(tuple(parts), grown.mapped)


def gathered(task: Task) -> Result:
    """The result of a node that turned into graphs, from theirs."""
    assert task.growth is not None
    parts = [part if isinstance(part, Result) else _gathered_part(task, part) for part in task.growth.parts]
    return joined(task.kind, parts) if task.growth.mapped else parts[0]


def _opened_part(task: Task, growth: Growth, workers: Workers) -> OpenPart:
    outer, spec, expand = task.scope, task.kind.spec, growth.expand
    if outer.depth >= DEEPEST:
        raise EndlessExpansion(f"Its expansion is the {DEEPEST + 1}th within one another.")
    outputs = _outputs(spec, expand)
    graph, registry = expand.graph, workers.registry
    links = {name: value for name, value in outputs.items() if isinstance(value, Link)}
    around = _around(graph, links.values(), outer)
    inside = _with_given(spec, expand.given)
    nodes = {id: scope.graph.nodes[id] for id, scope in around.items()}
    problems = validate(graph, registry, wanted=tuple(links.values()), outer=inside, around=nodes)
    if spec.style != "weft":
        problems = [problem for problem in problems if isinstance(problem, UNRUNNABLE)]
    if problems:
        raise GraphInvalid(problems)
    if spec.style == "weft":
        _check_types(spec, inside, {**nodes, **graph.nodes}, links, registry)
    scope = _scope(task, growth, around, registry)
    ids = readers(graph, registry)
    outside = fingerprints(graph, registry, workers.folders, workers.functions, ids)
    scope.keys = keys(graph, registry, outside, workers.place, scope.origin)
    values = {
        output.name: _plain_value(output, outputs[output.name])
        for output in spec.outputs
        if output.name not in links
    }
    return OpenPart(scope, links, values, expand.published, effects(graph, registry))


def _around(graph: Graph, outputs: Iterable[Link], outer: Scope) -> dict[str, Scope]:
    """The graphs around this one that its links lead to, by the node they lead to."""
    links = [link for node in graph.nodes.values() for link in node.inputs.values() if isinstance(link, Link)]
    strangers = {link.node for link in (*links, *outputs)} - graph.nodes.keys() - {OUTER}
    found: dict[str, Scope] = {}
    scope: Scope | None = outer
    while strangers and scope is not None:
        found |= {id: scope for id in strangers if id in scope.graph.nodes}
        strangers -= found.keys()
        scope = scope.around
    return found


def _with_given(spec: NodeSpec, given: Mapping[str, object]) -> NodeSpec:
    """The spec of the node, with what it gives to its graph besides as further inputs."""
    return replace(
        spec, inputs=(*spec.inputs, *(InputSpec(name, Anything(), required=False) for name in given))
    )


def _scope(task: Task, growth: Growth, around: Mapping[str, Scope], registry: Registry) -> Scope:
    outer, node = task.scope, task.scope.graph.nodes[task.id]
    call = "" if growth.index is None else f"[{growth.index}]"
    path = f"{task.path}/" if growth.index is None else f"{task.path}/{growth.index}/"
    texts: dict[tuple[str, str | int], str] = {}
    scope = Scope(growth.expand.graph, {}, path, Origin(texts, path), outer.depth + 1, around=outer)
    given: dict[str | int, Source] = {}
    asked: dict[tuple[str, str | int], tuple[Scope, Link]] = {}
    for place, input in enumerate(task.kind.spec.inputs):
        name = input.name
        text = input_text(outer.graph, registry, outer.keys, outer.origin, task.id, input)
        texts[OUTER, name] = texts[OUTER, place] = text + (call if name in growth.sliced else "")
        link = node.inputs.get(name)
        if isinstance(link, Link) and (input.raw_link or name not in growth.inputs):
            asked[OUTER, name] = asked[OUTER, place] = (outer, link)
        else:
            value = growth.inputs.get(name, input.default)
            given[name] = given[place] = Source(Result({VALUE: value}))
    for name, value in growth.expand.given.items():
        given[name] = Source(Result({VALUE: value}))
        texts[OUTER, name] = f"given by @{task.key}{call}{output_mark(name)}"
    for link in _links_to(around, growth.expand):
        home = around[link.node]
        asked[link.node, link.output] = (home, link)
        texts[link.node, link.output] = linked_text(link, home.graph, registry, home.keys, home.origin)
    scope.given, scope.asked = given, asked
    return scope


def _links_to(around: Mapping[str, Scope], expand: Expand) -> Iterator[Link]:
    if not around:
        return
    outputs = (expand.outputs,) if isinstance(expand.outputs, Link) else expand.outputs.values()
    inputs = (value for node in expand.graph.nodes.values() for value in node.inputs.values())
    for value in (*inputs, *outputs):
        if isinstance(value, Link) and value.node in around:
            yield value


def _outputs(spec: NodeSpec, expand: Expand) -> Mapping[str, object]:
    names = [output.name for output in spec.outputs]
    outputs = {names[0]: expand.outputs} if isinstance(expand.outputs, Link) and names else expand.outputs
    graph: object = expand.graph
    if not isinstance(graph, Graph) or not isinstance(outputs, Mapping):
        raise WrongResult(
            "It returned an Expand without a Graph or without links.", "Expand(graph, {...: Link})"
        )
    if set(outputs) != set(names):
        given = ", ".join(outputs) or "nothing"
        raise WrongResult(
            f"It expanded into a graph that gives {given}, but declares {', '.join(names) or 'nothing'}.",
            "Let `outputs` have a link for each output that the node declares, and no other.",
        )
    return outputs


def _check_types(
    spec: NodeSpec, inside: NodeSpec, nodes: Mapping[str, Node], links: Mapping[str, Link], registry: Registry
) -> None:
    for output in spec.outputs:
        if output.name not in links:
            continue
        type = _type_of(links[output.name], inside, nodes, registry)
        if not fits(type, output.type):
            raise WrongResult(
                f"It expanded into a graph that gives {type_text(type)} as '{output.name}', "
                f"but declares {type_text(output.type)}.",
                "Link the output to one of its type.",
            )


def _type_of(link: Link, inside: NodeSpec, nodes: Mapping[str, Node], registry: Registry) -> PortType:
    if link.node == OUTER:
        ports = {input.name: input.type for input in inside.inputs}
    else:
        ports = {output.name: output.type for output in registry[nodes[link.node].kind].outputs}
    return ports[link.output] if isinstance(link.output, str) else list(ports.values())[link.output]


def _plain_value(output: OutputSpec, value: object) -> object:
    return Many(tuple(value)) if output.gives_list and isinstance(value, list | tuple) else value


def _gathered_part(task: Task, part: OpenPart) -> Result:
    outputs = {name: value_of(source, output) for name, (source, output) in part.sources.items()}
    made = [part.published]
    if (
        task.kind.spec.effect and task.kind.spec.style == "weft"
    ):  # packs' nodes show what they make themselves
        made += [maker.result.published for maker in part.makers if maker.result]
    return Result({**part.values, **outputs}, published_together(made))
