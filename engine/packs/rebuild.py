"""Making a manifest: another process imports the packs, so that nothing they do can harm this one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.packs.manifest import ENGINE, Manifest, read_manifest
from engine.packs.source import PackFailure, PackSource

PATIENCE = 300  # seconds for all packs to be imported; torch alone may take ten on a cold disk


def rebuild(sources: Sequence[PackSource], digest: str) -> Manifest:
    """What the packs declare. A pack that kills the process that imports it is found out and named."""
    found = _describe_elsewhere(sources, digest)
    if isinstance(found, Manifest):
        return found
    # The process that imported the packs died. Importing each alone tells which one did it.
    deadly: list[PackFailure] = []
    for source in sources:
        alone = _describe_elsewhere([source], digest)
        if isinstance(alone, str):
            name = source.name or source.module
            deadly.append(PackFailure(name, str(source.file), "Died", f"its import {alone}"))
    names = {failure.pack for failure in deadly}
    harmless = [source for source in sources if (source.name or source.module) not in names]
    rest = _describe_elsewhere(harmless, digest) if deadly else found
    if isinstance(rest, str):
        return Manifest(digest, (), (PackFailure("all", "", "Died", f"their import {rest}"),))
    return Manifest(digest, rest.specs, (*rest.failures, *deadly))


def _describe_elsewhere(sources: Sequence[PackSource], digest: str) -> Manifest | str:
    """What another process finds in the packs, or how it ended without an answer."""
    request = msgspec.json.encode([[source.name, str(source.path), source.module] for source in sources])
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "manifest.json"
        command = [sys.executable, "-P", "-m", "engine.packs.describe", digest, str(answer)]
        path = os.pathsep.join([str(ENGINE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        try:
            done = subprocess.run(
                command,
                input=request,
                capture_output=True,
                check=False,
                timeout=PATIENCE,
                env={**os.environ, "PYTHONPATH": path},
            )
        except subprocess.TimeoutExpired:
            return f"took longer than {PATIENCE} seconds"
        manifest = read_manifest(answer)
        if manifest is not None:
            return manifest
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"ended the process with code {done.returncode}. {last}".strip()
