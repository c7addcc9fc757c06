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
from engine.server.answers import JsonAnswer
from engine.server.bodies import read_json
from engine.server.services import SERVICES

table = web.RouteTableDef()


class ProblemTold(msgspec.Struct, frozen=True):
    """A problem as clients read it; what else a kind of problem knows stands beside these."""

    type: str
    message: str
    hint: str
    node: str | None
    input: str | None


class Validated(msgspec.Struct, frozen=True):
    """What `/validate` answers."""

    valid: bool
    nodes: int
    problems: list[ProblemTold]


@table.post("/validate")
async def post_validate(request: web.Request) -> JsonAnswer[Validated]:
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
    return JsonAnswer(msgspec.json.encode(answer, enc_hook=repr))


def problem_json(problem: Problem) -> dict[str, object]:
    """A problem with its sentence and its hint. Node and input are told of every kind of problem."""
    told = {field.name: getattr(problem, field.name) for field in fields(problem)}
    place = {"node": None, "input": None}
    return {
        "type": type(problem).__name__,
        **place,
        **told,
        "message": problem.describe(),
        "hint": problem.hint,
    }


def _problems(graph: Graph, registry: Registry, files: Mapping[str, tuple[str, ...]]) -> list[Problem]:
    return validate(coerced(graph, registry), registry, files)
