"""`POST /validate`: everything that is wrong with a graph, with hints, and nothing is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import msgspec
from aiohttp import web

from engine.formats.coerce import coerced
from engine.formats.comfy_prompt import is_posted
from engine.formats.read import graph_in
from engine.graph.graph import Graph
from engine.graph.problems import Problem
from engine.graph.registry import Registry
from engine.graph.validate import validate
from engine.server.bodies import read_json
from engine.server.services import SERVICES

table = web.RouteTableDef()


@table.post("/validate")
async def post_validate(request: web.Request) -> web.Response:
    """All problems of a graph of any format: the body itself, or its `prompt`.

    Answers `{"valid": ..., "problems": [{"type", "node", "message", "hint", ...}]}`, also for a graph that has some.
    """
    body = await read_json(request)
    document = body["prompt"] if is_posted(body) else body
    nodes = request.app[SERVICES].nodes
    registry = await nodes.settled()
    graph, problems = graph_in(document, registry)
    problems = problems or _problems(graph, registry, nodes.listing())
    told = [problem_json(problem) for problem in problems]
    answer = {"valid": not problems, "nodes": len(graph.nodes), "problems": told}
    return web.Response(body=msgspec.json.encode(answer, enc_hook=repr), content_type="application/json")


def problem_json(problem: Problem) -> dict[str, object]:
    """A problem with its sentence and its hint."""
    told = {field.name: getattr(problem, field.name) for field in fields(problem)}
    return {"type": type(problem).__name__, **told, "message": problem.describe(), "hint": problem.hint}


def _problems(graph: Graph, registry: Registry, files: Mapping[str, tuple[str, ...]]) -> list[Problem]:
    return validate(coerced(graph, registry), registry, files)
