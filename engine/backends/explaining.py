"""Saying why nodes run, by comparison with the runs before: kept in memory, for each client."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from engine.graph.registry import Registry
from engine.run.events import NodeFinished
from engine.run.plan import Plan
from engine.run.record import Records
from engine.run.why import Why, explain

MOST_CLIENTS = 16
GRAPHS_EACH = 4


@dataclass(frozen=True, slots=True)
class Past:
    """The last runs of a graph: for each node the plan by which it last ran, and what it then took."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    took: Mapping[str, NodeFinished] = field(default_factory=dict)


NOTHING = Past()


class Explaining:
    """Remembers the last graphs of the last clients, and says what is otherwise about a new one.

    Runs are taken note of by one thread, while others may ask.
    """

    def __init__(self) -> None:
        self._clients: dict[str, list[Past]] = {}
        self._lock = threading.Lock()

    def reasons(
        self, client: str, plan: Plan, registry: Registry, device: str
    ) -> tuple[tuple[str, str], ...]:
        """For each step of a plan, why it will run or not, in a few words."""
        return tuple((id, why.describe()) for id, why in self.whys(client, plan, registry, device))

    def whys(self, client: str, plan: Plan, registry: Registry, device: str) -> Iterator[tuple[str, Why]]:
        """The same as data."""
        before = Records(self.past(client, plan.keys.keys()).plans, registry, device)
        return explain(plan, registry, device, before)

    def remember(
        self,
        client: str,
        plan: Plan,
        unfinished: Collection[str],
        took: Mapping[str, NodeFinished] | None = None,
    ) -> None:
        """Take note of a run. What did not finish stays as it was the last time, if it ever was.

        Args:
            client: Whose run it was.
            plan: What was to be done.
            unfinished: The nodes that were to run, and have not come to their end.
            took: What those have taken that ran; others stand there as they did before.
        """
        before = self.past(client, plan.keys.keys())
        now: dict[str, Plan] = dict.fromkeys(plan.keys, plan)
        for id in unfinished:
            if id in before.plans:
                now[id] = before.plans[id]
            else:
                del now[id]
        seen = Past(now, _taken(plan, before.took, took or {}))
        with self._lock:
            known = self._clients.pop(client, [])
            self._clients[client] = [seen, *(past for past in known if past is not before)][:GRAPHS_EACH]
            while len(self._clients) > MOST_CLIENTS:
                del self._clients[next(iter(self._clients))]

    def forget(self) -> None:
        """Forget everything: the nodes may be others from now on."""
        with self._lock:
            self._clients.clear()

    def past(self, client: str, ids: Collection[str]) -> Past:
        """The past of that graph of a client which shares most nodes with these, if any shares some."""
        with self._lock:
            known = self._clients.get(client, [])
        shared = [len(past.plans.keys() & ids) for past in known]
        most = max(shared, default=0)
        return known[shared.index(most)] if most else NOTHING


def _taken(
    plan: Plan, before: Mapping[str, NodeFinished], now: Mapping[str, NodeFinished]
) -> Mapping[str, NodeFinished]:
    if not now:
        return before
    # Nodes that others turned into have paths of their own, and are none of the graph's.
    return {id: took for took_by in (before, now) for id, took in took_by.items() if id in plan.keys}
