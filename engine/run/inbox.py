"""The one place where everything that happens during a run arrives."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from engine.run.events import Event, NodePreviewed, NodeProgressed, NodeTold

PROGRESS_EVERY = 1 / 30  # seconds; nobody sees more than that


class Cancel:
    """Somebody wants the run to end."""


class Over:
    """No node is running and none will."""


CANCEL: Final = Cancel()
OVER: Final = Over()

Message: TypeAlias = Event | Cancel | Over


class Inbox:
    """Holds what nobody has read yet. It serves one run.

    - Nodes post their events into it, from any thread.
    - Whoever watches may cancel the run, from any thread, and say whether it wants to see previews.
    - `stopping` tells nodes to stop at their next step, since the run is cancelled or has failed.
    """

    def __init__(self, *, previews: bool = False) -> None:
        self.previews = previews
        self.cancelled = False
        self.stopping = False
        self._messages: SimpleQueue[Message] = SimpleQueue()

    def cancel(self) -> None:
        """End the run: nodes stop at their next step, no others start."""
        self.cancelled = self.stopping = True
        self._messages.put(CANCEL)

    def post(self, message: Message) -> None:
        """Add a message."""
        self._messages.put(message)

    def get(self) -> Message:
        """The oldest message, once there is one."""
        return self._messages.get()

    def get_within(self, seconds: float) -> Message | None:
        """The oldest message, or None if there is none within these seconds."""
        try:
            return self._messages.get(timeout=seconds)
        except Empty:
            return None


class NodeWatcher:
    """Posts how far one node is, not more often than anybody can see."""

    def __init__(self, path: str, inbox: Inbox) -> None:
        self.path = path
        self._inbox = inbox
        self._next_progress = 0.0
        self._next_preview = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether the run is cancelled or has failed."""
        return self._inbox.stopping

    def progress(self, done: int, total: int) -> None:
        """Post it; the last step always, and others now and then."""
        now = time.monotonic()
        if now >= self._next_progress or done == total:
            self._next_progress = now + PROGRESS_EVERY
            self._inbox.post(NodeProgressed(self.path, done, total))

    def preview(self, value: object) -> None:
        """Post it if previews are wanted; unseen ones are lost."""
        now = time.monotonic()
        if self._inbox.previews and now >= self._next_preview:
            self._next_preview = now + PROGRESS_EVERY
            self._inbox.post(NodePreviewed(self.path, value))

    def tell(self, kind: str, data: bytes, client: str, binary: int | None) -> None:
        """Post a message for clients."""
        self._inbox.post(NodeTold(self.path, kind, data, client, binary))

    def cancel(self) -> None:
        """End the run."""
        self._inbox.cancel()
