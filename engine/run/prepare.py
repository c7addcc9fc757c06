"""From a graph to a plan: check it, look at the files it reads, name its results, see which of them are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.graph.cycles import sources
from engine.graph.graph import Graph, Link
from engine.graph.problems import GraphInvalid
from engine.graph.validate import validate
from engine.run.cache import Cache
from engine.run.fingerprints import fingerprints, readers
from engine.run.keys import keys
from engine.run.order import in_order
from engine.run.plan import Plan, plan, wanted_nodes
from engine.run.workers import Workers


def prepare(
    graph: Graph,
    workers: Workers,
    cache: Cache,
    targets: Collection[Link] = (),
    files: Mapping[str, Collection[str]] | None = None,
) -> Plan:
    """What to do for a graph. Raises `GraphInvalid` with all its problems, or `FingerprintFailed`.

    Args:
        graph: What to run.
        workers: Who will run it.
        cache: Where results may be already.
        targets: The outputs whose values are wanted; without any, all nodes are that are run for what they do.
        files: The files of each folder, to check the names of files against.
    """
    registry = workers.registry
    problems = validate(graph, registry, files, wanted=targets)
    if problems:
        raise GraphInvalid(problems)
    ids = readers(graph, registry)
    if ids:
        needed = set(in_order(wanted_nodes(graph, registry, targets), sources(graph).__getitem__))
        ids = [id for id in ids if id in needed]
    outside = fingerprints(graph, registry, workers.folders, workers.functions, ids)
    names = keys(graph, registry, outside, workers.device)
    return plan(graph, registry, names, cache.__contains__, targets, outside)
