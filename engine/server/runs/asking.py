"""Questions about a graph that is not run: what routes read of them, and what they say where there is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

import msgspec

from engine.backends.backend import RunRequest, WorkerLost
from engine.backends.questions import WorkerFailed
from engine.server.answers import Refused

WITHIN = 20.0  # seconds for a worker that is just being started

T = TypeVar("T")


def request_of(body: Mapping[str, object], most: int) -> RunRequest:
    """The graph that a body asks about, as a run of it would be asked for. Raises `Refused`.

    Args:
        body: `graph` of any format; `client_id`, whose runs are to be compared with; `targets`, nodes' ids.
        most: How many nodes a graph may have.
    """
    graph = body.get("graph")
    if not isinstance(graph, Mapping):
        raise wrong("graph", "a graph (an object)")
    nodes = graph.get("nodes", graph)
    if isinstance(nodes, Sequence | Mapping) and len(nodes) > most:
        raise Refused(413, "too_many_nodes", f"The graph has {len(nodes)} nodes; {most} is the most.")
    client = body.get("client_id") or ""
    if not isinstance(client, str):
        raise wrong("client_id", "a text")
    targets = body.get("targets") or ()
    if not isinstance(targets, list | tuple) or not all(isinstance(target, str) for target in targets):
        raise wrong("targets", "a list of nodes' ids")
    return RunRequest("", 0, msgspec.json.encode(graph), targets=tuple(targets), client=client)


async def answered(question: Awaitable[T]) -> T:
    """What the backend answers. Raises `Refused` where it does not."""
    try:
        async with asyncio.timeout(WITHIN):
            return await question
    except (TimeoutError, WorkerLost):
        raise Refused(
            503, "worker_not_ready", "The worker does not answer yet.", "Ask again in a moment."
        ) from None
    except WorkerFailed as error:
        raise Refused(
            500, "worker_failed", f"The worker could not answer: {error}.", "See the server's log."
        ) from None


def wrong(field: str, expected: str) -> Refused:
    """A refusal of what stands in a field."""
    return Refused(
        400, "invalid_request", f"`{field}` must be {expected}.", f"Correct `{field}`, or leave it out."
    )
