"""What the handlers of requests share, and where they find it: `request.app[SERVICES]`."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from engine.backends.backend import Backend
from engine.backends.settings import Settings
from engine.formats.familiar import Familiar
from engine.server.dispatch.dispatcher import Dispatcher
from engine.server.nodes.known_nodes import KnownNodes
from engine.server.options import Options
from engine.server.telling.hub import Hub
from engine.store.opening import Store


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running server. Each is there from the first request on; the backend may still be starting."""

    options: Options
    settings: Settings
    nodes: KnownNodes
    store: Store
    backend: Backend
    hub: Hub
    dispatcher: Dispatcher
    familiar: Familiar = field(default_factory=Familiar)


SERVICES = web.AppKey("services", Services)
