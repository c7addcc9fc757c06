"""A worker process as its parent sees it: started, written to, listened to, ended with all that it has started."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import engine
from engine.backends import out_of_memory

MARK = "WEFT_WORKER"  # in the environment of a worker and of whatever it starts
NODE_BYTES = 4096
COUNT_EVERY = 1.0  # seconds between two looks at what the system has killed
READ_AT_ONCE = 1 << 16  # for more, the system would have to find room each time
HOME = Path(engine.__file__).parents[1]


class Child:
    """One worker process. It belongs to an event loop, which calls `heard`, `printed` and, last, `ended`.

    - It leads a process group of its own, which is killed with it.
    - It writes the id of the node it is about to call into memory that both see, so that this is known however
      suddenly it ends.
    """

    def __init__(
        self,
        heard: Callable[[bytes], object],
        printed: Callable[[bytes], object],
        ended: Callable[[], object],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard = heard
        self._printed = printed
        self._ended = ended
        self._token = secrets.token_hex(8)
        self._unsent = bytearray()
        self.killed = False
        self.exit_code: int | None = None
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        self._output, their_output = os.pipe()
        os.set_blocking(self._output, False)
        shared = os.memfd_create("weft-node")
        os.ftruncate(shared, NODE_BYTES)
        self._node = mmap.mmap(shared, NODE_BYTES)
        numbers = map(str, (theirs.fileno(), shared, os.getpid()))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "engine.backends.worker", *numbers],
                stdin=subprocess.DEVNULL,
                stdout=their_output,
                stderr=their_output,
                pass_fds=(theirs.fileno(), shared),
                start_new_session=True,
                env=self._environment(),
            )
        finally:
            theirs.close()
            os.close(their_output)
            os.close(shared)
        self.pid = self._process.pid
        self._handle = os.pidfd_open(self.pid)
        self._oom_counters = out_of_memory.counters(self.pid)
        self._oom_kills = out_of_memory.killed(self._oom_counters)
        self._counted = monotonic()
        self._loop.add_reader(self._socket, self._readable)
        self._loop.add_reader(self._output, self._output_readable)
        self._loop.add_reader(self._handle, self._has_ended)

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {**os.environ, "PYTHONPATH": path, MARK: self._token}

    # ---- towards it

    def send(self, data: bytes) -> None:
        """Send it these bytes; what it does not take now goes out when it does."""
        if not self._unsent:
            try:
                data = data[self._socket.send(data) :]
            except BlockingIOError:
                pass
            except OSError:  # it has ended, or has lost an order: either way it is of no more use
                self._kill_group()
                return
        if data:
            if not self._unsent:
                self._loop.add_writer(self._socket, self._writable)
            self._unsent += data

    def kill(self) -> None:
        """End it at once, with all that it has started."""
        self.killed = True
        self._kill_group()

    @property
    def node(self) -> str | None:
        """The node it was about to call the last time, if any in this run."""
        length = int.from_bytes(self._node[:4], "little")
        return self._node[4 : 4 + length].decode("utf-8", "replace") if 0 < length <= NODE_BYTES - 4 else None

    def begin_run(self, data: bytes) -> None:
        """Send it the order for a run, and forget about nodes and want of memory before."""
        self._node[:4] = bytes(4)
        # Beforehand: it may be killed as soon as it has the order.
        if monotonic() - self._counted > COUNT_EVERY:
            self._oom_kills = out_of_memory.killed(self._oom_counters)
            self._counted = monotonic()
        self.send(data)

    @property
    def out_of_memory(self) -> bool:
        """Whether the system has ended it for want of memory."""
        if self.killed or self.exit_code != -signal.SIGKILL:
            return False
        return out_of_memory.killed(self._oom_counters) > self._oom_kills

    # ---- from it

    def _readable(self) -> None:
        try:
            data = self._socket.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._heard(data)
        else:  # it has closed its end, and is of no more use
            self._loop.remove_reader(self._socket)
            self._kill_group()

    def _writable(self) -> None:
        try:
            del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:
            self._unsent.clear()
            self._kill_group()
        if not self._unsent:
            self._loop.remove_writer(self._socket)

    def _output_readable(self) -> None:
        try:
            data = os.read(self._output, READ_AT_ONCE)
        except BlockingIOError:
            return
        if data:
            self._printed(data)
        else:
            self._loop.remove_reader(self._output)

    def _has_ended(self) -> None:
        self._loop.remove_reader(self._handle)
        os.close(self._handle)
        self._kill_group()  # before its id is free for others
        self.exit_code = self._process.wait()
        end_strays(self._token)
        self._read_the_rest()
        for source in (self._socket, self._output):
            self._loop.remove_reader(source)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        os.close(self._output)
        self._ended()
        self._node.close()
        self.gone.set_result(None)

    def _read_the_rest(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._socket.recv(READ_AT_ONCE):
                self._heard(data)
        with contextlib.suppress(OSError):
            while data := os.read(self._output, READ_AT_ONCE):
                self._printed(data)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def end_strays(token: str) -> None:
    """End the processes that a worker started and that have left its group."""
    mark = f"{MARK}={token}".encode()
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in Path(entry.path, "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
