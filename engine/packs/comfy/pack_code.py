"""Loading the code of packs: every file below a pack's folder gets the builtins of packs, however it is imported."""

from __future__ import annotations

import sys
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import ModuleType

from engine.packs.comfy.names import PACK_BUILTINS

_HOMES: set[Path] = set()


class PackLoader(SourceFileLoader):
    """Runs a module with the builtins of packs."""

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        module.__dict__["__builtins__"] = PACK_BUILTINS
        super().exec_module(module)


def add_pack(path: Path) -> None:
    """From now on, files below this folder are code of packs; a single file is one by itself."""
    home = path.resolve()
    if home in _HOMES:
        return
    _HOMES.add(home)
    if _finder not in sys.path_hooks:
        sys.path_hooks.insert(0, _finder)
    for known in list(sys.path_importer_cache):
        if is_pack_file(Path(known)):
            del sys.path_importer_cache[known]


def is_pack_file(path: Path) -> bool:
    """Whether a file or folder is a pack's."""
    resolved = path.resolve()
    return any(resolved == home or resolved.is_relative_to(home) for home in _HOMES)


def _finder(path: str) -> FileFinder:
    """The hook that Python asks how to import from a folder."""
    if not path or not is_pack_file(Path(path)):
        raise ImportError
    return FileFinder(
        path, (ExtensionFileLoader, list(EXTENSION_SUFFIXES)), (PackLoader, list(SOURCE_SUFFIXES))
    )
