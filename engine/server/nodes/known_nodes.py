"""The nodes that the server knows at the moment, and the files that they may name.

At first they come from the manifest, so that nothing has to be imported; as soon as the worker has imported the packs,
what it found takes their place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.backends.backend import Packs
from engine.graph.registry import Registry
from engine.packs.source import PackFailure
from engine.run.folders import Folders, date_of


@dataclass(frozen=True, slots=True)
class _Listed:
    """The files of a folder, and the dates of all folders that were read for it."""

    names: tuple[str, ...]
    dates: Mapping[Path, int]


class KnownNodes:
    """The nodes at hand. `settled` once they are those that are really there.

    Args:
        packs: What the manifest says.
        folders: Where the files lie that nodes may name.
        settled: Whether the manifest is known to be up to date.
    """

    def __init__(self, packs: Packs, folders: Folders, *, settled: bool = True) -> None:
        self._packs = packs
        self._folders = folders
        self._settled = asyncio.Event()
        self._listed: dict[str, _Listed] = {}
        self.version = 0
        self.handle_prompts = False  # whether some pack wants to see prompts before they are accepted
        if settled:
            self._settled.set()

    @property
    def registry(self) -> Registry:
        """The nodes by their ids."""
        return self._packs.registry

    @property
    def stamp(self) -> str:
        """Stands for the nodes as a worker has them; "" as long as none has said so."""
        return self._packs.stamp

    @property
    def failures(self) -> tuple[PackFailure, ...]:
        """The packs, and single nodes, that could not be imported."""
        return self._packs.failures

    def replace(self, packs: Packs) -> None:
        """Take what a worker has found; whoever waits in `settled` goes on."""
        self._packs = packs
        self.version += 1
        self._settled.set()

    async def settled(self) -> Registry:
        """Wait until the nodes are those that are really there; right after a pack was changed, that takes seconds."""
        await self._settled.wait()
        return self.registry

    def listing(self) -> dict[str, tuple[str, ...]]:
        """The files of every folder that some node reads from, as `validate` wants to know it."""
        return {folder: self.files(folder) for folder in self.registry.file_folders()}

    def files(self, folder: str) -> tuple[str, ...]:
        """The files of one folder. It is read again only where a folder in it has changed."""
        known = self._listed.get(folder)
        if known is None or any(date_of(path) != date for path, date in known.dates.items()):
            # The dates are taken first: a file that appears in between is then found the next time.
            dates = self._folders.dates(folder)
            known = _Listed(tuple(self._folders.names(folder)), dates)
            self._listed[folder] = known
        return known.names
