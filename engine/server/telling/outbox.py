"""What one socket has still to be sent. Its size is bounded, and filling it never waits for anybody.

State is kept in order and whole; of pictures only the newest of each node is, and they go when state has gone. A socket
that stays too far behind is given up: its client comes back and asks for what it missed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class Patience:
    """How far behind a socket may be.

    Args:
        bytes: What may wait for longer than a moment.
        moment: How long more than that may wait; a burst that is read at once is nobody's fault.
        seconds: How long anything may wait.
        most: What may never wait, however short.
        buffer: What is given to the system at once.
        look: How often a socket that is behind is looked at, in seconds.
    """

    bytes: int = 2**20
    moment: float = 1.0
    seconds: float = 10.0
    most: int = 8 * 2**20
    buffer: int = 2**18
    look: float = 0.02


class Outbox:
    """Frames on their way to one transport.

    Args:
        transport: Where they go.
        give_up: Is called once, when the socket is too far behind.
        patience: How far that is.
    """

    def __init__(
        self, transport: asyncio.Transport, give_up: Callable[[], object], patience: Patience | None = None
    ) -> None:
        self._transport = transport
        self._give_up = give_up
        self._patience = patience or Patience()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._pictures: dict[str, bytes] = {}
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque()  # when so many bytes in all had been taken
        self._together: list[bytes] = []  # what was sent since the loop's last turn, for one write
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    @property
    def behind(self) -> int:
        """How many bytes wait, here or in the transport."""
        return self._size + self._transport.get_write_buffer_size()

    def send(self, frames: bytes) -> None:
        """Send whole frames, behind all that was sent before; those of one turn of the loop go in one write."""
        if self._over:
            return
        if not self._together:
            asyncio.get_running_loop().call_soon(self._write)
        self._together.append(frames)

    def _write(self) -> None:
        frames = b"".join(self._together)
        self._together.clear()
        if self._over or self._transport.is_closing():
            return
        self._total += len(frames)
        if self._waiting or self._transport.get_write_buffer_size() >= self._patience.buffer:
            self._waiting.append(frames)
            self._size += len(frames)
        else:
            self._transport.write(frames)
        if self.behind > self._patience.most:
            self._end()
        elif self.behind:
            self._marks.append((monotonic(), self._total))
            self._look_again()

    def picture(self, key: str, frame: bytes) -> None:
        """Send a picture, unless a newer one of this key comes before there is room for it."""
        if self._over:
            return
        if self.behind:
            self._pictures.pop(key, None)
            self._pictures[key] = frame
        else:
            self.send(frame)

    def close(self) -> None:
        """Forget what has not been sent."""
        self._over = True
        self._waiting.clear()
        self._together.clear()
        self._pictures.clear()
        self._marks.clear()
        self._size = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_again(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._patience.look, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._over or self._transport.is_closing():
            return
        while self._waiting and self._transport.get_write_buffer_size() < self._patience.buffer:
            frames = self._waiting.popleft()
            self._size -= len(frames)
            self._transport.write(frames)
        behind = self.behind
        if not behind:
            self._marks.clear()
            pictures, self._pictures = self._pictures, {}
            for frame in pictures.values():
                self.send(frame)
            return
        gone = self._total - behind
        while self._marks and self._marks[0][1] <= gone:
            self._marks.popleft()
        age = monotonic() - self._marks[0][0] if self._marks else 0.0
        if age > self._patience.seconds or (behind > self._patience.bytes and age > self._patience.moment):
            self._end()
        else:
            self._look_again()

    def _end(self) -> None:
        self.close()
        self._give_up()
