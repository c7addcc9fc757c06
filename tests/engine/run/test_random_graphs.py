"""Random graphs with everything in them, run under every kind of cache, against the plain arithmetic they stand for."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from engine.api import OUTER, Expand, Graph, Lazy, Link, Node, node
from engine.graph.graph import InputValue
from engine.run.cache import Cache, MemoryCache, NoCache
from engine.run.result import Result
from tests.engine.run.lab import Lab, graph, use, workers
from tests.engine.run.toys import Value

PRIME = 10007


@node("Number")
def number(value: int) -> Value:
    """A number."""
    return value


@node("Add")
def add(a: int, b: int) -> Value:
    """A sum."""
    return (a + b) % PRIME


@node("Multiply", device=True)
def multiply(a: int, b: int) -> Value:
    """A product."""
    return a * b % PRIME


@node("Next")
async def following(a: int) -> Value:
    """The next number."""
    return (a + 1) % PRIME


@node("If")
def choose(c: int, yes: Lazy[int], no: Lazy[int]) -> Value:
    """One of two, knowing it."""
    return yes.get() if c % 2 else no.get()


@node("Pass")
def hand_on(c: int, yes: Lazy[int], no: Lazy[int]) -> Value | Expand:
    """One of two, without knowing either."""
    return Expand(graph(x=use("Add", a=Link(OUTER, "yes" if c % 2 else "no"), b=0)), Link("x", "value"))


@node("Flat")
def flat(a: int, steps: int) -> Value | Expand:
    """Steps laid out in one graph."""
    nodes = {"0": use("Add", a=Link(OUTER, "a"), b=0)}
    nodes |= {str(step): use("Next", a=f"@{step - 1}.value") for step in range(1, steps + 1)}
    return Expand(Graph(nodes), Link(str(steps), "value"))


@node("Nested")
def nested(a: int, steps: int) -> Value | Expand:
    """Steps one inside the other, every second one left out."""
    if not steps:
        return a
    return Expand(
        graph(
            step=use("Next", a=Link(OUTER, "a")),
            either=use("Pass", c=steps, yes=Link(OUTER, "a"), no="@step.value"),
            rest=use("Nested", a="@either.value", steps=steps - 1),
        ),
        Link("rest", "value"),
    )


FUNCTIONS: list[Callable[..., object]] = [number, add, multiply, following, choose, hand_on, flat, nested]

PLAIN: dict[str, Callable[..., int]] = {
    "Number": lambda value: value,
    "Add": lambda a, b: (a + b) % PRIME,
    "Multiply": lambda a, b: a * b % PRIME,
    "Next": lambda a: (a + 1) % PRIME,
    "If": lambda c, yes, no: yes if c % 2 else no,
    "Pass": lambda c, yes, no: (yes if c % 2 else no) % PRIME,
    "Flat": lambda a, steps: (a + steps) % PRIME,
    "Nested": lambda a, steps: (a + steps // 2) % PRIME,
}

INPUTS = {
    "Number": "",
    "Add": "a b",
    "Multiply": "a b",
    "Next": "a",
    "If": "c yes no",
    "Pass": "c yes no",
    "Flat": "a",
    "Nested": "a",
}


class Forgetful(MemoryCache):
    """Has often lost what it said it had."""

    def __init__(self, often: float, chance: random.Random) -> None:
        super().__init__()
        self.often = often
        self.chance = chance

    def get(self, key: str) -> Result | None:
        return None if self.chance.random() < self.often else super().get(key)

    at_hand = get


CACHES: dict[str, Callable[[random.Random], Cache]] = {
    "none": lambda chance: NoCache(),
    "memory": lambda chance: MemoryCache(),
    "a small one": lambda chance: MemoryCache(3000),
    "a forgetful one": lambda chance: Forgetful(0.3, chance),
    "one that loses all": lambda chance: Forgetful(1.0, chance),
}


def random_graph(chance: random.Random) -> dict[str, Node]:
    nodes: dict[str, Node] = {}

    def source() -> InputValue:
        if nodes and chance.random() < 0.85:
            return Link(chance.choice(list(nodes)), "value")
        return chance.randrange(5)

    for index in range(chance.randrange(2, 40)):
        kind = chance.choice(list(INPUTS))
        inputs: dict[str, InputValue] = {name: source() for name in INPUTS[kind].split()}
        if kind == "Number":
            inputs["value"] = chance.randrange(3)
        if kind in ("Flat", "Nested"):
            inputs["steps"] = chance.randrange(5)
        nodes[f"n{index}"] = Node(kind, inputs)
    return nodes


def plain_values(nodes: dict[str, Node]) -> dict[str, int]:
    values: dict[str, int] = {}
    for id, each in nodes.items():
        inputs = {
            name: values[value.node] if isinstance(value, Link) else value
            for name, value in each.inputs.items()
        }
        values[id] = PLAIN[each.kind](**inputs)
    return values


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("cache", CACHES)
def test_random_graphs_give_what_arithmetic_says(cache: str, threads: int) -> None:
    for seed in range(30):
        chance = random.Random(seed)
        nodes = random_graph(chance)
        right = plain_values(nodes)
        here = Lab(FUNCTIONS, CACHES[cache](chance), workers(threads=threads))
        shuffled = Graph(dict(chance.sample(list(nodes.items()), len(nodes))))
        for _ in range(3):
            targets = chance.sample(list(nodes), min(3, len(nodes)))
            outcome = here.run(shuffled, *(f"{target}.value" for target in targets))

            assert outcome.failures == []
            assert list(outcome.values.values()) == [right[target] for target in targets]
