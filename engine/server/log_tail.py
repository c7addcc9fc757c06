"""The last lines of the log, for the editor's terminal panel, and who wants to see new ones as they come."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

LINES = 300


class LogTail(logging.Handler):
    """Keeps the last lines; `tell` is given each new one, on the event loop's thread, for those who asked for them."""

    def __init__(self, tell: Callable[[dict[str, object], str], object]) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self.lines: deque[dict[str, str]] = deque(maxlen=LINES)
        self.listeners: set[str] = set()
        self._tell = tell
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line, from any thread."""
        now = datetime.fromtimestamp(record.created).isoformat()
        entry = {"t": now, "m": self.format(record) + "\n"}
        self.lines.append(entry)
        if self.listeners and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pass_on, entry)

    def _pass_on(self, entry: dict[str, str]) -> None:
        for client in self.listeners:
            self._tell({"entries": [entry], "size": None}, client)
