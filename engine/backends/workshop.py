"""Where the runs of one process are carried out, from the request as it came to events; told to nobody in particular.

The worker process has one, and so has the backend that stays in this process.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace

import msgspec

from engine.backends.backend import Device, PackAnswer, PackCall, Packs, RunRequest
from engine.backends.explaining import Explaining
from engine.backends.forecasting import forecast
from engine.backends.inline import Inline
from engine.backends.lazily import Lazily
from engine.backends.opening import open_inline
from engine.backends.options import WorkerOptions
from engine.backends.own_checks import own_problems
from engine.backends.peeks import peek
from engine.backends.settings import Settings
from engine.formats.comfy_prompt import prompt_of
from engine.formats.familiar import Familiar
from engine.formats.json_text import one_line, parse
from engine.formats.pictures import PNG, chunks_of
from engine.formats.read import graph_in, read_bytes
from engine.graph.graph import Graph
from engine.graph.problems import GraphInvalid, Problem, Unreadable
from engine.packs import serving
from engine.packs.load import Loaded, load_again
from engine.packs.source import PackFailure, PackSource
from engine.run.cache import Layers
from engine.run.codec import Codec
from engine.run.disk_cache import DiskCache
from engine.run.events import Event, NodeFinished, NodesExplained, RunFinished, RunStarted
from engine.run.failure import failure
from engine.run.forecast import Forecast
from engine.run.inbox import Inbox
from engine.run.memory import free_memory, give_back, total_memory
from engine.run.peeking import Peek
from engine.run.plan import Plan

log = logging.getLogger("weft.worker")


class Workshop:
    """The nodes, the caches and the memory of earlier runs that the runs of a process share.

    `open` first, or give it an `Inline` that is open already. `stamp` stands for the nodes that are there; a graph that
    was checked with the same ones is not checked again.
    """

    def __init__(
        self, settings: Settings | None, options: WorkerOptions, inline: Inline | None = None
    ) -> None:
        self._settings = settings
        self._options = options
        self._inline = inline
        self._failures: tuple[PackFailure, ...] = ()
        self._explaining = Explaining()
        self._familiar = Familiar()
        self.stamp = ""

    def open(self, importing: Callable[[PackSource], object] | None = None) -> Packs:
        """Import the packs, each of which `importing` is told of first, and open the caches."""
        if self._inline is None:
            assert self._settings is not None
            options = self._options
            self._inline, self._failures = open_inline(
                self._settings,
                options.device,
                disk=options.disk,
                policy=options.policy,
                importing=importing,
                dtype=options.dtype,
            )
        return self.packs

    @property
    def inline(self) -> Inline:
        """What carries out the runs."""
        assert self._inline is not None, "open() comes first"
        return self._inline

    @property
    def packs(self) -> Packs:
        """The nodes that are there, and the packs that failed."""
        return Packs(self.inline.workers.registry, self._failures, self.stamp)

    def reload(self, source: PackSource) -> Packs:
        """Import a pack anew. What its old code has made, and what was made of that, is not used again."""
        workers, cache = self.inline.workers, self.inline.cache
        serving.forget(source.name)
        before = Loaded(workers.functions, workers.registry, self._failures)
        loaded = load_again(source, before)
        if isinstance(cache, Layers) and isinstance(cache.slow, DiskCache):
            cache.slow.codec = Codec(loaded.functions.values())
        cache.clear(models=False, results=True)
        self._explaining.forget()
        self._failures = loaded.failures
        self._inline = Inline(replace(workers, registry=loaded.registry, functions=loaded.functions), cache)
        return self.packs

    def free(self, *, models: bool, results: bool) -> None:
        """Let go of models, of kept results, or of both."""
        self.inline.cache.clear(models=models, results=results)
        give_back()

    def device(self) -> Device:
        """The device as it is now; before the packs are imported, as far as it is known."""
        name = self._inline.workers.device if self._inline else "cpu"
        torch = sys.modules.get("torch") if self._inline else None  # half imported, it would not do
        version = str(getattr(torch, "__version__", ""))
        memory = total_memory(name), free_memory(name)
        if name == "cpu":
            return Device(name, "cpu", None, *memory, version)
        return Device(name, "cuda", 0, *memory, version)

    async def answer(self, call: PackCall) -> PackAnswer:
        """Have a pack answer a request. What it raises is its own affair: the client is told so, with status 500."""
        try:
            answered = await serving.answer(call.method, call.path, call.query, call.headers, call.body)
        except Exception as error:
            log.exception("The pack that answers %s %s failed", call.method, call.path)
            text = f"The pack failed: {type(error).__name__}. See the server's log."
            return PackAnswer(500, (("Content-Type", "text/plain; charset=utf-8"),), text.encode())
        return PackAnswer(*answered)

    def routes(self) -> tuple[tuple[str, str], ...]:
        """The routes that packs have registered."""
        return tuple((route.method, route.path) for route in serving.ROUTES)

    # ---- runs

    def check(self, request: RunRequest) -> list[Problem]:
        """What the nodes' own checks say."""
        graph, problems = self._read(request)
        return problems or self._refused(graph, request)

    def forecast(self, request: RunRequest) -> Forecast:
        """What a run would do, while others may go on. No node's code is called but its `facts=`."""
        graph, problems = self._read(request)
        return forecast(graph, problems, self.inline, self._explaining, request.client, request.targets)

    def peek(self, request: RunRequest, node: str, output: str | int) -> Peek | None:
        """How the value of an output looks; None where it is not kept."""
        graph, _ = self._read(request)
        return peek(graph, self.inline, self._explaining, request.client, node, output)

    def attempt(self, request: RunRequest, inbox: Inbox) -> Generator[Event]:
        """Carry out a run; the last event is a `RunFinished`, whatever goes wrong. Raises `GraphInvalid`."""
        try:
            yield from self._attempt(request, inbox)
        except (GraphInvalid, GeneratorExit):
            raise
        except BaseException as error:  # of the engine, or of a pack's code that is asked beforehand
            log.exception("Run %s could not be carried out", request.run)
            yield failure("", "", error, {})
            yield RunFinished("failed", 0.0, 0, 0)

    def _attempt(self, request: RunRequest, inbox: Inbox) -> Generator[Event]:
        graph, problems = self._read(request)
        problems = problems or self._refused(graph, request)
        if problems:
            raise GraphInvalid(problems)
        plans: list[Plan] = []
        unfinished: set[str] = set()
        took: dict[str, NodeFinished] = {}
        running = self.inline.run(
            graph,
            request.targets,
            inbox,
            Lazily(lambda: self._provenance(graph, request)),
            plans.append,
            Lazily(lambda: self._told(graph, request)),
            checked=bool(self.stamp) and request.checked_with == self.stamp,
        )
        for event in running:
            if event.__class__ is RunFinished and plans and request.explain:
                # Before anybody hears of the end, who may ask at once what a change would mean.
                self._explaining.remember(request.client, plans[0], unfinished, took)
            yield event
            if isinstance(event, NodeFinished):
                unfinished.discard(event.path)
                if not event.from_cache:
                    took[event.path] = event
            elif isinstance(event, RunStarted):
                unfinished.update(event.will_run)
                if request.explain:
                    yield self._explained(plans[0], request)

    def _explained(self, plan: Plan, request: RunRequest) -> NodesExplained:
        workers = self.inline.workers
        return NodesExplained(self._explaining.reasons(request.client, plan, workers.registry, workers.place))

    def _read(self, request: RunRequest) -> tuple[Graph, list[Problem]]:
        """The graph, and what is wrong with it."""
        graph = self._familiar.graph(request.graph)
        if graph is not None:
            return graph, []
        if request.graph.startswith(PNG):
            return read_bytes(request.graph)
        document = parse(request.graph)
        if isinstance(document, Unreadable):
            return Graph(), [document]
        return graph_in(document, self.inline.workers.registry)

    def _refused(self, graph: Graph, request: RunRequest) -> list[Problem]:
        workers = self.inline.workers
        return own_problems(graph, workers.registry, workers.functions, request.targets)

    def _provenance(self, graph: Graph, request: RunRequest) -> Mapping[str, str]:
        """The texts that files carry: the graph, and what an editor sent along for them, as ComfyUI writes it."""
        if not self._options.metadata:
            return {}
        extra = msgspec.json.decode(request.extra)
        sent = extra.get("extra_pnginfo") if isinstance(extra, dict) else None
        texts = {key: json.dumps(value) for key, value in sent.items()} if isinstance(sent, dict) else {}
        chunks = chunks_of(graph, self.inline.workers.registry)
        own = extra.get("weft") if isinstance(extra, dict) else None
        if isinstance(own, dict) and "document" in own:  # the graph as it was drawn
            chunks["weft"] = one_line(own["document"], ascii=True)
        return {**texts, **chunks}

    def _told(self, graph: Graph, request: RunRequest) -> Mapping[str, object]:
        """What ComfyUI's hidden inputs are made of."""
        document = None if request.graph.startswith(PNG) else parse(request.graph)
        is_prompt = isinstance(document, dict) and not {"weft", "nodes"} & document.keys()
        return {
            "run": request.run,
            "attempt": request.attempt,
            "client": request.client,
            "extra": msgspec.json.decode(request.extra),
            "prompt": document if is_prompt else prompt_of(graph, self.inline.workers.registry),
            "secrets": dict(request.secrets),
        }
