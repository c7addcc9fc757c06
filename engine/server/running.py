"""A server from its start to its end: what is opened in which order, and how it goes down without losing anything."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from engine.backends.backend import Backend, Packs, WorkerLost
from engine.backends.questions import WorkerFailed
from engine.backends.settings import Settings
from engine.graph.registry import registry_of
from engine.packs.manifest import Manifest, current_digest, read_manifest, write_manifest
from engine.packs.serving import ON_PROMPT
from engine.run.files import clear_unfinished
from engine.server.access.tls import tls_context
from engine.server.access.tokens import Door
from engine.server.app import make_app
from engine.server.dispatch.disk_space import DiskSpace
from engine.server.dispatch.dispatcher import Dispatcher
from engine.server.internal_routes import LOG_TAIL
from engine.server.log_tail import LogTail
from engine.server.nodes.known_nodes import KnownNodes
from engine.server.nodes.pack_routes import PACK_ROUTES
from engine.server.options import Options
from engine.server.services import Services
from engine.server.telling.hub import Hub
from engine.store.opening import open_store

LOG = logging.getLogger("weft.server")
LAST_WORDS = 1.0  # seconds for clients to take what is being sent to them when the server ends
AGAIN = 1.0  # seconds between two questions to a worker that does not start
SELDOM = 10_000  # new objects between two looks for circles: a large graph has many, and none among them
ONE_DAY = 24 * 3600.0
STOPS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server can be reached: at these addresses, and with this one-time code if it asks for a token."""

    urls: tuple[str, ...]
    code: str

    @property
    def link(self) -> str:
        """What to open in a browser."""
        return f"{self.urls[0]}/login?code={self.code}" if self.code else self.urls[0]


async def serve(
    options: Options, settings: Settings, backend: Backend, announce: Callable[[Listening], object]
) -> None:
    """Serve until the process is told to stop; a second time, until the run that goes on has been put back.

    Args:
        options: How.
        settings: Where everything lies.
        backend: Where runs happen; it is opened here, and closed.
        announce: Is told where the server listens, as soon as it does.
    """
    stop = _Stop()
    async with running(options, settings, backend) as server:
        announce(server.listening)
        gc.freeze()  # what is there now stays: looking through it again and again would hold up requests
        gc.set_threshold(SELDOM)
        await stop.asked()
        await _drained(server.services.dispatcher, options.grace_s, stop.hurry)


async def _drained(dispatcher: Dispatcher, grace: float, hurry: asyncio.Future[None]) -> None:
    """Let the run that goes on come to its end; when its time is over, or there is a hurry, it is put back."""
    if dispatcher.running is None:
        grace = 0.0  # a worker that is only starting is not waited for
    else:
        LOG.info("Stopping: the run that goes on has %.0f seconds to end.", grace)
    drain = asyncio.ensure_future(dispatcher.drain(grace))
    await asyncio.wait({drain, hurry}, return_when=asyncio.FIRST_COMPLETED)
    if not drain.done():
        drain.cancel()
        await asyncio.wait({drain})
        await dispatcher.drain(0.0)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    services: Services
    listening: Listening
    app: web.Application


@asynccontextmanager
async def running(options: Options, settings: Settings, backend: Backend) -> AsyncIterator[Server]:
    """A server that answers; at the end of the block it is closed, and nothing of it is left."""
    store = open_store(settings.store)
    try:
        known = read_manifest(settings.manifest)
        nodes = KnownNodes(_packs_of(known), settings.folders, settled=False)
        hub = Hub()
        disk = DiskSpace((settings.private, settings.files.output))
        dispatcher = Dispatcher(store, backend, hub, disk=disk, grace=options.grace_s)
        services = Services(options, settings, nodes, store, backend, hub, dispatcher)
        door = Door(options.token, options.port)
        app = make_app(services, door)
        app[LOG_TAIL] = LogTail(lambda lines, client: hub.send("logs", lines, client))
        logging.getLogger().addHandler(app[LOG_TAIL])
        if store.notice:
            LOG.warning(store.notice)  # now that clients can read it too
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_WORDS, lingering_time=LAST_WORDS)
        await runner.setup()
        try:
            urls = await _listen(runner, options)
            async with _at_work(services, app, known):
                yield Server(services, Listening(urls, door.code), app)
        finally:
            await runner.cleanup()
            logging.getLogger().removeHandler(app[LOG_TAIL])
    finally:
        await asyncio.to_thread(store.close)


