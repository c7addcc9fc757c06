"""Every node's spec, kept on disk, so that the server and the light commands know them without importing any pack."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

import engine
from engine.graph.registry import Registry, registry_of
from engine.graph.spec import NodeSpec
from engine.packs.comfy.places import Places
from engine.packs.plain import plain, revived
from engine.packs.source import PackFailure, PackSource

ENGINE = Path(engine.__file__).parent


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was found at a certain state of the files. `handles_prompts`: prompts have to go through some pack."""

    digest: str
    specs: tuple[NodeSpec, ...]
    failures: tuple[PackFailure, ...]
    handles_prompts: bool = False


def load_manifest(
    sources: Sequence[PackSource],
    cache_file: Path,
    libraries: Iterable[Path] = (),
    places: Places | None = None,
) -> tuple[Registry, tuple[PackFailure, ...]]:
    """The specs of all packs and what is wrong with some, from the file if nothing has changed since.

    Otherwise another process imports the packs; this one never does.

    Args:
        sources: The packs, the built-in nodes first.
        cache_file: Where the manifest is kept.
        libraries: Folders of code that nodes declare themselves with (`ldm/`): a change there counts as well.
        places: Where things lie, for packs that ask while they are imported.
    """
    digest = current_digest(sources, libraries)
    manifest = read_manifest(cache_file)
    if manifest is None or manifest.digest != digest:
        from engine.packs.rebuild import rebuild  # noqa: PLC0415  (most starts find the manifest as they left it)

        manifest = rebuild(sources, digest, places)
        with contextlib.suppress(OSError):  # a read-only or full disk costs time at the next start, no more
            write_manifest(cache_file, manifest)
    return registry_of(manifest.specs), manifest.failures


def current_digest(sources: Iterable[PackSource], libraries: Iterable[Path] = ()) -> str:
    """Stands for the sources as they are now: a manifest with the same digest is up to date."""
    return _digest([*(source.path for source in sources), *libraries, ENGINE / "graph", ENGINE / "packs"])


def to_json(manifest: Manifest) -> bytes:
    """The manifest as its file holds it."""
    specs, failures = plain(manifest.specs), plain(manifest.failures)
    return msgspec.json.encode([manifest.digest, specs, failures, manifest.handles_prompts])


def from_json(data: bytes) -> Manifest | None:
    """The manifest in a file, or None for a damaged file or one of another version."""
    try:
        digest, specs, failures, handles_prompts = msgspec.json.decode(data)
        return Manifest(digest, revived(specs), revived(failures), bool(handles_prompts))  # type: ignore[arg-type]
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError):
        return None


def read_manifest(cache_file: Path) -> Manifest | None:
    """The manifest in a file, or None where there is none that can be read."""
    try:
        return from_json(cache_file.read_bytes())
    except OSError:
        return None


def write_manifest(cache_file: Path, manifest: Manifest) -> None:
    """Keep a manifest for the next start."""
    # Written beside its place and then moved, so that no reader ever sees half of it.
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = cache_file.with_name(f"{cache_file.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(to_json(manifest))
        unfinished.replace(cache_file)
    finally:
        unfinished.unlink(missing_ok=True)


def _digest(roots: Iterable[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for root in roots:
        for path in _python_files(root):
            status = path.stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _python_files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for parent, below, names in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith((".", "__pycache__", "node_modules")))
        yield from (Path(parent, name) for name in sorted(names) if name.endswith(".py"))
