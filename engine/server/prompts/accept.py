"""POST and GET /prompt: from what a client sends to a run in the queue, or to everything that is wrong with it."""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

import msgspec
from aiohttp import web

from engine.backends.backend import RunRequest, WorkerLost
from engine.formats import comfy_prompt
from engine.formats.coerce import coerced
from engine.formats.read import graph_in
from engine.graph.graph import Graph
from engine.graph.problems import Problem
from engine.graph.problems import Refused as OwnCheck
from engine.graph.registry import Registry
from engine.graph.validate import validate
from engine.server.answers import Refused, json_answer
from engine.server.bodies import read_object
from engine.server.dispatch.aside import Aside
from engine.server.prompts.handlers import handled
from engine.server.prompts.input_errors import Error
from engine.server.prompts.prompt_errors import NodeErrors, judged, no_prompt
from engine.server.runs.history_json import number_of
from engine.server.runs.lineage import parent_in
from engine.server.runs.sent_document import with_document
from engine.server.services import SERVICES, Services
from engine.store.errors import RunExists, StoreError, StoreFull
from engine.store.records import NewRun, Run

SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")  # never stored, never shown
CHECK_WITHIN = (
    10.0  # seconds for the nodes' own checks; a worker that is held up checks again before it runs anything
)
LONGEST_ID = 256
IN_THREAD = 200  # nodes from which reading and checking would hold up other requests

table = web.RouteTableDef()

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Posted:
    """What a client asks for, checked."""

    run: NewRun
    aside: Aside
    node_errors: NodeErrors


@dataclass(frozen=True, slots=True)
class _Read:
    """A graph as it was read, what is wrong with it, and the JSON by which it is kept and run."""

    graph: Graph
    problems: list[Problem]
    files: Mapping[str, tuple[str, ...]]
    kept: bytes
    converted: bool


@table.post("/prompt")
async def post_prompt(request: web.Request) -> web.Response:
    """Run a graph: an API prompt, an editor's workflow, or Weft's own. Answered once the run is sure to be kept.

    `Idempotency-Key` makes it safe to send the same again; so does a `prompt_id` of one's own.
    """
    services = request.app[SERVICES]
    body = await read_object(request)
    posted = await read_posted(body, services, request.headers.get("Idempotency-Key"))
    run = await accepted(services, posted)
    given = body.get("number") is not None
    number = float(run.number) if given else number_of(run)
    return json_answer({"prompt_id": run.id, "number": number, "node_errors": posted.node_errors})


@table.get("/prompt")
async def get_prompt(request: web.Request) -> web.Response:
    """How many runs wait or run."""
    remaining = request.app[SERVICES].dispatcher.queue.remaining
    return json_answer({"exec_info": {"queue_remaining": remaining}})


async def accepted(services: Services, posted: Posted) -> Run:
    """The run, in the queue. Raises `Refused` where its id is taken or nothing more can be kept."""
    try:
        return await services.dispatcher.submit(posted.run, posted.aside)
    except StoreError as error:
        raise not_kept(error) from None


def not_kept(error: StoreError) -> Refused:
    """What to tell a client whose runs could not be accepted."""
    match error:
        case RunExists():
            return Refused(400, "prompt_id_in_use", str(error), error.hint)
        case StoreFull():
            return Refused(507, "disk_full", str(error), error.hint)
    return Refused(503, "store_unusable", str(error), error.hint)


async def read_posted(body: Mapping[str, object], services: Services, key: str | None = None) -> Posted:
    """What a body asks for. Raises `Refused`, or HTTPBadRequest with everything that is wrong with its graph."""
    body = await handled(body, services)
    document = _document(body)
    run = _without_graph(body, key)
    extra, secrets = _extra(body, run.client)
    only = _only(body)
    nodes = services.nodes
    registry = await nodes.settled()
    stamp = nodes.stamp
    large = _size(document) > IN_THREAD
    read = await _apart(large, _read, document, registry, services)
    if isinstance(document, Mapping) and "weft" in document:
        extra = with_document(extra, document)
    elif read.converted:
        extra.setdefault("extra_pnginfo", {"workflow": document})
    run = replace(run, graph=read.kept, extra=msgspec.json.encode(extra), parent=parent_in(extra))
    problems = [*read.problems, *await _own_checks(services, run, read.graph, registry)]
    verdict = await _apart(large, judged, read.graph, registry, problems, only=only, files=read.files)
    if verdict.error is not None:
        raise _invalid(verdict.error, verdict.node_errors)
    aside = Aside(secrets, "" if problems else stamp)
    return Posted(replace(run, targets=verdict.targets), aside, verdict.node_errors)


def _document(body: Mapping[str, object]) -> object:
    """The graph: under `prompt`, or the body itself if it is a file of an editor."""
    if "prompt" in body:
        return body["prompt"]
    if "weft" in body or ("nodes" in body and "links" in body):
        return body
    raise _invalid(no_prompt(), {})


