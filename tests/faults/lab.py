"""The real server and the real worker in processes of their own, over a folder of toys, and clients to talk to them."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any, ParamSpec

import aiohttp

from tests.engine.installation import MAIN, ROOT, Installation
from tests.engine.served import Served, served
from tests.engine.server.runs_lab import Ears
from tests.faults.invariants import Known, invariants, nobodys_files

P = ParamSpec("P")

HERE = Path(__file__).parent
PATIENCE = 90.0  # seconds that a test waits at most; nothing is measured
FLAGS = ("--cpu", "--grace", "1")
canaries = count(10**6)  # each of them has to be carried out: none may come from the cache
OVER = {"done", "failed", "cancelled", "poisoned"}


def story(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """A test that is a coroutine."""

    @wraps(test)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        async def within_reason() -> None:
            async with asyncio.timeout(110):
                await test(*args, **kwargs)

        asyncio.run(within_reason())

    return told


@dataclass
class Faults:
    """Says which operation of which process is to fail next; see `site/sitecustomize.py`."""

    order: Path
    id: str = ""

    def ask(self, where: str, point: str, number: int, how: str) -> None:
        """Have the n-th such operation from now on fail."""
        self.id = secrets.token_hex(4)
        wanted = {"id": self.id, "where": where, "point": point, "number": number, "how": how}
        unfinished = self.order.with_suffix(".new")
        unfinished.write_text(json.dumps(wanted))
        unfinished.replace(self.order)

    def ask_no_more(self) -> None:
        """Have nothing fail from now on."""
        self.order.unlink()

    @property
    def happened(self) -> bool:
        return self.order.with_name(f"{self.order.name}.{self.id}").exists()

    @property
    def environment(self) -> dict[str, str]:
        return {"WEFT_FAULTS": str(self.order), "PYTHONPATH": f"{HERE / 'site'}{os.pathsep}{ROOT}"}


def installed(folder: Path) -> Installation:
    """A folder with a `main.py` and the toys."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(HERE / "toy_pack", folder / "toy_nodes", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "main.py").write_text(MAIN.format(root=str(ROOT)))
    return Installation(folder)


@dataclass
class Live:
    """A server, and a client of it."""

    server: Served
    session: aiohttp.ClientSession
    accepted: set[str] = field(default_factory=set)
    spare: int = 0

    @property
    def folder(self) -> Path:
        return self.server.folder

    @property
    def pid(self) -> int:
        return self.server.process.pid

    async def ask(
        self, method: str, path: str, data: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The status and the body of an answer."""
        body = data if isinstance(data, bytes) else None if data is None else json.dumps(data).encode()
        async with self.session.request(
            method, self.server.address + path, data=body, headers=headers
        ) as answer:
            return answer.status, await answer.read()

    async def get(self, path: str) -> Any:
        """The JSON of what must be there."""
        status, body = await self.ask("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    async def post(self, path: str, data: object = None) -> Any:
        """The JSON of what must be accepted."""
        status, body = await self.ask("POST", path, data)
        assert status in {200, 201}, (path, status, body)
        return json.loads(body) if body else None

    async def send(self, prompt: Mapping[str, object], client: str | None = None, **more: object) -> str:
        """Send a prompt; gives the run's id."""
        body = {"prompt": prompt, **({"client_id": client} if client else {}), **more}
        answer = await self.post("/prompt", body)
        run = str(answer["prompt_id"])
        self.accepted.add(run)
        return run

    async def run(self, id: str) -> dict[str, Any]:
        """A run as the server tells it."""
        return dict((await self.get(f"/runs/{id}"))["run"])

    async def ended(self, id: str) -> dict[str, Any]:
        """A run, once it is over."""
        return await self.until(id, OVER)

    async def until(self, id: str, statuses: Iterable[str]) -> dict[str, Any]:
        """A run, once it has one of these statuses."""
        async with asyncio.timeout(PATIENCE):
            while (run := await self.run(id))["status"] not in statuses:
                await asyncio.sleep(0.01)
        return run

    async def ready(self) -> None:
        """Wait until the worker has imported everything."""
        async with asyncio.timeout(PATIENCE):
            while (await self.ask("GET", "/ready"))[0] != 200:
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def listen(self, client: str, **query: str) -> AsyncIterator[Ears]:
        """A socket of a client."""
        known = {"clientId": client, **query}
        async with self.session.ws_connect(
            f"{self.server.address}/ws", params=known, max_msg_size=0
        ) as socket:
            yield Ears(socket, client)

    async def check(self) -> Mapping[str, Known]:
        """That the queue goes on (I5), nothing is left behind (I7), and the folder is as it must be."""
        async with asyncio.timeout(PATIENCE):
            canary = await self.send(saved(next(canaries)))
            assert (await self.ended(canary))["status"] == "done", "I5"
        assert len(children(self.pid)) == 1, "I7"
        return invariants(self.folder, self.accepted, spare=self.spare)


@asynccontextmanager
async def talking(server: Served, accepted: Iterable[str] = (), spare: int = 0) -> AsyncIterator[Live]:
    """A client of a server that runs; files that were nobody's before are not counted against it."""
    spare += len(nobodys_files(server.folder))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(PATIENCE)) as session:
        yield Live(server, session, set(accepted), spare)


@asynccontextmanager
async def starting(
    at: Installation, *flags: str, accepted: Iterable[str] = (), spare: int = 0, **environment: str
) -> AsyncIterator[Live]:
    """A server that is started here, and a client of it."""
    with served(at, *FLAGS, *flags, **environment) as server:
        async with talking(server, accepted, spare) as live:
            yield live


def use(kind: str, **inputs: object) -> dict[str, object]:
    """A node of a prompt."""
    return {"class_type": kind, "inputs": inputs}


def saved(value: int, **more: object) -> dict[str, object]:
    """A number that is saved."""
    return {"1": use("Number", value=value), "2": use("Save", x=["1", 0], **more)}


def shown(node: Mapping[str, object]) -> dict[str, object]:
    """What this node gives, shown."""
    return {"1": dict(node), "2": use("Show", x=["1", 0])}


def saved_bytes(value: int) -> bytes:
    """What is in the file of a saved number."""
    return f"number {value}\n".encode()


def children(process: int) -> list[int]:
    """The processes that this one has started and that still run."""
    ids = [int(id) for id in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return [id for id in ids if is_alive(id)]


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident(process: int) -> int:
    """The bytes of memory that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/fd"))


async def there(path: Path, lines: int = 1) -> list[str]:
    """The words in a file, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while not path.exists() or len(path.read_text().split()) < lines:
            await asyncio.sleep(0.005)
    return path.read_text().split()


async def gone(*processes: int) -> None:
    """Wait until none of these processes runs."""
    async with asyncio.timeout(PATIENCE):
        while any(map(is_alive, processes)):
            await asyncio.sleep(0.01)


def places(messages: Sequence[Mapping[str, Any]]) -> list[tuple[int, ...]]:
    """Where in their run messages stand: attempt and number."""
    return [
        tuple(map(int, message["data"]["at"].split("."))) for message in messages if "at" in message["data"]
    ]
