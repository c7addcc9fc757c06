"""Making a manifest: another process imports the packs, so that nothing they do can harm this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.packs.comfy.places import Places, to_plain
from engine.packs.describe import NOW
from engine.packs.manifest import ENGINE, Manifest, read_manifest
from engine.packs.source import PackFailure, PackSource

STARTING = 120.0  # seconds for the process itself, on a machine with much else to do
PATIENCE = 60.0  # seconds for one pack to be imported; torch alone may take ten on a cold disk


def rebuild(sources: Sequence[PackSource], digest: str, places: Places | None = None) -> Manifest:
    """What the packs declare. A pack that ends the process that imports it, or never ends, is named and left out."""
    left, deadly, tried_again = list(sources), list[PackFailure](), set[str]()
    while True:
        found = _describe_elsewhere(left, digest, places)
        if isinstance(found, Manifest):
            return replace(found, failures=(*found.failures, *deadly))
        guilty = next((source for source in left if source.module == found.module), None)
        if guilty is None:
            failure = PackFailure("all", "", "Died", f"their import {found.how}")
            return Manifest(digest, (), (*deadly, failure))
        if found.killed and guilty.module not in tried_again:  # from outside, which says little of the pack
            tried_again.add(guilty.module)
            continue
        name = guilty.name or guilty.module
        deadly.append(PackFailure(name, str(guilty.file), "Died", f"its import {found.how}"))
        left.remove(guilty)


class Death(NamedTuple):
    """How a process ended that should have described packs, and which module it was importing."""

    module: str
    how: str
    killed: bool = False


def _describe_elsewhere(
    sources: Sequence[PackSource], digest: str, places: Places | None
) -> Manifest | Death:
    """What another process finds in the packs, or how it ended without an answer."""
    listed = [[source.name, str(source.path), source.module] for source in sources]
    request = msgspec.json.encode({"sources": listed, "places": to_plain(places) if places else None})
    with tempfile.TemporaryDirectory() as folder:
        answer, now = Path(folder) / "manifest.json", Path(folder) / NOW
        command = [sys.executable, "-P", "-m", "engine.packs.describe", digest, str(answer)]
        path = os.pathsep.join([str(ENGINE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path}
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, env=environment
        ) as process:
            said = _watched(process, request, now)
        manifest = read_manifest(answer)
        if manifest is not None:
            return manifest
        if said is None:
            return Death(_text(now), f"took longer than {PATIENCE:.0f} seconds")
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        how = f"ended the process with code {process.returncode}. {last}".strip()
        return Death(_text(now), how, killed=process.returncode == -signal.SIGKILL)


def _watched(process: subprocess.Popen[bytes], request: bytes, now: Path) -> bytes | None:
    """What the process said on standard error; None if it was ended since a single pack took too long."""
    importing, since = "", time.monotonic()
    unsent: bytes | None = request
    while True:
        try:
            return process.communicate(unsent, timeout=1.0)[1]
        except subprocess.TimeoutExpired:
            unsent = None  # what is left of it is remembered, and may not be given again
            if _text(now) != importing:
                importing, since = _text(now), time.monotonic()
            elif time.monotonic() - since > (PATIENCE if importing else STARTING):
                process.kill()
                return None


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
