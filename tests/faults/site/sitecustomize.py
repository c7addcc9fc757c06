"""Read by the interpreter at the start of a server and of its worker: has their n-th operation fail, as a file says.

So no code for faults is in the product. The file named by WEFT_FAULTS may be written at any time; it is looked at
before every operation. A fault happens once, whatever is started anew meanwhile.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Any

WHERE = "worker" if "engine.backends.worker" in sys.orig_argv else "server"
WAKE_UP = (
    b"\0",
)  # an event loop sends itself this byte when a thread has something for it, which cannot fail


class Points:
    """Counts operations since the fault was asked for, and fails the one that was named."""

    def __init__(self, order: str) -> None:
        self.order = order
        self._lock = threading.Lock()
        self._id = ""
        self._count = 0

    def fault(self, point: str) -> str:
        """How this operation is to fail: "raise", "kill before", "kill after", or not at all."""
        try:
            with open(self.order, encoding="utf-8") as file:
                wanted = json.load(file)
        except (OSError, ValueError):
            return ""
        if (wanted["where"], wanted["point"]) != (WHERE, point):
            return ""
        with self._lock:
            if wanted["id"] != self._id:
                self._id, self._count = wanted["id"], 0
            self._count += 1
            if self._count != wanted["number"]:
                return ""
            try:
                open(f"{self.order}.{self._id}", "x").close()
            except FileExistsError:  # an earlier process has had it
                return ""
        return str(wanted["how"])


def failing(
    points: Points, point: str, operation: Callable[..., Any], error: Callable[[], Exception]
) -> Callable[..., Any]:
    """The operation, with faults."""

    def at(*arguments: Any, **named: Any) -> Any:
        how = "" if arguments[1:] == WAKE_UP else points.fault(point)
        if how == "raise":
            raise error()
        if how == "kill before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = operation(*arguments, **named)
        if how == "kill after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return at


def disk_error() -> OSError:
    return OSError(errno.EIO, "Input/output error, made by a test")


def line_error() -> OSError:
    return OSError(errno.ENOBUFS, "No buffer space available, made by a test")


def database_error() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error, made by a test")
    error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
    return error


def install(order: str) -> None:
    points = Points(order)
    os.link = failing(points, "link", os.link, disk_error)
    os.fsync = failing(points, "fsync", os.fsync, disk_error)
    send = "sendall" if WHERE == "worker" else "send"
    setattr(socket.socket, send, failing(points, "send", getattr(socket.socket, send), line_error))
    if WHERE == "server":
        from engine.store import writer  # noqa: PLC0415  (the worker has no store)

        writer.commit = failing(points, "commit", writer.commit, database_error)


if asked := os.environ.get("WEFT_FAULTS"):
    install(asked)
