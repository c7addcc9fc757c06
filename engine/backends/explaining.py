"""Saying why nodes run, by comparison with the runs before: kept in memory, for each client."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.graph.registry import Registry
from engine.run.plan import Plan
from engine.run.record import Records
from engine.run.why import explain

MOST_CLIENTS = 16
GRAPHS_EACH = 4


class Explaining:
    """Remembers the last graphs of the last clients, and says what is otherwise about a new one."""

    def __init__(self) -> None:
        self._clients: dict[str, list[Mapping[str, Plan]]] = {}

    def reasons(
        self, client: str, plan: Plan, registry: Registry, device: str
    ) -> tuple[tuple[str, str], ...]:
        """For each step of a plan, why it will run or not, in a few words."""
        before = Records(self._nearest(client, plan), registry, device)
        return tuple((id, why.describe()) for id, why in explain(plan, registry, device, before))

    def remember(self, client: str, plan: Plan, unfinished: Collection[str]) -> None:
        """Take note of a run. What did not finish stays as it was the last time, if it ever was."""
        before = self._nearest(client, plan)
        now: dict[str, Plan] = dict.fromkeys(plan.keys, plan)
        for id in unfinished:
            if id in before:
                now[id] = before[id]
            else:
                del now[id]
        known = self._clients.pop(client, [])
        self._clients[client] = [now, *(graph for graph in known if graph is not before)][:GRAPHS_EACH]
        while len(self._clients) > MOST_CLIENTS:
            del self._clients[next(iter(self._clients))]

    def forget(self) -> None:
        """Forget everything: the nodes may be others from now on."""
        self._clients.clear()

    def _nearest(self, client: str, plan: Plan) -> Mapping[str, Plan]:
        """The graph of this client that shares most nodes with the plan's, if it shares any."""
        known = self._clients.get(client, [])
        nearest = max(known, key=lambda graph: len(graph.keys() & plan.keys.keys()), default={})
        return nearest if nearest.keys() & plan.keys.keys() else {}
