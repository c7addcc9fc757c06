"""`server`: what packs know as the running server. It lives where their code does, in the worker."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from engine.packs.comfy.routes import PackApp, PackRoutes, add_prompt_handler, background_loop
from engine.packs.comfy.running import current

__all__ = ["BinaryEventTypes", "PromptServer"]


class BinaryEventTypes:
    """The numbers of binary messages."""

    PREVIEW_IMAGE = 1
    UNENCODED_PREVIEW_IMAGE = 2
    TEXT = 3
    PREVIEW_IMAGE_WITH_METADATA = 4


class Unavailable(RuntimeError):
    """Something of ComfyUI's server that Weft's worker does not have."""


class Queue:
    """The queue, as far as packs look at it: the run that is going on."""

    def get_current_queue(self) -> tuple[list[Any], list[Any]]:
        """What runs and what waits. The worker knows of no waiting."""
        return [], []

    get_current_queue_volatile = get_current_queue

    def get_tasks_remaining(self) -> int:
        """How many are left: the one that is going on."""
        return 0 if current() is None else 1

    def get_history(self, *_: Any, **__: Any) -> dict[str, Any]:
        """The history is the server's."""
        return {}

    def get_flags(self, reset: bool = True) -> dict[str, Any]:
        """What was asked of the worker."""
        return {}

    def put(self, item: Any) -> None:
        """Runs are asked for over HTTP."""
        raise Unavailable("A pack cannot put runs into Weft's queue: send them to POST /prompt.")


class PromptServer:
    """The one server, `PromptServer.instance`."""

    instance: PromptServer

    def __init__(self) -> None:
        self.routes = PackRoutes()
        self.app = PackApp()
        self.sockets: dict[str, Any] = {}
        self.sockets_metadata: dict[str, Any] = {}
        self.prompt_queue = Queue()
        self.on_prompt_handlers: list[Callable[[Any], Any]] = []
        self.supports = ["custom_nodes_from_web"]
        self.number = 0
        self.address = "127.0.0.1"
        self.port = 8188
        self.user_manager = None
        self.last_node_id: str | None = None
        self.messages = None

    @property
    def loop(self) -> Any:
        """An event loop for what packs do beside requests."""
        return background_loop()

    @property
    def client_id(self) -> str | None:
        """Who asked for the run that is going on."""
        call = current()
        return str(call.context.request.get("client") or "") or None if call else None

    @property
    def last_prompt_id(self) -> str | None:
        """The run that is going on."""
        call = current()
        return str(call.context.request.get("run") or "") or None if call else None

    def send_sync(self, event: Any, data: Any, sid: str | None = None) -> None:
        """Send a message to one client or to all. Outside of a run there is nobody to send it."""
        call = current()
        if call is None:
            return
        if isinstance(event, int):
            call.context.tell("binary", bytes(data), sid or "", event)
        else:
            call.context.tell(str(event), json.dumps(data, default=str).encode(), sid or "")

    async def send(self, event: Any, data: Any, sid: str | None = None) -> None:
        """The same, to be awaited."""
        self.send_sync(event, data, sid)

    send_json = send_bytes = send

    def send_progress_text(self, text: str | bytes, node_id: str, sid: str | None = None) -> None:
        """Show a text at a node."""
        call = current()
        if call is not None:
            words = text.decode() if isinstance(text, bytes) else text
            client = sid if sid is not None else self.client_id
            call.context.tell("progress_text", json.dumps(words).encode(), client or "")

    def queue_updated(self) -> None:
        """Clients hear of the queue from the server itself."""

    def add_on_prompt_handler(self, handler: Callable[[Any], Any]) -> None:
        """Have every prompt go through a function before it is accepted: it gets what was posted, and may change it."""
        self.on_prompt_handlers.append(handler)
        add_prompt_handler(handler)

    def get_queue_info(self) -> dict[str, Any]:
        """How much is left."""
        return {"exec_info": {"queue_remaining": self.prompt_queue.get_tasks_remaining()}}


PromptServer.instance = PromptServer()
