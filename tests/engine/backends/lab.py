"""Backends with toy nodes, and what comes of the runs they are given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any, ParamSpec, TypeAlias

from engine.backends.backend import Backend, RunRequest, Told
from engine.backends.options import WorkerOptions
from engine.backends.process import ProcessBackend
from engine.backends.settings import Settings, settings_at
from engine.packs.discover import discover
from engine.packs.source import builtin
from engine.run.events import Event, NodeFailed, NodeFinished, NodeStarted, RunFinished

P = ParamSpec("P")
Opening: TypeAlias = Callable[..., AbstractAsyncContextManager[Backend]]

TOYS = Path(__file__).parent / "toys_for_backends"
PATIENCE = 30.0  # seconds that a test waits at most
MEMORY_ONLY = WorkerOptions(disk=False)
NUMBERS = count(1)


def story(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """A test that is a coroutine."""

    @wraps(test)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        async def within_reason() -> None:
            async with asyncio.timeout(110):
                await test(*args, **kwargs)

        asyncio.run(within_reason())

    return told


def toy_settings(home: Path) -> Settings:
    """The toy nodes, the packs below `home`, and folders there."""
    packs = (builtin(TOYS), *discover(home / "custom_nodes"))
    return replace(settings_at(home), packs=packs, libraries=())


def pack(home: Path, name: str, text: str) -> Path:
    """Write a pack of a single file."""
    path = home / "custom_nodes" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def node_pack(home: Path, name: str, id: str, value: int = 1) -> Path:
    """Write a pack with a node that shows a number."""
    return pack(
        home,
        name,
        f"""
from engine.api import Published, node

@node("{id}")
def show_{id.lower()}() -> Published:
    \"\"\"Show a number.\"\"\"
    return Published((), {{"text": ("{value}",)}})
""",
    )


@asynccontextmanager
async def process(home: Path, options: WorkerOptions = MEMORY_ONLY) -> AsyncIterator[ProcessBackend]:
    """A backend with a process of its own, that is closed in the end."""
    backend = ProcessBackend(toy_settings(home), options, (home / "custom_nodes",))
    await backend.open()
    try:
        yield backend
    finally:
        await backend.close(0.0)


def use(kind: str, /, **inputs: object) -> dict[str, object]:
    """A node; a text like `@a` is a link to the first output of node `a`."""
    given = {
        name: [value[1:], 0] if isinstance(value, str) and value.startswith("@") else value
        for name, value in inputs.items()
    }
    return {"class_type": kind, "inputs": given}


def graph(**nodes: Mapping[str, object]) -> bytes:
    """The JSON of a graph."""
    return json.dumps(nodes).encode()


NUMBER = graph(n=use("Number", value=3), s=use("Show", value="@n"))
STEPPING = graph(s=use("Steps", count=100_000, seconds=0.01), e=use("Show", value="@s"))


def request(graph: bytes, run: str = "", **options: Any) -> RunRequest:
    """The request for a run."""
    return RunRequest(run or f"run {next(NUMBERS)}", 1, graph, **options)


@dataclass(frozen=True)
class Outcome:
    """All that was told of a run."""

    told: list[Told]

    @property
    def events(self) -> list[Event]:
        return [told.event for told in self.told]

    @property
    def status(self) -> str:
        last = self.events[-1]
        assert isinstance(last, RunFinished)
        return last.status

    @property
    def started(self) -> list[str]:
        return [event.path for event in self.events if isinstance(event, NodeStarted)]

    @property
    def failure(self) -> NodeFailed:
        (failure,) = (event for event in self.events if isinstance(event, NodeFailed))
        return failure

    def shown(self, path: str) -> tuple[Any, ...]:
        """What a node has shown as its text."""
        (published,) = (
            event.published for event in self.events if isinstance(event, NodeFinished) and event.path == path
        )
        assert published is not None
        return published.shown["text"]

    def of(self, kind: type) -> list[Any]:
        """The events of a class."""
        return [event for event in self.events if isinstance(event, kind)]


async def ran(backend: Backend, what: bytes | RunRequest) -> Outcome:
    """Run to the end."""
    told: list[Told] = []
    async with asyncio.timeout(PATIENCE):
        async for portion in backend.run(what if isinstance(what, RunRequest) else request(what)):
            told += portion
    return Outcome(told)


class Going:
    """A run that goes on beside the test."""

    def __init__(self, backend: Backend, what: bytes | RunRequest) -> None:
        self.backend = backend
        self.request = what if isinstance(what, RunRequest) else request(what)
        self.told: list[Told] = []
        self._news = asyncio.Event()
        self._task = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for portion in self.backend.run(self.request):
            self.told += portion
            self._news.set()

    async def until(self, kind: type, path: str | None = None) -> None:
        """Wait until such an event has come."""
        async with asyncio.timeout(PATIENCE):
            while not any(
                isinstance(told.event, kind) and (path is None or getattr(told.event, "path", "") == path)
                for told in self.told
            ):
                self._news.clear()
                news = asyncio.ensure_future(self._news.wait())
                done, _ = await asyncio.wait({news, self._task}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                assert self._task not in done, "it ended before that"

    async def outcome(self) -> Outcome:
        """Wait for the end."""
        async with asyncio.timeout(PATIENCE):
            await self._task
        return Outcome(self.told)

    async def is_left(self) -> None:
        """Read no more of it."""
        self._task.cancel()
        await asyncio.wait({self._task})
