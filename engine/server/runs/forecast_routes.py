"""`POST /forecast`: what a run of a graph would do, asked with every change of it. Nothing is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import web

from engine.run.forecast import NodeForecast
from engine.server.answers import JsonAnswer
from engine.server.bodies import read_object
from engine.server.prompts.validate_route import ProblemTold, problem_json
from engine.server.runs.asking import answered, request_of
from engine.server.services import SERVICES

table = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Foretold:
    """What would become of each node, by its id in the flat graph; and what is wrong, as /validate tells it."""

    nodes: Mapping[str, NodeForecast]
    problems: list[ProblemTold]


@table.post("/forecast")
async def post_forecast(request: web.Request) -> JsonAnswer[Foretold]:
    """What would become of each node of a graph, and everything that is wrong with it, clashes of sizes included.

    Takes `{"graph": ..., "client_id": ..., "targets"?: [ids]}`. It is compared with the client's last runs, and
    answered while a run goes on. The problems are those of /validate, and what cannot go together.
    """
    services = request.app[SERVICES]
    asked = request_of(await read_object(request), services.options.limits.nodes)
    forecast = await answered(services.backend.forecast(asked))
    told = {"nodes": forecast.nodes, "problems": [problem_json(problem) for problem in forecast.problems]}
    return JsonAnswer(msgspec.json.encode(told, enc_hook=repr))
