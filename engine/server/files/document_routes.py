"""`POST /document` and `/export`: graphs of any format as the editor shows them, and as other programs read them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from engine.formats import comfy_prompt
from engine.formats.comfy_export import workflow_of
from engine.formats.flatten import flattened
from engine.formats.pictures import is_picture
from engine.formats.read import drawn_bytes, drawn_in, graph_in
from engine.formats.shown import document_for_editor
from engine.graph.graph import Graph
from engine.graph.problems import Problem
from engine.graph.registry import Registry
from engine.server.answers import JsonAnswer, Refused
from engine.server.bodies import json_of, read_body, read_object
from engine.server.options import Limits
from engine.server.prompts.validate_route import ProblemTold, problem_json
from engine.server.services import SERVICES

FORMATS = ("prompt", "workflow")

table = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class DocumentRead:
    """A graph as the editor shows it: Weft's own file, version 2; and what of it could not be read."""

    document: dict[str, Any]
    problems: list[ProblemTold]


@dataclass(frozen=True, slots=True)
class DocumentExported:
    """A document in a format of other programs, and what of it could not be read."""

    graph: dict[str, Any]
    problems: list[ProblemTold]


@table.post("/document")
async def post_document(request: web.Request) -> JsonAnswer[DocumentRead]:
    """The document of a graph in any format, with its subgraphs, groups, notes and a place for every node.

    The body is the graph itself (Weft's own, an API prompt, a workflow of ComfyUI's editor), or a PNG or WEBP that
    carries one. Problems stand beside what could be read.
    """
    services = request.app[SERVICES]
    limits = services.options.limits
    data = await read_body(request, max(limits.upload, limits.json))
    registry = await services.nodes.settled()
    document, problems = await asyncio.to_thread(_read, data, limits, registry)
    return _answer({"document": document, "problems": problems})


@table.post("/export")
async def post_export(request: web.Request) -> JsonAnswer[DocumentExported]:
    """A document as an API prompt, flattened, or as a workflow of ComfyUI's editor: `{"document": ..., "to": ...}`."""
    services = request.app[SERVICES]
    body = await read_object(request)
    document, to = body.get("document"), body.get("to")
    if to not in FORMATS:
        raise Refused(400, "invalid_request", "`to` must be 'prompt' or 'workflow'.", "Name one of them.")
    registry = await services.nodes.settled()
    graph, problems = await asyncio.to_thread(graph_in, document, registry)
    if problems and not graph.nodes:
        raise _unreadable(problems)
    write = comfy_prompt.prompt_of if to == "prompt" else workflow_of
    written = await asyncio.to_thread(write, graph, registry)
    return _answer({"graph": written, "problems": [problem_json(problem) for problem in problems]})


def _read(
    data: bytes, limits: Limits, registry: Registry
) -> tuple[dict[str, object], list[dict[str, object]]]:
    if is_picture(data):
        drawn, problems = drawn_bytes(data, registry)
    elif len(data) > limits.json:
        raise Refused(413, "too_large", f"The graph is larger than {limits.json} bytes.", "Send less.")
    else:
        drawn, problems = drawn_in(json_of(data, limits), registry)
    if problems and _is_empty(drawn):
        raise _unreadable(problems)
    if drawn.drawing is not None:
        problems = [*problems, *flattened(drawn, registry)[1]]
    return document_for_editor(drawn, registry), [problem_json(problem) for problem in problems]


def _is_empty(drawn: Graph) -> bool:
    return not (
        drawn.nodes or drawn.meta or (drawn.drawing and (drawn.drawing.nodes or drawn.drawing.subgraphs))
    )


def _unreadable(problems: list[Problem]) -> Refused:
    told = msgspec.to_builtins([problem_json(problem) for problem in problems[:20]], enc_hook=repr)
    first = problems[0]
    return Refused(400, "no_graph", first.describe(), first.hint, problems=told)


def _answer(data: dict[str, object]) -> JsonAnswer[Any]:
    return JsonAnswer(msgspec.json.encode(data, enc_hook=repr))
