"""Which files nodes may name, as `validate` wants to know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from engine.graph.registry import Registry


class HasNames(Protocol):
    """Knows the files of each folder: `engine.run.folders.Folders`."""

    def names(self, folder: str) -> Sequence[str]:
        """The files of a folder."""


def listing(
    folders: HasNames, registry: Registry, kinds: Iterable[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """The files of each folder that nodes read from, of any kind or of these; one that is not there has none."""
    return {folder: tuple(folders.names(folder)) for folder in registry.file_folders(kinds)}
