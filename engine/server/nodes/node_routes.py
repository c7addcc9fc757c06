"""Which nodes there are: ComfyUI's `/object_info`, Weft's own `/nodes`, and the packs that bring them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from engine.backends.backend import WorkerLost
from engine.formats.specs import spec_json
from engine.graph.registry import Registry
from engine.graph.spec import NodeSpec
from engine.packs.serving import ON_PROMPT
from engine.packs.source import PackFailure
from engine.server.answers import JsonAnswer, Refused, json_answer
from engine.server.nodes.known_nodes import KnownNodes
from engine.server.nodes.object_info import object_info
from engine.server.nodes.pack_routes import PACK_ROUTES
from engine.server.nodes.spec_types import NodesTold
from engine.server.services import SERVICES

table = web.RouteTableDef()
LOG = logging.getLogger("weft.server")
Files = Mapping[str, Sequence[str]]


@table.get("/object_info")
async def get_object_info(request: web.Request) -> web.Response:
    """All nodes, as ComfyUI tells of them."""
    nodes = request.app[SERVICES].nodes
    registry = await nodes.settled()
    body = await asyncio.to_thread(_all_told, nodes, registry)
    return web.Response(body=body, content_type="application/json")


@table.get("/object_info/{node_class}")
async def get_one_object_info(request: web.Request) -> web.Response:
    """One node, or an empty object where there is none of that name."""
    nodes = request.app[SERVICES].nodes
    spec = (await nodes.settled()).get(request.match_info["node_class"])
    return json_answer({} if spec is None else {spec.id: object_info(spec, nodes.listing())})


@table.get("/nodes")
async def get_nodes(request: web.Request) -> JsonAnswer[NodesTold]:
    """All nodes with everything that Weft knows of them, and the files that their inputs may name."""
    nodes = request.app[SERVICES].nodes
    registry = await nodes.settled()
    told = {"nodes": [spec_json(spec) for spec in registry.values()], "files": nodes.listing()}
    return JsonAnswer(await asyncio.to_thread(msgspec.json.encode, told, enc_hook=repr))


@table.get("/packs")
async def get_packs(request: web.Request) -> web.Response:
    """The packs, the nodes that each brings, and what went wrong with some."""
    nodes = request.app[SERVICES].nodes
    registry = await nodes.settled()
    names = [source.name for source in request.app[SERVICES].settings.packs]
    return json_answer({"packs": [_pack(name, registry, nodes.failures) for name in names]})


@table.post("/packs/{name}/reload")
async def reload_pack(request: web.Request) -> web.Response:
    """Import a pack anew, or for the first time. Runs that wait are not touched."""
    services, name = request.app[SERVICES], request.match_info["name"]
    try:
        packs = await services.backend.reload(name)
    except LookupError as error:
        raise Refused(404, "unknown_pack", str(error.args[0] if error.args else error)) from error
    except WorkerLost as error:
        raise Refused(503, "worker_lost", str(error), "It is being started anew: try again.") from error
    routes = await services.backend.routes()
    services.nodes.handle_prompts = ON_PROMPT in routes
    services.nodes.replace(packs)
    request.app[PACK_ROUTES].replace(routes)
    return json_answer(_pack(name, packs.registry, packs.failures))


def _all_told(nodes: KnownNodes, registry: Registry) -> bytes:
    files = nodes.listing()
    told = {spec.id: info for spec in registry.values() if (info := _info(spec, files)) is not None}
    return msgspec.json.encode(told, enc_hook=str)


def _info(spec: NodeSpec, files: Files) -> dict[str, object] | None:
    try:
        return object_info(spec, files)
    except Exception:  # one node that cannot be told of must not hide the others
        LOG.exception("The node %s is left out of /object_info.", spec.id)
        return None


def _pack(name: str, registry: Registry, failures: Sequence[PackFailure]) -> dict[str, object]:
    return {
        "name": name,
        "nodes": [spec.id for spec in registry.values() if spec.pack == name],
        "failures": [
            {"where": one.where, "error": one.error, "message": one.message, "text": one.describe()}
            for one in failures
            if one.pack == name
        ],
    }
