"""What the nodes of a graph were made of when it was last run: kept on disk, to tell later why a node runs again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import msgspec

from engine.graph.graph import Link
from engine.graph.growing import inputs_of
from engine.graph.registry import Registry
from engine.graph.spec import NodeSpec
from engine.run.literals import as_taken
from engine.run.plan import Plan


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One node: its literals as JSON, its links as (node, output), and the state of what it read beside them."""

    kind: str
    version: int
    key: str
    device: str = ""
    literals: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)


Record: TypeAlias = Mapping[str, NodeRecord]


class Records(Mapping[str, NodeRecord]):
    """What nodes are made of, each as some plan has it; worked out when somebody asks.

    Args:
        plans: For each node, the plan of the run that it was part of.
        registry: The nodes' specs.
        device: Where they compute.
    """

    def __init__(self, plans: Mapping[str, Plan], registry: Registry, device: str) -> None:
        self.plans = plans
        self.registry = registry
        self.device = device
        self._made: dict[str, NodeRecord] = {}

    def __getitem__(self, id: str) -> NodeRecord:
        made = self._made.get(id)
        if made is None:
            made = self._made[id] = _node_record(id, self.plans[id], self.registry, self.device)
        return made

    def __contains__(self, id: object) -> bool:
        return id in self.plans

    def __iter__(self) -> Iterator[str]:
        return iter(self.plans)

    def __len__(self) -> int:
        return len(self.plans)


def records(plan: Plan, registry: Registry, device: str) -> Records:
    """What each node of a plan's graph is made of, worked out when somebody asks."""
    return Records(dict.fromkeys(plan.keys, plan), registry, device)


def record(plan: Plan, registry: Registry, device: str) -> Record:
    """What each node of a plan's graph is made of."""
    return dict(records(plan, registry, device))


def key_of(record: Record, id: str) -> str:
    """The key of a node of a record."""
    return record.plans[id].keys[id] if isinstance(record, Records) else record[id].key


def looks_the_same(id: str, one: Record, other: Record) -> bool:
    """Whether a node is plainly the same in both, but for what lies above it. False: it takes a closer look."""
    if not isinstance(one, Records) or not isinstance(other, Records):
        return False
    if one.registry is not other.registry or one.device != other.device:
        return False
    before, now = one.plans[id], other.plans[id]
    was, node = before.graph.nodes[id], now.graph.nodes[id]
    same_node = was is node or (was.kind == node.kind and was.inputs == node.inputs)
    return same_node and before.outside.get(id) == now.outside.get(id)


def remembered(before: Record | None, now: Record, unfinished: Collection[str]) -> Record:
    """The record after a run: what did not finish stays as it was the last time, if it ever was."""
    old = before or {}
    kept = {id: old[id] for id in unfinished if id in old}
    return {**{id: node for id, node in now.items() if id not in unfinished}, **kept}


def record_file(folder: Path, graph: Path) -> Path:
    """Where the record of a graph's file is kept."""
    name = hashlib.sha256(str(graph.resolve()).encode()).hexdigest()[:16]
    return folder / f"{graph.stem}-{name}.json"


def read_record(path: Path) -> Record | None:
    """The record in a file, or None where there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, NodeRecord])
    except (OSError, msgspec.MsgspecError):
        return None


def write_record(path: Path, record: Record) -> None:
    """Keep a record in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(msgspec.json.encode(record))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _node_record(id: str, plan: Plan, registry: Registry, device: str) -> NodeRecord:
    node = plan.graph.nodes[id]
    spec = registry[node.kind]
    literals: dict[str, str] = {}
    links: dict[str, tuple[str, str]] = {}
    for input in inputs_of(spec, node.inputs):
        value = node.inputs.get(input.name, input.default)
        if isinstance(value, Link):
            source = registry[plan.graph.nodes[value.node].kind]
            links[input.name] = (value.node, _output_name(value, source))
        else:
            literals[input.name] = msgspec.json.encode(as_taken(input.type, value)).decode()
    outside = plan.outside.get(id, {})
    return NodeRecord(
        spec.id, spec.version, plan.keys[id], device if spec.device else "", literals, links, outside
    )


def _output_name(link: Link, source: NodeSpec) -> str:
    return link.output if isinstance(link.output, str) else source.outputs[link.output].name
