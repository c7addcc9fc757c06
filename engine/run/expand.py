"""Nodes that turn into graphs: checking such a graph, naming its results, and gathering them into the node's own."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.graph import Graph, Link
from engine.graph.problems import GraphInvalid
from engine.graph.registry import Registry
from engine.graph.spec import NodeSpec
from engine.graph.types import PortType, fits, type_text
from engine.graph.validate import validate
from engine.graph.values import OUTER, Expand, Published
from engine.run.call import Grown, Growth, joined
from engine.run.fingerprints import fingerprints, readers
from engine.run.keys import Origin, input_text, keys
from engine.run.plan import effects
from engine.run.result import Result
from engine.run.returns import WrongResult
from engine.run.tasks import VALUE, OpenGrowth, OpenPart, Scope, Source, Task, value_of
from engine.run.workers import Workers

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
    outer, spec, graph = task.scope, task.kind.spec, growth.expand.graph
    if outer.depth >= DEEPEST:
        raise EndlessExpansion(f"Its expansion is the {DEEPEST + 1}th within one another.")
    outputs = _outputs(spec, growth.expand)
    problems = validate(graph, workers.registry, wanted=tuple(outputs.values()), outer=spec)
    if problems:
        raise GraphInvalid(problems)
    _check_types(spec, graph, outputs, workers.registry)
    scope = _scope(task, growth, workers.registry)
    ids = readers(graph, workers.registry)
    outside = fingerprints(graph, workers.registry, workers.folders, workers.functions, ids)
    scope.keys = keys(graph, workers.registry, outside, workers.device, scope.origin)
    return OpenPart(scope, outputs, effects(graph, workers.registry))


def _scope(task: Task, growth: Growth, registry: Registry) -> Scope:
    outer, node = task.scope, task.scope.graph.nodes[task.id]
    given: dict[str | int, Source] = {}
    asked: dict[str | int, tuple[Scope, Link]] = {}
    texts: dict[tuple[str, str | int], str] = {}
    for place, input in enumerate(task.kind.spec.inputs):
        name = input.name
        text = input_text(outer.graph, registry, outer.keys, outer.origin, task.id, input)
        if name in growth.sliced:
            text += f"[{growth.index}]"
        texts[OUTER, name] = texts[OUTER, place] = text
        link = node.inputs.get(name)
        if isinstance(link, Link) and name not in growth.inputs:
            asked[name] = asked[place] = (outer, link)
        else:
            value = growth.inputs.get(name, input.default)
            given[name] = given[place] = Source(Result({VALUE: value}))
    path = f"{task.path}/" if growth.index is None else f"{task.path}/{growth.index}/"
    origin = Origin(texts, path)
    return Scope(growth.expand.graph, {}, path, origin, outer.depth + 1, given=given, asked=asked)


def _outputs(spec: NodeSpec, expand: Expand) -> Mapping[str, Link]:
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


def _check_types(spec: NodeSpec, graph: Graph, outputs: Mapping[str, Link], registry: Registry) -> None:
    for output in spec.outputs:
        type = _type_of(outputs[output.name], spec, graph, registry)
        if not fits(type, output.type):
            raise WrongResult(
                f"It expanded into a graph that gives {type_text(type)} as '{output.name}', "
                f"but declares {type_text(output.type)}.",
                "Link the output to one of its type.",
            )


def _type_of(link: Link, spec: NodeSpec, graph: Graph, registry: Registry) -> PortType:
    if link.node == OUTER:
        ports = {input.name: input.type for input in spec.inputs}
    else:
        ports = {output.name: output.type for output in registry[graph.nodes[link.node].kind].outputs}
    return ports[link.output] if isinstance(link.output, str) else list(ports.values())[link.output]


def _gathered_part(task: Task, part: OpenPart) -> Result:
    outputs = {name: value_of(source, output) for name, (source, output) in part.sources.items()}
    if not task.kind.spec.effect:
        return Result(outputs)
    made = [maker.result.published for maker in part.makers if maker.result and maker.result.published]
    return Result(outputs, Published(tuple(file for published in made for file in published.files)))
