"""The files that a run has published, as the history keeps them: their size, and a sum that shows they are whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from engine.graph.values import PublishedFile
from engine.store.records import Artifact


async def artifacts_of(files: Sequence[tuple[str, PublishedFile]]) -> tuple[Artifact, ...]:
    """The files of these nodes, each node's counted from 0."""
    return await asyncio.to_thread(_artifacts, files) if files else ()


def _artifacts(files: Iterable[tuple[str, PublishedFile]]) -> tuple[Artifact, ...]:
    counted: Counter[str] = Counter()
    found: list[Artifact] = []
    for node, file in files:
        size, digest = _size_and_sum(file.path)
        found.append(Artifact(node, counted[node], file.folder, file.name, file.media_type, size, digest))
        counted[node] += 1
    return tuple(found)


def _size_and_sum(path: str) -> tuple[int, str]:
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return file.tell(), digest.hexdigest()
    except OSError:
        return 0, ""  # somebody has taken it away already, which is theirs to do
