"""From a graph to a plan: check it, look at the files it reads, name its results, see which of them are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.graph.cycles import sources
from engine.graph.edit import only_needed
from engine.graph.graph import Graph, Link
from engine.graph.problems import DanglingLink, GraphInvalid, NoOutputs, Problem
from engine.graph.validate import validate
from engine.run.cache import Cache
from engine.run.fingerprints import fingerprints, readers
from engine.run.keys import keys
from engine.run.order import in_order
from engine.run.plan import Plan, Target, plan, wanted_nodes
from engine.run.workers import Workers


def prepare(
    graph: Graph,
    workers: Workers,
    cache: Cache,
    targets: Collection[Target] = (),
    files: Mapping[str, Collection[str]] | None = None,
) -> Plan:
    """What to do for a graph. Raises `GraphInvalid` with all its problems, or `FingerprintFailed`.

    Args:
        graph: What to run.
        workers: Who will run it.
        cache: Where results may be already.
        targets: The outputs whose values are wanted, or the ids of nodes to run; without any, all nodes are wanted that
            are run for what they do. Where there are ids, the graph is cut to what the targets need before it is
            checked, so that what is wrong elsewhere in it does not matter.
        files: The files of each folder, to check the names of files against.
    """
    registry = workers.registry
    links = [target for target in targets if isinstance(target, Link)]
    problems: list[Problem] = []
    if len(links) < len(targets):
        ids = wanted_nodes(graph, registry, targets)
        problems += [DanglingLink(None, None, id) for id in ids if id in targets and id not in graph.nodes]
        graph = only_needed(graph, ids)
    found = validate(graph, registry, files, wanted=links)
    # Who names nodes wants those run, whether they save anything or not.
    problems += [problem for problem in found if not (targets and isinstance(problem, NoOutputs))]
    if problems:
        raise GraphInvalid(problems)
    reading = readers(graph, registry)
    if reading:
        needed = set(in_order(wanted_nodes(graph, registry, targets), sources(graph).__getitem__))
        reading = [id for id in reading if id in needed]
    outside = fingerprints(graph, registry, workers.folders, workers.functions, reading)
    names = keys(graph, registry, outside, workers.place)
    return plan(graph, registry, names, cache.__contains__, targets, outside)
