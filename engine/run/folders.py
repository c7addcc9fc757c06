"""Where models and input files lie, and how a name from a graph is turned into a path without leaving them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from engine.graph.literals import closest

INPUT = "input"


class LeavesFolder(ValueError):
    """A name that would lead out of the folder it belongs to."""

    def __init__(self, folder: str, name: str) -> None:
        super().__init__(f"The name {name!r} leads out of the folder '{folder}'.")
        self.hint = "Give a name below the folder, without '..' and without a leading '/'."


class FileMissing(FileNotFoundError):
    """A file that its folder does not have."""

    def __init__(self, folder: Path, name: str, near: Sequence[str]) -> None:
        super().__init__(f"There is no '{name}' in {folder}.")
        self.hint = f"Did you mean {' or '.join(near)}?" if near else f"Put it into {folder}."

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders that nodes read from: `models/<folder>` for each kind of model, and the input folder."""

    models: Path
    input: Path

    def path(self, folder: str) -> Path:
        """Where a named folder lies; it need not exist."""
        if folder == INPUT:
            return self.input
        return self.models / relative_name("models", folder)

    def find(self, folder: str, name: str) -> Path:
        """The path of a file that is there. Raises `FileMissing` with near names, or `LeavesFolder`."""
        home = self.path(folder)
        path = home / relative_name(folder, name)
        if not path.is_file():
            raise FileMissing(home, name, closest(name, self.names(folder)))
        return path

    def names(self, folder: str) -> list[str]:
        """The files of a folder and of those below it, as graphs name them, in order."""
        home = self.path(folder)
        return sorted(Path(entry.path).relative_to(home).as_posix() for entry in _files_below(home))

    def state(self, folder: str, name: str | None) -> str:
        """Size and date of a file (or of all files of the folder), which tell whether its content has changed.

        A file that is not there is "missing": the node that reads it will say so.
        """
        try:
            if name is not None:
                return _state(self.find(folder, name).stat())
            entries = _files_below(self.path(folder))
            return " ".join(sorted(f"{entry.path}:{_state(entry.stat())}" for entry in entries))
        except (OSError, LeavesFolder):
            return "missing"


def relative_name(folder: str, name: str) -> PurePosixPath:
    """The name as a path below the folder; backslashes count as slashes. A name that leads out is refused."""
    path = PurePosixPath(name.replace("\\", "/"))
    if (
        not path.parts
        or path.is_absolute()
        or ".." in path.parts
        or PureWindowsPath(name).drive
        or "\0" in name
    ):
        raise LeavesFolder(folder, name)
    return path


def _state(stat: os.stat_result) -> str:
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [str(folder)] if folder.is_dir() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    waiting.append(entry.path)
                else:
                    yield entry
