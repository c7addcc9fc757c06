"""Which files nodes may name, as `validate` wants to know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.graph.registry import Registry


class HasNames(Protocol):
    """Knows the files of each folder: `engine.run.folders.Folders`."""

    def names(self, folder: str) -> Sequence[str]:
        """The files of a folder."""


def listing(folders: HasNames, registry: Registry) -> dict[str, tuple[str, ...]]:
    """The files of every folder that some node reads from; a folder that is not there has none."""
    return {folder: tuple(folders.names(folder)) for folder in registry.file_folders()}
