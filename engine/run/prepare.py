"""From a graph to a plan: check it, look at the files it reads, name its results, see which of them are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.graph.cycles import sources
from engine.graph.edit import only_needed
from engine.graph.graph import Graph, Link
from engine.graph.problems import DanglingLink, GraphInvalid, NoOutputs, Problem
from engine.graph.registry import Registry
from engine.graph.validate import validate
from engine.run.cache import Cache
from engine.run.fingerprints import fingerprints, readers
from engine.run.keys import keys
from engine.run.order import in_order
from engine.run.plan import Plan, Target, plan, wanted_nodes
from engine.run.workers import Workers


def runnable(
    graph: Graph,
    registry: Registry,
    targets: Collection[Target] = (),
    files: Mapping[str, Collection[str]] | None = None,
) -> Graph:
    """What the targets need of a graph, if nothing is wrong with that. Raises `GraphInvalid` with all its problems.

    Args:
        graph: What is to be run.
        registry: The nodes that are known.
        targets: The outputs whose values are wanted, or the ids of nodes to run. Where there are ids, what is wrong
            elsewhere in the graph does not matter.
        files: The files of each folder, to check the names of files against.
    """
    strangers = [id for id in targets if isinstance(id, str) and id not in graph.nodes]
    part = needed(graph, registry, targets)
    problems: list[Problem] = [DanglingLink(None, None, id) for id in strangers]
    links = [target for target in targets if isinstance(target, Link)]
    # Who names nodes wants those run, whether they save anything or not.
    found = validate(part, registry, files, wanted=links)
    problems += [problem for problem in found if not (targets and isinstance(problem, NoOutputs))]
    if problems:
        raise GraphInvalid(problems)
    return part


def needed(graph: Graph, registry: Registry, targets: Collection[Target] = ()) -> Graph:
    """The part of a graph that its targets need, where ids of nodes are among them; else the whole graph."""
    if all(isinstance(target, Link) for target in targets):
        return graph
    return only_needed(graph, wanted_nodes(graph, registry, targets))


def prepare(graph: Graph, workers: Workers, cache: Cache, targets: Collection[Target] = ()) -> Plan:
    """What to do for a graph with which nothing is wrong. Raises `FingerprintFailed`.

    Args:
        graph: What is to be run.
        workers: Who will run it.
        cache: Where results may be already.
        targets: The outputs whose values are wanted, or the ids of nodes to run; without any, all nodes are wanted that
            are run for what they do.
    """
    registry = workers.registry
    reading = readers(graph, registry)
    if reading:
        needed = set(in_order(wanted_nodes(graph, registry, targets), sources(graph).__getitem__))
        reading = [id for id in reading if id in needed]
    outside = fingerprints(graph, registry, workers.folders, workers.functions, reading)
    names = keys(graph, registry, outside, workers.place, memory=workers.key_memory)
    return plan(graph, registry, names, cache.__contains__, targets, outside)
