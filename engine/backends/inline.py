"""Runs in this process: for the command line, tests and notebooks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass

from engine.graph.graph import Graph
from engine.packs.folders import listing
from engine.run.cache import Cache
from engine.run.events import Event, RunFinished
from engine.run.execute import Values, run
from engine.run.failure import failure
from engine.run.fingerprints import FingerprintFailed
from engine.run.inbox import Inbox
from engine.run.plan import Plan, Target
from engine.run.prepare import needed, prepare, runnable
from engine.run.workers import Workers


@dataclass(frozen=True, slots=True)
class Inline:
    """Runs graphs on threads of this process. Runs share the cache, and may go on at the same time."""

    workers: Workers
    cache: Cache

    def plan(self, graph: Graph, targets: Collection[Target] = (), *, checked: bool = False) -> Plan:
        """What a run would do. Raises `GraphInvalid` with all problems, or `FingerprintFailed`.

        `checked`: nothing is wrong with the graph, nor with the targets.
        """
        registry = self.workers.registry
        part = (
            needed(graph, registry, targets)
            if checked
            else runnable(graph, registry, targets, self.files(graph))
        )
        return prepare(part, self.workers, self.cache, targets)

    def files(self, graph: Graph) -> Mapping[str, Collection[str]] | None:
        """The files of every folder that some node of the graph reads from, as `validate` wants to know it."""
        folders, registry = self.workers.folders, self.workers.registry
        kinds = {node.kind for node in graph.nodes.values()}
        return listing(folders, registry, kinds) if folders else None

    def run(
        self,
        graph: Graph,
        targets: Collection[Target] = (),
        inbox: Inbox | None = None,
        provenance: Mapping[str, str] | None = None,
        planned: Callable[[Plan], object] | None = None,
        request: Mapping[str, object] | None = None,
        *,
        checked: bool = False,
    ) -> Generator[Event, None, Values]:
        """Run a graph, yielding what happens and returning the targets' values. Raises `GraphInvalid`.

        Args:
            graph: What to run.
            targets: The outputs whose values are wanted, or the ids of nodes to run; without any, all nodes are that
                are run for what they do.
            inbox: To cancel the run, or to ask for previews, from elsewhere. It serves one run.
            provenance: Texts that nodes write into the files they make.
            planned: Is told the plan before it is carried out.
            request: What the run was asked for with, for `Context.request`.
            checked: Nothing is wrong with the graph, nor with the targets, so that neither is checked.
        """
        try:
            plan = self.plan(graph, targets, checked=checked)
        except FingerprintFailed as error:
            yield failure(error.node, graph.nodes[error.node].kind, error.error, {})
            yield RunFinished("failed", 0.0, 0, 0)
            return {}
        if planned is not None:
            planned(plan)
        return (yield from run(plan, self.workers, self.cache, inbox, provenance, request))
