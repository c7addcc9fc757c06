"""What this server is and runs on: `/system_stats`, `/features`, and whether it is well: `/health`, `/ready`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

from engine.backends.backend import Backend, Device
from engine.server.answers import json_answer
from engine.server.services import SERVICES
from engine.server.telling.socket import features
from engine.store.queue import counts, queue_state

table = web.RouteTableDef()
COMFYUI_VERSION = "0.3.64"  # whose routes and messages these are; packs and clients look at it
FRONT_END_VERSION = "1.27.10"
TEMPLATES_VERSION = "0.1.95"
PATIENCE = 0.2  # seconds for a worker to tell of its device before it is answered without
MEMINFO = Path("/proc/meminfo")


@table.get("/system_stats")
async def get_system_stats(request: web.Request) -> web.Response:
    """The machine, its memory, and the device that runs happen on. Sizes are bytes."""
    services = request.app[SERVICES]
    device = await _device(services.backend)
    total, free = memory()
    system = {
        "os": os.name,
        "ram_total": total,
        "ram_free": free,
        "comfyui_version": COMFYUI_VERSION,
        "required_frontend_version": FRONT_END_VERSION,
        "installed_templates_version": None,
        "required_templates_version": TEMPLATES_VERSION,
        "python_version": sys.version,
        "pytorch_version": device.torch,
        "embedded_python": False,
        "argv": list(services.options.arguments),
    }
    vram_total, vram_free = device.memory_total or total, device.memory_free or free
    shown = {
        "name": device.name,
        "type": device.kind,
        "index": device.index,
        "vram_total": vram_total,
        "vram_free": vram_free,
        "torch_vram_total": vram_total,
        "torch_vram_free": vram_free,
    }
    return json_answer({"system": system, "devices": [shown]})


@table.get("/features")
async def get_features(request: web.Request) -> web.Response:
    """What this server can do, as far as clients ask."""
    return json_answer(features(request.app[SERVICES].options.limits.upload))


@table.get("/health")
async def get_health(request: web.Request) -> web.Response:
    """That the server answers."""
    return json_answer({"status": "ok", "backend": request.app[SERVICES].backend.state})


@table.get("/ready")
async def get_ready(request: web.Request) -> web.Response:
    """Whether a run that is sent now would be carried out; 503 and why if not."""
    services = request.app[SERVICES]
    queue = await services.store.read(queue_state)
    waiting, running = await services.store.read(counts)
    state = services.backend.state
    ready = state in {"idle", "busy"} and queue.state == "open"
    told = {
        "ready": ready,
        "backend": state,
        "queue": queue.state,
        "reason": queue.reason,
        "waiting": waiting,
        "running": running,
    }
    return json_answer(told, 200 if ready else 503)


def memory() -> tuple[int, int]:
    """This machine's memory in bytes, and how much of it is free."""
    if MEMINFO.exists():
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text("ascii").splitlines())
        return _bytes(lines["MemTotal"]), _bytes(lines["MemAvailable"])
    names = os.sysconf_names if hasattr(os, "sysconf") else {}
    pages = os.sysconf("SC_PHYS_PAGES") if "SC_PHYS_PAGES" in names else 0
    free = os.sysconf("SC_AVPHYS_PAGES") if "SC_AVPHYS_PAGES" in names else 0
    page = os.sysconf("SC_PAGE_SIZE") if pages else 0
    return pages * page, free * page


async def _device(backend: Backend) -> Device:
    if backend.state != "starting":
        try:
            async with asyncio.timeout(PATIENCE):
                return await backend.device()
        except TimeoutError:
            pass  # a node holds the worker's interpreter; what is known of the machine will do
    return Device("cpu", "cpu")


def _bytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0]) * 1024
