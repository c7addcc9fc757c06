"""A way to the server that can be held up or cut, as bad networks are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PIECE = 65536


@dataclass
class Proxy:
    """Passes everything on, as long as it is not told otherwise."""

    target: tuple[str, int]
    listening: socket.socket
    open: threading.Event = field(default_factory=threading.Event)
    ways: list[socket.socket] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        host, port = self.listening.getsockname()
        return f"http://{host}:{port}"

    def hold(self) -> None:
        """Let no more answers through, for now."""
        self.open.clear()

    def go_on(self) -> None:
        """Let through all that has waited."""
        self.open.set()

    def cut(self) -> None:
        """Break all connections that there are."""
        while self.ways:
            way = self.ways.pop()
            with suppress(OSError):
                way.shutdown(socket.SHUT_RDWR)
            way.close()

    def serve(self) -> None:
        """Take connections until the listening socket is closed."""
        with suppress(OSError):
            while True:
                here, _ = self.listening.accept()
                there = socket.create_connection(self.target)
                self.ways += [here, there]
                threading.Thread(target=self._pass_on, args=(here, there, False), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(there, here, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, goal: socket.socket, waits: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                if waits:
                    self.open.wait()
                goal.sendall(piece)
        for end in (source, goal):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(address: str) -> Iterator[Proxy]:
    """A proxy before a server, on any free port."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    assert parts.port is not None
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Proxy((parts.hostname, parts.port), listening)
        made.go_on()
        threading.Thread(target=made.serve, daemon=True).start()
        yield made
        made.go_on()
        made.cut()
