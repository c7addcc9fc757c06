"""`python -m engine.backends.worker`: imports the packs and carries out runs, as its parent asks it to.

The main thread imports and runs, one thing after the other. Another one listens, so that a run can be cancelled while
it goes on, and answers what can be answered at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import faulthandler
import gc
import logging
import mmap
import os
import queue
import resource
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any

import msgspec

from engine.backends import frames, orders
from engine.backends.backend import Packs
from engine.backends.baseline import Baseline, make_lines
from engine.backends.options import WorkerOptions, draws_previews
from engine.backends.outgoing import Outgoing
from engine.backends.plain_events import packed, plain_forecast, plain_problems
from engine.backends.workshop import Workshop
from engine.graph.problems import GraphInvalid
from engine.packs.plain import plain
from engine.packs.source import PackSource
from engine.run.events import Event, RunFinished
from engine.run.threads import THREADS

PR_SET_PDEATHSIG = 1
READ_AT_ONCE = 1 << 20
SELDOM = 10_000  # new objects between two looks for circles: a large graph has many, and none among them
PAGE = os.sysconf("SC_PAGE_SIZE")

log = logging.getLogger("weft.worker")


class Worker:
    """Answers the orders that come over a socket, until it is closed."""

    def __init__(self, connection: socket.socket, node: mmap.mmap) -> None:
        self._connection = connection
        self._node = node
        self._sending = threading.Lock()
        self._work: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._inboxes: dict[int, Outgoing] = {}
        self._is_open = threading.Event()
        self._workshop: Workshop
        self._options: WorkerOptions
        self._baseline: Baseline
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self) -> None:
        """Take orders until there will be no more; then end this process with all that it has started."""
        with _deadly():
            self._listen()

    def _listen(self) -> None:
        splitter = frames.Splitter()
        while True:
            try:
                data = self._connection.recv(READ_AT_ONCE)
            except OSError:
                data = b""
            if not data:
                os.killpg(0, signal.SIGKILL)
            for body in splitter.feed(data):
                self._take(frames.order_of(body))

    def work(self) -> None:
        """Do what is to be done on the main thread, one thing after the other."""
        with _deadly():
            while True:
                self._work.get()()

    def _take(self, order: orders.Order) -> None:
        match order:
            case orders.Start(job, request):
                inbox = Outgoing(
                    partial(self._tell, job),
                    self._begins,
                    previews=request.previews,
                    largest=self._options.preview_size,
                    draws=draws_previews(self._options, request.extra),
                )
                self._inboxes[job] = inbox
                self._work.put(partial(self._run, order, inbox))
            case orders.Stop(job):
                running = self._inboxes.get(job)
                if running is not None:
                    running.cancel()
            case orders.Begin(settings, options):
                self._workshop, self._options = Workshop(settings, options), options
                self._work.put(self._open)
            case orders.AskDevice(call):
                self._answer(call, lambda: msgspec.to_builtins(self._workshop.device()))
            case orders.AskFree(call, models, results):
                free = partial(self._workshop.free, models=models, results=results)
                self._work.put(partial(self._answer, call, free))
            case orders.AskReload(call, source):
                self._work.put(partial(self._answer, call, partial(self._reload, source)))
            case orders.AskCheck(call, request):
                check = lambda: plain_problems(self._workshop.check(request))  # noqa: E731
                THREADS.start(partial(self._answer_when_open, call, check))
            case orders.AskForecast(call, request):
                forecast = lambda: plain_forecast(self._workshop.forecast(request))  # noqa: E731
                THREADS.start(partial(self._answer_when_open, call, forecast))
            case orders.AskPeek(call, request, node, output):
                peek = partial(self._workshop.peek, request, node, output)
                THREADS.start(partial(self._answer_when_open, call, peek))
            case orders.AskRoutes(call):
                THREADS.start(partial(self._answer_when_open, call, self._workshop.routes))
            case orders.AskAnswer(call, asked):
                self._on_loop(self._have_answered(call, self._workshop.answer(asked)))

    # ---- on the main thread

    def _open(self) -> None:
        packs = self._workshop.open(self._imports)
        self._workshop.device()  # the first question takes a GPU a while
        self._baseline = Baseline()
        gc.collect()
        gc.freeze()  # what has been imported stays: looking through it again and again would hold up runs
        gc.set_threshold(SELDOM)
        self._loaded(packs)
        self._is_open.set()

    def _imports(self, source: PackSource) -> None:
        self._send(orders.Importing(source.name or source.module, str(source.file)))

    def _loaded(self, packs: Packs) -> None:
        specs = plain(tuple(packs.registry.values()))
        self._workshop.stamp = blake2b(msgspec.msgpack.encode(specs), digest_size=16).hexdigest()
        self._send(orders.Loaded(specs, packs.failures, self._workshop.stamp))

    def _reload(self, source: PackSource) -> None:
        self._imports(source)
        packs = self._workshop.reload(source)
        self._baseline = Baseline()
        self._loaded(packs)

    def _run(self, order: orders.Start, inbox: Outgoing) -> None:
        try:
            for event in self._workshop.attempt(order.request, inbox):
                inbox.add(event)
                if event.__class__ is RunFinished:
                    inbox.flush()
        except GraphInvalid as invalid:
            self._send(orders.Refused(order.job, plain_problems(invalid.problems)))
        finally:
            del self._inboxes[order.job]
        self._baseline.restore()
        self._rest()

    def _rest(self) -> None:
        """Between two runs: see whether nodes have left more behind than is good."""
        gc.collect(1)
        most = self._options.most_memory
        if most is not None and resident() > most:
            self._workshop.free(models=True, results=True)
            if resident() > most:
                self._send(orders.Tired(f"it holds {resident() / 2**20:.0f} MiB with nothing to do"))
                return
        files = len(os.listdir("/proc/self/fd"))
        if files > (self._options.most_open_files or resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2):
            self._send(orders.Tired(f"it holds {files} files open with nothing to do"))

    # ---- on any thread

    def _tell(self, job: int, events: Sequence[Event]) -> None:
        self._send(orders.Happened(job, packed(events)))

    def _begins(self, path: str) -> None:
        name = path.encode("utf-8", "replace")[: len(self._node) - 4]
        self._node[: 4 + len(name)] = len(name).to_bytes(4, "little") + name

    def _send(self, report: orders.Report) -> None:
        data = frames.frame(report)
        # Where it fails, part may have gone out already: nothing that comes behind it would be understood.
        with self._sending, _deadly():
            self._connection.sendall(data)

    def _answer(self, call: int, find: Callable[[], object]) -> None:
        try:
            self._send(orders.Answered(call, find()))
        except Exception as error:
            log.exception("A question could not be answered")
            self._send(orders.Declined(call, f"{type(error).__name__}: {error}"))

    def _answer_when_open(self, call: int, find: Callable[[], object]) -> None:
        self._is_open.wait()
        self._answer(call, find)

    async def _have_answered(self, call: int, answer: Coroutine[Any, Any, object]) -> None:
        answered = await answer
        self._answer(call, lambda: answered)

    def _on_loop(self, coroutine: Coroutine[Any, Any, object]) -> None:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="weft-routes", daemon=True).start()
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)


@contextlib.contextmanager
def _deadly() -> Iterator[None]:
    """What goes wrong here ends the process, whatever other threads are up to: its parent starts another."""
    try:
        yield
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def resident() -> int:
    """The bytes of memory that this process holds."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * PAGE


def main(connection: int, node: int, parent: int) -> None:
    """Serve over the socket with this number, writing the current node into the shared memory with that one."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is the server's; a node must not interrupt this loop
    faulthandler.enable()
    make_lines()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for number in (connection, node):
        os.set_inheritable(number, False)
    worker = Worker(socket.socket(fileno=connection), mmap.mmap(node, 0))
    os.close(node)
    threading.Thread(target=worker.listen, name="weft-orders", daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
