"""A server as people start one: `python main.py` in an installation of toy nodes, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.engine.installation import Installation

PATIENCE = 60.0
ADDRESS = re.compile(r"Weft listens at (http\S+?),?\s")


@dataclass(frozen=True)
class Served:
    """A server's process and its address."""

    process: subprocess.Popen[str]
    address: str
    folder: Path

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, data: object, **headers: str) -> tuple[int, bytes]:
        return self.ask("POST", path, json.dumps(data).encode(), headers)

    def ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        request = Request(self.address + path, body, dict(headers), method=method)
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()

    def json(self, path: str) -> object:
        return json.loads(self.get(path)[1])

    def wait_until_ready(self) -> None:
        """Return when the worker has imported everything."""
        deadline = time.monotonic() + PATIENCE
        while self.get("/ready")[0] != 200:
            assert time.monotonic() < deadline, "the worker does not start"
            time.sleep(0.05)

    def wait_for(self, run: str) -> dict[str, object]:
        """The history of a run, when it is over."""
        deadline = time.monotonic() + PATIENCE
        while True:
            history = self.json(f"/history/{run}")
            assert isinstance(history, dict)
            if run in history:
                return dict(history[run])
            assert time.monotonic() < deadline, f"run {run} does not end"
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code, once it has ended."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def served(
    installation: Installation, *arguments: str, port: str = "0", **environment: str
) -> Iterator[Served]:
    """A server, on any free port unless told; it is ended with the block, if it has not ended before."""
    process = subprocess.Popen(
        installation.command(*arguments, "--port", port),
        cwd=installation.folder,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )
    try:
        yield Served(process, _address(process), installation.folder)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := ADDRESS.search(line):
            return found[1]
    raise AssertionError(f"the server ended: {said}")
