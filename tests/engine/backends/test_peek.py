"""A look at values that are kept, over every backend."""

from __future__ import annotations

from engine.backends.backend import Backend
from engine.run.events import NodeStarted, Picture
from engine.run.peeking import Peek
from tests.engine.backends.lab import STEPPING, Going, Opening, graph, ran, request, story, use

NODES = graph(
    t=use("Spin", wool="goat"),
    k=use("Tie", thread="@t"),
    u=use("Unravel", thread="@t"),
    l=use("Look", thread="@t", knot="@k", letters="@u"),
)


async def looked(backend: Backend, node: str, output: str | int = 0, nodes: bytes = NODES) -> Peek | None:
    return await backend.peek(request(nodes, client="me"), node, output)


@story
async def test_a_kept_value_shows_itself(opened: Opening) -> None:
    async with opened() as backend:
        await ran(backend, request(NODES, client="me"))
        thread = await looked(backend, "t", "thread")
        by_place = await looked(backend, "t", 0)

    assert thread is not None
    assert thread == by_place
    assert (thread.kind, thread.type, thread.text, thread.length) == (
        "thread",
        "Thread",
        "a thread of goat",
        4,
    )
    assert thread.picture == Picture("image/png", b"thread")
    assert thread.bytes > 0
    assert (thread.shape, thread.histogram) == (None, None)


@story
async def test_a_value_that_does_not_show_itself_is_said_in_words(opened: Opening) -> None:
    async with opened() as backend:
        await ran(backend, request(NODES, client="me"))
        knot = await looked(backend, "k")
        letters = await looked(backend, "u")

    assert knot is not None
    assert knot.text
    assert letters is not None
    assert (letters.kind, letters.text, letters.length) == ("text", "g", 4)


@story
async def test_what_is_not_kept_cannot_be_looked_at(opened: Opening) -> None:
    other = graph(t=use("Spin", wool="yak"), k=use("Tie", thread="@t"), odd=use("Nothing", x="@k"))
    async with opened() as backend:
        await ran(backend, request(NODES, client="me"))
        found = [
            await looked(backend, "t", nodes=other),
            await looked(backend, "odd", nodes=other),
            await looked(backend, "nobody"),
            await looked(backend, "t", "nothing"),
            await looked(backend, "t", nodes=b"[]"),
        ]

    assert found == [None] * 5


@story
async def test_a_graph_with_problems_elsewhere_can_be_looked_into(opened: Opening) -> None:
    more = graph(t=use("Spin", wool="goat"), odd=use("Nothing"), k=use("Tie"))
    async with opened() as backend:
        await ran(backend, request(NODES, client="me"))
        assert await looked(backend, "t", nodes=more) is not None


@story
async def test_looking_is_possible_while_a_run_goes_on(opened: Opening) -> None:
    async with opened() as backend:
        await ran(backend, request(NODES, client="me"))
        going = Going(backend, STEPPING)
        await going.until(NodeStarted)
        assert await looked(backend, "t") is not None
        await backend.cancel(going.request.run, 20)