@asynccontextmanager
async def _at_work(services: Services, app: web.Application, known: Manifest | None) -> AsyncIterator[None]:
    """The backend open and runs carried out; in the end both are closed, the backend last."""
    await services.backend.open()
    await services.dispatcher.start()
    tasks = [
        asyncio.create_task(_learn(services, app, known)),
        asyncio.create_task(asyncio.to_thread(_clear_old, services.settings.files.temp)),
        asyncio.create_task(asyncio.to_thread(_clear_unfinished, services)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await services.dispatcher.close()
        await services.backend.close(0.0)


async def _learn(services: Services, app: web.Application, known: Manifest | None) -> None:
    """Learn which nodes are really there: from the manifest if it is up to date, then from the worker."""
    nodes, settings = services.nodes, services.settings
    digest = await asyncio.to_thread(current_digest, settings.packs, settings.libraries)
    if known is not None and known.digest == digest:
        nodes.handle_prompts = known.handles_prompts
        nodes.replace(_packs_of(known))
    packs, routes = await _once_ready(services.backend)
    nodes.handle_prompts = ON_PROMPT in routes
    nodes.replace(packs)
    for failure in packs.failures:
        LOG.warning("Skipped %s", failure.describe())
    app[PACK_ROUTES].replace(routes)
    if known is None or known.digest != digest:
        manifest = Manifest(digest, tuple(packs.registry.values()), packs.failures, nodes.handle_prompts)
        with contextlib.suppress(OSError):  # a read-only or full disk costs time at the next start, no more
            await asyncio.to_thread(write_manifest, settings.manifest, manifest)


async def _once_ready(backend: Backend) -> tuple[Packs, tuple[tuple[str, str], ...]]:
    """What the worker has imported, and its routes, however often it has to be started; the log says why."""
    while True:
        try:
            return await backend.ready(), await backend.routes()
        except (WorkerLost, WorkerFailed):
            await asyncio.sleep(AGAIN)


def _packs_of(known: Manifest | None) -> Packs:
    return Packs(registry_of(known.specs), known.failures) if known else Packs(registry_of(()))


async def _listen(runner: web.AppRunner, options: Options) -> tuple[str, ...]:
    """Listen at every address; gives the URLs."""
    secure = tls_context(options.tls) if options.tls is not None else None
    for host in options.host:
        await web.TCPSite(runner, host, options.port, ssl_context=secure).start()
    scheme = "https" if secure else "http"
    return tuple(f"{scheme}://{_shown(address)}" for address in runner.addresses)


def _shown(address: Sequence[object]) -> str:
    host, port = str(address[0]), address[1]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{host}:{port}"


def _clear_old(temp: Path) -> None:
    """Previews of the last day are kept, so that a history read after a restart still has its pictures."""
    limit = time.time() - ONE_DAY
    for path in temp.rglob("*") if temp.is_dir() else ():
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_mtime < limit:
                path.unlink()


def _clear_unfinished(services: Services) -> None:
    settings = services.settings
    for folder in (settings.files.output, settings.folders.input, services.options.user):
        clear_unfinished(folder)


class _Stop:
    """Told by signals: once to stop, twice to do so at once."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._asked = loop.create_future()
        self.hurry: asyncio.Future[None] = loop.create_future()
        for number in STOPS:
            loop.add_signal_handler(number, self._heard)

    async def asked(self) -> None:
        """Wait until the server is to stop."""
        await self._asked

    def _heard(self) -> None:
        if not self._asked.done():
            self._asked.set_result(None)
        elif not self.hurry.done():
            self.hurry.set_result(None)
