"""ComfyUI's way to refuse: an `ExecutionBlocker` in place of a value."""

from __future__ import annotations

from engine.graph.values import Blocked


class ExecutionBlocker:
    """In place of a value: whatever reads it is skipped. Without a message nobody is told."""

    def __init__(self, message: str | None) -> None:
        self.message = message


def blocked_for(blocker: ExecutionBlocker) -> Blocked:
    """The same as Weft knows it."""
    message = blocker.message
    return Blocked(str(message or ""), passed_on=message is None)