def _size(document: object) -> int:
    if isinstance(document, Mapping):
        if document.get("subgraphs") or document.get("definitions"):
            return IN_THREAD + 1  # a few nested subgraphs may unfold to many nodes
        nodes = document.get("nodes")
        return max(len(document), len(nodes) if isinstance(nodes, Sequence | Mapping) else 0)
    return 0


def _read(document: object, registry: Registry, services: Services) -> _Read:
    as_sent = isinstance(document, Mapping) and not ("weft" in document or "nodes" in document)
    text = msgspec.json.encode(document) if as_sent else b""
    familiar = services.familiar.graph(text) if as_sent else None
    sent, unread = graph_in(document, registry) if familiar is None else (familiar, [])
    graph = coerced(sent, registry)
    nodes, most = services.nodes, services.options.limits.nodes
    if len(graph.nodes) > most:
        raise Refused(413, "too_many_nodes", f"The graph has {len(graph.nodes)} nodes; {most} is the most.")
    kinds = {node.kind for node in graph.nodes.values()}
    files = {folder: nodes.files(folder) for folder in registry.file_folders(kinds)}
    problems = [*unread, *validate(graph, registry, files)]
    # A prompt is kept as it was sent; of anything else, and where values had to be converted or could not be read, the
    # history shows the prompt that is run.
    if not (as_sent and graph is sent and not unread):
        text = msgspec.json.encode(comfy_prompt.prompt_of(graph, registry))
    return _Read(graph, problems, files, text, converted=not as_sent)


def _without_graph(body: Mapping[str, object], key: str | None) -> NewRun:
    id = body.get("prompt_id")
    if id is None:
        id = str(uuid.uuid4())
    if isinstance(id, int | float) and not isinstance(id, bool):
        id = str(id)
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise _wrong("prompt_id", f"a text of 1 to {LONGEST_ID} characters")
    client = "" if body.get("client_id") is None else body["client_id"]
    if not isinstance(client, str):
        raise _wrong("client_id", "a text")
    priority = body.get("priority", 0)
    if not isinstance(priority, int) or not -(2**31) <= priority < 2**31:
        raise _wrong("priority", "a whole number")
    batch = "" if body.get("batch") is None else body["batch"]
    if not isinstance(batch, str):
        raise _wrong("batch", "a text")
    return NewRun(
        id,
        b"",
        client=client,
        number=_number(body.get("number")),
        front=body.get("front") is True,
        priority=priority,
        batch=batch,
        key=key,
    )


def _number(given: object) -> float | None:
    if given is None:
        return None
    try:
        number = float(given) if isinstance(given, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _wrong("number", "a number: the lower, the earlier")
    return number


def _extra(body: Mapping[str, object], client: str) -> tuple[dict[str, object], dict[str, str]]:
    extra = body.get("extra_data")
    if extra is None:
        extra = {}
    if not isinstance(extra, dict):
        raise _wrong("extra_data", "an object")
    secrets = {name: str(extra[name]) for name in SECRETS if extra.get(name) is not None}
    told = {name: value for name, value in extra.items() if name not in SECRETS}
    return ({**told, "client_id": client} if client else told), secrets


def _only(body: Mapping[str, object]) -> Collection[str] | None:
    targets = body.get("partial_execution_targets")
    if targets is None:
        return None
    if not isinstance(targets, list) or not all(isinstance(target, str) for target in targets):
        raise _wrong("partial_execution_targets", "a list of nodes' ids")
    return targets


async def _own_checks(services: Services, run: NewRun, graph: Graph, registry: Registry) -> list[Problem]:
    """What nodes say of their literals themselves, if any has a check of its own and the worker is at hand."""
    kinds = {node.kind for node in graph.nodes.values()}
    if not any(kind in registry and registry[kind].validated for kind in kinds):
        return []
    request = RunRequest(run.id, 0, run.graph, extra=run.extra, client=run.client)
    try:
        async with asyncio.timeout(CHECK_WITHIN):
            await services.backend.ready()
            return [
                problem for problem in await services.backend.check(request) if isinstance(problem, OwnCheck)
            ]
    except (TimeoutError, WorkerLost):
        return []  # it checks again before it runs anything


async def _apart(large: bool, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Have it done in another thread where it would hold up other requests."""
    return await asyncio.to_thread(function, *args, **kwargs) if large else function(*args, **kwargs)


def _wrong(field: str, expected: str) -> Refused:
    return Refused(
        400, "invalid_request", f"`{field}` must be {expected}.", f"Correct `{field}`, or leave it out."
    )


def _invalid(error: Error, node_errors: NodeErrors) -> web.HTTPBadRequest:
    body = msgspec.json.encode({"error": error, "node_errors": node_errors}, enc_hook=repr)
    return web.HTTPBadRequest(text=body.decode(), content_type="application/json")
