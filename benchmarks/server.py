"""Runs through the server, as a client waits for them: from the POST to the message that all is done and written down.

Beside each stands a POST of the same body to a server that only reads it and sends it back.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import msgspec
from aiohttp import ClientConnectionError, ClientSession, ClientWebSocketResponse

from benchmarks import graphs
from benchmarks.report import Row
from engine.formats.comfy_prompt import prompt_of
from engine.graph.edit import with_input
from engine.graph.graph import Graph

TITLE = "Server"
ROOT = Path(__file__).parents[1]
CLIENT = "benchmark"
# Nodes; milliseconds fresh, cached, and with the last node changed.
CHAINS = ((10, 1.5, 1, 1), (100, 8, 2, 2), (1_000, 80, 20, 20))
ROUNDS, FEW_ROUNDS, SMALL = 25, 7, 500  # the smaller a graph, the more rounds it takes to see its time
JOBS, JOB_NODES, MOST_JOBS = 500, 10, 600  # ms
START_WITHIN = 60.0  # seconds, with the import of torch and all nodes

_numbers = itertools.count(1)


class _Data(msgspec.Struct):
    prompt_id: str | None = None
    node: str | None = ""


class _Message(msgspec.Struct):
    type: str
    data: _Data


@dataclass(frozen=True, slots=True)
class Client:
    """A client of both servers, with an open websocket to ours."""

    session: ClientSession
    ears: ClientWebSocketResponse
    ours: str
    echo: str

    async def post(self, body: bytes) -> str:
        """Have a run accepted; gives its id."""
        async with self.session.post(f"{self.ours}/prompt", data=body) as answer:
            answer.raise_for_status()
            id: str = msgspec.json.decode(await answer.read())["prompt_id"]
            return id

    async def done(self, runs: Collection[str]) -> None:
        """Wait until the last of these runs is done."""
        left = set(runs)
        while left:
            text = await self.ears.receive_str()
            if text.startswith('{"type":"executing"'):
                message = msgspec.json.decode(text, type=_Message)
                if message.data.node is None:
                    left.discard(message.data.prompt_id or "")

    async def echoed(self, body: bytes) -> None:
        """Have the body sent back."""
        async with self.session.post(f"{self.echo}/echo", data=body) as answer:
            await answer.read()


def measure() -> list[Row]:
    """Chains of several sizes, then a queue full of small ones."""
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    async with _client() as client:
        rows = [await _chain(client, *reach) for reach in CHAINS]
        return [*rows, await _queue(client)]


async def _chain(client: Client, size: int, *most: float) -> Row:
    graph = graphs.chain(size)
    kept = _body(_salted(graph))

    async def run(body: bytes) -> None:
        await client.done([await client.post(body)])

    await run(kept)
    works: tuple[Callable[[], bytes], ...] = (
        lambda: _body(_salted(graph)),
        lambda: kept,
        lambda: _body(graphs.with_last_changed(graph, next(_numbers))),
    )
    await run(works[2]())
    best = [float("inf")] * 4
    for _ in range(ROUNDS if size < SMALL else FEW_ROUNDS):
        for index, make in enumerate(works):
            best[index] = min(best[index], await _seconds(run, make()))
        best[3] = min(best[3], await _seconds(client.echoed, kept))
    echo = best.pop()
    return Row(
        work=f"chain of {size:,} by POST /prompt: fresh; cached; with the last node changed",
        measured="; ".join(f"{one * 1e3:.2f} ms ({one / echo:.1f}x)" for one in best)
        + f"; an echo takes {echo * 1e3:.2f} ms",
        reach="; ".join(f"under {one} ms" for one in most),
        reached=all(one * 1e3 < limit for one, limit in zip(best, most, strict=True)),
    )


async def _queue(client: Client) -> Row:
    bodies = [_body(_salted(graphs.chain(JOB_NODES))) for _ in range(JOBS)]

    async def run_all(bodies: list[bytes]) -> None:
        await client.done([await client.post(body) for body in bodies])

    async def echo_all(bodies: list[bytes]) -> None:
        for body in bodies:
            await client.echoed(body)

    ours, echo = await _seconds(run_all, bodies), await _seconds(echo_all, bodies)
    return Row(
        work=f"{JOBS} jobs of {JOB_NODES} nodes, each accepted before the next is sent",
        measured=f"{ours * 1e3:.0f} ms; as many echoes take {echo * 1e3:.0f} ms ({ours / echo:.1f}x)",
        reach=f"under {MOST_JOBS} ms",
        reached=ours * 1e3 < MOST_JOBS,
    )


async def _seconds(work: Callable[..., Awaitable[None]], argument: object) -> float:
    start = perf_counter()
    await work(argument)
    return perf_counter() - start


def _salted(graph: Graph) -> Graph:
    return with_input(graph, "0", "value", next(_numbers))


def _body(graph: Graph) -> bytes:
    prompt = prompt_of(graph, graphs.WORKERS.registry)
    return msgspec.json.encode({"prompt": prompt, "client_id": CLIENT})


# ---- the servers


@asynccontextmanager
async def _client() -> AsyncIterator[Client]:
    ours, echo = _free_ports()
    with tempfile.TemporaryDirectory() as folder:
        packs = Path(folder) / "custom_nodes"
        packs.mkdir()
        shutil.copy(graphs.__file__, packs / "trivial.py")
        where = ["--base-directory", folder, "--port", str(ours), "--cpu"]
        with _started("main.py", *where), _started("-m", "benchmarks.echo", str(echo)):
            addresses = f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{echo}"
            async with ClientSession() as session:
                for address in addresses:
                    await _answers(session, address)
                async with session.ws_connect(f"{addresses[0]}/ws?clientId={CLIENT}", max_msg_size=0) as ears:
                    yield Client(session, ears, *addresses)


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def _started(*arguments: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def _answers(session: ClientSession, address: str) -> None:
    deadline = perf_counter() + START_WITHIN
    while True:
        try:
            async with session.get(address):
                return
        except ClientConnectionError:
            if perf_counter() > deadline:
                raise
            await asyncio.sleep(0.1)
