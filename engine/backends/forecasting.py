"""Saying what a run would do, without doing anything: asked with every change of a graph, also while a run goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from engine.backends.explaining import Explaining, Past
from engine.backends.inline import Inline
from engine.backends.unasked import unasked
from engine.formats.coerce import coerced
from engine.graph.cycles import sources
from engine.graph.edit import only_needed
from engine.graph.facts import Fact
from engine.graph.graph import Graph
from engine.graph.problems import DanglingLink, Problem
from engine.graph.validate import validate
from engine.run.cache import Cache
from engine.run.fingerprints import readers
from engine.run.forecast import Forecast, NodeForecast, Reason, State, reason_of
from engine.run.foresee import FactsOf, foreseen
from engine.run.keys import keys
from engine.run.order import in_order_as_far_as_possible
from engine.run.plan import Plan, effects, plan
from engine.run.soundness import unsound, without
from engine.run.why import Why

CACHED = "comes from the cache"
NOT_NEEDED = "nothing that runs needs it"
NOT_WANTED = "nothing that is wanted needs it"
FAULTY = "it has to be put right first"
LONGEST = 200  # characters of a text that is known already: an editor has the graph itself


@dataclass(frozen=True, slots=True)
class Sound:
    """A graph as it was sent, what is wrong with it, and the part of it that could be run.

    `reads` says what each node reads, and `faulty` which nodes cannot be run, each with the one at fault.
    """

    whole: Graph
    problems: list[Problem]
    reads: Mapping[str, Collection[str]]
    order: list[str]
    faulty: Mapping[str, str]
    part: Graph


def sound(sent: Graph, unread: Iterable[Problem], inline: Inline) -> Sound:
    """What is wrong with a graph, and what of it is not."""
    registry = inline.workers.registry
    graph = coerced(sent, registry)
    problems = [*unread]
    if graph.nodes or not problems:
        problems += validate(graph, registry, inline.files(graph))
    reads = sources(graph)
    order = in_order_as_far_as_possible(reads)
    faulty = unsound(order, reads, problems)
    return Sound(graph, problems, reads, order, faulty, without(graph, faulty))


def planned(found: Sound, inline: Inline, past: Past, wanted: Collection[str]) -> Plan:
    """What would be done for these nodes. Nothing is asked of anybody."""
    workers, graph = inline.workers, found.part
    outside = unasked(graph, workers, readers(graph, workers.registry), past.plans)
    names = keys(graph, workers.registry, outside, workers.place, memory=workers.key_memory)
    if wanted:
        return plan(graph, workers.registry, names, inline.cache.__contains__, wanted, outside)
    return Plan(graph, names, outside, (), (), (), frozenset())


def forecast(
    sent: Graph,
    unread: Iterable[Problem],
    inline: Inline,
    explaining: Explaining,
    client: str,
    targets: Collection[str],
) -> Forecast:
    """What would become of each node, and everything that is wrong with the graph.

    Args:
        sent: The graph.
        unread: What of it could not be read.
        inline: The nodes, and what is kept of their results.
        explaining: What runs were like before.
        client: With whose runs to compare.
        targets: The nodes that are to be run for what they do; none means all of them.
    """
    found = sound(sent, unread, inline)
    graph, workers, registry = found.whole, inline.workers, inline.workers.registry
    facts, clashes = foreseen(graph, found.order, workers)
    strangers = [DanglingLink(None, None, id) for id in targets if id not in graph.nodes]
    known = Graph({id: node for id, node in graph.nodes.items() if node.kind in registry})
    wanted = targets or effects(known, registry)
    needed = only_needed(graph, wanted).nodes.keys()
    past = explaining.past(client, graph.nodes.keys())
    made = planned(found, inline, past, _to_plan(wanted, needed, found))
    whys = dict(explaining.whys(client, made, registry, workers.place))
    nodes = {
        id: _node(
            id,
            _standing(id, found, made, needed, whys.get(id), inline.cache),
            made,
            past,
            inline.cache,
            facts,
        )
        for id in graph.nodes
    }
    return Forecast(nodes, (*found.problems, *clashes, *strangers))


def _to_plan(wanted: Iterable[str], needed: Collection[str], found: Sound) -> list[str]:
    """The wanted nodes that can be run; and what those that cannot would need, since they may be put right next."""
    doable = [id for id in wanted if id in found.part.nodes]
    instead = (source for id in needed if id in found.faulty for source in found.reads[id])
    return [*doable, *(id for id in instead if id in found.part.nodes)]


def _standing(
    id: str, found: Sound, made: Plan, needed: Collection[str], why: Why | None, cache: Cache
) -> tuple[State, str, Reason | None]:
    if why is not None:
        return ("cached" if id in made.cached else "runs"), why.describe(), reason_of(why)
    if id in found.faulty:
        fault = found.faulty[id]
        return "idle", FAULTY if fault == id else f"needs node {fault}: {FAULTY}", None
    if id not in needed:
        return "idle", NOT_WANTED, None
    if made.keys[id] in cache:
        return "cached", CACHED, Reason("cached")
    return "idle", NOT_NEEDED, None


def _node(
    id: str,
    standing: tuple[State, str, Reason | None],
    made: Plan,
    past: Past,
    cache: Cache,
    facts: FactsOf,
) -> NodeForecast:
    took = past.took.get(id)
    cost = cache.cost(made.keys[id]) if id in made.keys else None
    seconds = took.seconds if took is not None else cost.seconds if cost is not None else None
    size = cost.bytes if cost is not None else took.size if took is not None else None
    peak = took.peak if took is not None else 0
    outputs = facts.get(id, {})
    if any(fact.value.__class__ is str for fact in outputs.values()):
        outputs = {name: _shown(fact) for name, fact in outputs.items()}
    return NodeForecast(*standing, seconds, peak or None, size, outputs)


def _shown(fact: Fact) -> Fact:
    long = isinstance(fact.value, str) and len(fact.value) > LONGEST
    return replace(fact, value=None) if long else fact
