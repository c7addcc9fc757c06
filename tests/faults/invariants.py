"""What must be true of a server's folder whatever has happened to it: reliability's invariants I1 to I8.

I5 (the queue goes on), I6 and I7 (answers, no orphans) need a server: `lab.Live.check` adds them.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LEGAL = {"queued", "running", "done", "failed", "cancelled", "poisoned"}
UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.")


@dataclass(frozen=True)
class Known:
    """A run as the database has it, with the content of its artifacts."""

    status: str
    attempt: int
    node: str | None
    files: tuple[bytes, ...]


def invariants(folder: Path, accepted: Iterable[str] = (), *, spare: int = 0) -> Mapping[str, Known]:
    """Check the folder, and tell how its runs stand.

    Args:
        folder: Of the installation.
        accepted: The runs that clients were told are accepted.
        spare: Files that attempts may have published before they were killed. They are whole, and nobody's artifact.
    """
    db = sqlite3.connect(f"file:{folder}/.weft/store/runs.sqlite3?mode=ro", uri=True)
    try:
        (sound,) = db.execute("PRAGMA integrity_check").fetchone()
        runs = db.execute("SELECT rank, id, status, attempt, node FROM run").fetchall()
        rows = db.execute("SELECT run, node, number, folder, name, size, sha256 FROM artifact").fetchall()
    finally:
        db.close()

    assert sound == "ok"
    missing = set(accepted) - {run[1] for run in runs}
    assert not missing, f"I1: accepted, and not there: {missing}"
    assert {run[2] for run in runs} <= LEGAL, "I1"

    contents: dict[int, list[bytes]] = {}
    for run, _, _, kind, name, size, digest in rows:
        data = (folder / ".weft" / "temp" / name if kind == "temp" else folder / kind / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (size, digest), f"I2: {name}"
        contents.setdefault(run, []).append(data)

    assert len({row[:3] for row in rows}) == len(rows), "I4: published twice for one place"
    orphans = nobodys_files(folder)
    assert len(orphans) <= spare, f"I3: nobody's files: {orphans}"
    for name in orphans:
        assert (folder / "output" / name).read_bytes().endswith(b"\n"), f"I3: not whole: {name}"

    return {
        id: Known(status, attempt, node, tuple(contents.get(rank, ())))
        for rank, id, status, attempt, node in runs
    }


def nobodys_files(folder: Path) -> set[str]:
    """The finished files in the output folder that are no run's artifact."""
    db = sqlite3.connect(f"file:{folder}/.weft/store/runs.sqlite3?mode=ro", uri=True)
    try:
        known = {name for (name,) in db.execute("SELECT name FROM artifact WHERE folder = 'output'")}
    finally:
        db.close()
    output = folder / "output"
    files = [path for path in output.rglob("*") if path.is_file() and not UNFINISHED.match(path.name)]
    return {path.relative_to(output).as_posix() for path in files} - known
