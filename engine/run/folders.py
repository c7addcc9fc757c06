"""Where models and input files lie, and how a name from a graph is turned into a path without leaving them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.graph.literals import closest
from engine.graph.marks import INPUT, unmarked
from engine.run.model_folders import ALIASES, MODEL_FOLDERS
from engine.run.names import BadName, relative_name


class FileMissing(FileNotFoundError):
    """A file that its folder does not have."""

    def __init__(self, folder: Path, name: str, near: Sequence[str]) -> None:
        super().__init__(f"There is no '{name}' in {folder}.")
        self.hint = f"Did you mean {' or '.join(near)}?" if near else f"Put it into {folder}."

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders that nodes read from: `models/<folder>` for each kind of model, and the input folder.

    Args:
        models: Has a folder for each kind of model.
        input: Pictures and other files to start from.
        elsewhere: Further places of a kind of model, searched after `models/`, in their order.
        ahead: Places of a kind that are searched before it, and where new files of it go.
        made: The folders of what runs have made, "output" and "temp", whose files an input may name by a mark.
    """

    models: Path
    input: Path
    elsewhere: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    ahead: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    made: Mapping[str, Path] = field(default_factory=dict)

    def path(self, folder: str) -> Path:
        """Where a named folder lies, and new files of it go; it need not exist."""
        return self.places(folder)[0]

    def places(self, folder: str) -> tuple[Path, ...]:
        """Every place where files of a named folder may lie, in the order in which they are searched."""
        if folder == INPUT:
            return (self.input,)
        if folder in self.made:
            return (self.made[folder],)
        name = ALIASES.get(folder, folder)
        known = MODEL_FOLDERS.get(name)
        below = known.places if known else (str(relative_name("models", name)),)
        usual = (self.models / place for place in below)
        return (*self.ahead.get(name, ()), *usual, *self.elsewhere.get(name, ()))

    def find(self, folder: str, name: str) -> Path:
        """The path of a file that is there. Raises `FileMissing` with near names, or `BadName`."""
        relative = relative_name(folder, name)
        places, whole = self.places(folder), _whole(folder)
        for place in places:
            path = place / relative
            if path.is_file() if whole is None else (path / whole).is_file():
                return path
        meant, rest = unmarked(folder, name)
        if rest != name and (meant == INPUT or meant in self.made):
            return self.find(meant, rest)
        raise FileMissing(places[0], name, closest(name, self.names(folder)))

    def find_folder(self, folder: str, name: str) -> Path:
        """The path of a folder in a named folder. Raises `FileMissing` with near names, or `BadName`."""
        relative = relative_name(folder, name)
        places = self.places(folder)
        for place in places:
            if (path := place / relative).is_dir():
                return path
        below = [home.relative_to(place).as_posix() for place in places for home, _ in _walk(place)]
        raise FileMissing(places[0], name, closest(name, [one for one in below if one != "."]))

    def names(self, folder: str) -> list[str]:
        """The files of a folder and of those below it, as graphs name them, in order; of some kinds, folders."""
        known = MODEL_FOLDERS.get(ALIASES.get(folder, folder))
        endings, whole = known.endings if known else ("",), _whole(folder)
        return sorted(
            {
                (Path(entry.path) if whole is None else Path(entry.path).parent).relative_to(place).as_posix()
                for place in self.places(folder)
                for entry in _files_below(place)
                if (entry.name.lower().endswith(endings) if whole is None else entry.name == whole)
            }
            - {"."}
        )

    def dates(self, folder: str) -> dict[Path, int]:
        """When each place of a folder, and each folder below, last changed: while that stands, so do the names."""
        places = self.places(folder)
        below = [home for place in places for home, _ in _walk(place)]
        return {home: date_of(home) for home in (*places, *below)}

    def state(self, folder: str, name: str | None) -> str:
        """Size and date of a file (or of all files of the folder), which tell whether its content has changed.

        A file that is not there is "missing": the node that reads it will say so.
        """
        try:
            if name is not None:
                path = self.find(folder, name)
                if not path.is_dir():
                    return _state(path.stat())
                return " ".join(
                    sorted(f"{entry.path}:{_state(entry.stat())}" for entry in _files_below(path))
                )
            entries = [entry for place in self.places(folder) for entry in _files_below(place)]
            return " ".join(sorted(f"{entry.path}:{_state(entry.stat())}" for entry in entries))
        except (OSError, BadName):
            return "missing"


def date_of(path: Path) -> int:
    """When it last changed, in nanoseconds; 0 for what is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _whole(folder: str) -> str | None:
    """The file by which a folder of this kind is known to be a model, where models are folders."""
    known = MODEL_FOLDERS.get(ALIASES.get(folder, folder))
    return known.whole if known else None


def _state(stat: os.stat_result) -> str:
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    for _, files in _walk(folder):
        yield from files


def _walk(folder: Path) -> Iterator[tuple[Path, list[os.DirEntry[str]]]]:
    """Each folder with its files, linked ones included; a link that leads back to a folder above is not followed."""
    waiting = [(folder, frozenset[str]())] if folder.is_dir() else []
    while waiting:
        home, above = waiting.pop()
        real = os.path.realpath(home)
        if real in above:
            continue
        files: list[os.DirEntry[str]] = []
        with os.scandir(home) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    waiting.append((Path(entry.path), above | {real}))
                else:
                    files.append(entry)
        yield home, files
