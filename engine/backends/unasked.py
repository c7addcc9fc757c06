"""The state of what nodes read beside their inputs, found without calling any code of theirs.

What a node's own `fingerprint=` says is taken to be what it said when it was last run. Where that is not known, or it
was that the node is never the same twice, it counts as changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.graph.graph import Graph
from engine.graph.registry import Registry
from engine.run.fingerprints import ALWAYS, WHOLE, fingerprints
from engine.run.plan import Plan
from engine.run.workers import Workers


def unasked(
    graph: Graph, workers: Workers, ids: Iterable[str], before: Mapping[str, Plan]
) -> dict[str, dict[str, str]]:
    """What these nodes read beside their inputs, by node and input.

    Args:
        graph: Whose nodes they are.
        workers: Where they find their files.
        ids: The nodes to look at, which `readers` tells.
        before: The plan by which each node was last run.
    """
    ids = list(ids)
    kinds = {graph.nodes[id].kind for id in ids}
    specs = {kind: replace(workers.registry[kind], fingerprinted=False) for kind in kinds}
    found = fingerprints(graph, Registry(specs), workers.folders, {}, ids)
    for id in ids:
        if workers.registry[graph.nodes[id].kind].fingerprinted:
            found[id][WHOLE] = _said(id, before)
    return found


def _said(id: str, before: Mapping[str, Plan]) -> str:
    said = before[id].outside.get(id, {}).get(WHOLE) if id in before else None
    return said if said is not None and not said.startswith(ALWAYS) else ALWAYS + secrets.token_hex(8)
