"""Where a pack lies that is to be imported anew, or for the first time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.backends.settings import Settings
from engine.packs.discover import discover
from engine.packs.source import PackSource


def source_of(pack: str, settings: Settings, folders: Iterable[Path]) -> PackSource:
    """The pack of that name, among those that are known or else in these folders. Raises LookupError."""
    known = (source for source in settings.packs if source.name == pack)
    found = (source for folder in folders for source in discover(folder) if source.name == pack)
    for source in (*known, *found):
        if pack and source.file.exists():
            return source
    raise LookupError(f"There is no pack '{pack}'. Put it into custom_nodes/ first.")
