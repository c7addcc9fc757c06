"""Where a person wants things to lie, laid over the usual settings: flags and `extra_model_paths.yaml`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from engine.backends.settings import Settings, folders_at
from engine.packs.discover import discover
from engine.packs.source import PackSource
from engine.run.folders import Folders
from engine.run.model_folders import ALIASES

PACKS = "custom_nodes"
BASE, FIRST = "base_path", "is_default"


class LayoutError(ValueError):
    """A layout that cannot be: what is wrong, and what to do."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie. Whatever is None is at its usual place below `base`.

    Args:
        base: Has `models`, `custom_nodes`, `input`, `output` and `user`.
        output: Where pictures go.
        input: Pictures to start from.
        temp: Where a folder `temp` for previews is made.
        user: Users' settings and workflows.
        extra_paths: Files like ComfyUI's `extra_model_paths.yaml`.
        packs: Names of the packs to load; None means all that are found.
    """

    base: Path | None = None
    output: Path | None = None
    input: Path | None = None
    temp: Path | None = None
    user: Path | None = None
    extra_paths: tuple[Path, ...] = ()
    packs: frozenset[str] | None = None


class LaidOut(NamedTuple):
    """Settings with a layout laid over them, where users' files lie, and which folders packs are found in."""

    settings: Settings
    user: Path
    pack_folders: tuple[Path, ...]


class ExtraPaths(NamedTuple):
    """What such a file names: places by folder, those that come before the usual ones, and where more packs are."""

    places: Mapping[str, tuple[Path, ...]]
    ahead: Mapping[str, tuple[Path, ...]]
    packs: tuple[Path, ...]


def laid_out(settings: Settings, root: Path, layout: Layout) -> LaidOut:
    """The settings with everything where the layout has it. Raises `LayoutError`."""
    base = (layout.base or root).resolve()
    for folder in (layout.base, layout.user):
        if folder is not None and not folder.is_dir():
            raise LayoutError(f"The folder {folder} is not there.", "Make it, or name another.")
    private = base / ".weft" if layout.base else settings.private
    output = layout.output or (base / "output" if layout.base else settings.files.output)
    temp = layout.temp / "temp" if layout.temp else private / "temp"
    usual = folders_at(base, output, temp) if layout.base or layout.output else settings.folders
    folders = replace(usual, input=layout.input or usual.input, made={"output": output, "temp": temp})
    extra = [read_extra_paths(file) for file in layout.extra_paths]
    for one in extra:
        folders = with_places(folders, one)
    found = settings.packs if layout.base is None else _builtin(settings) + discover(base / PACKS)
    homes = tuple(dict.fromkeys(place for one in extra for place in one.packs))
    known = {pack.name for pack in found}
    found += tuple(pack for home in homes for pack in discover(home) if pack.name not in known)
    if layout.packs is not None:
        found = tuple(pack for pack in found if not pack.name or pack.name in layout.packs)
    files = replace(settings.files, output=output, temp=temp, state=private / "state")
    laid = replace(settings, packs=found, folders=folders, files=files, private=private)
    return LaidOut(laid, layout.user or base / "user", (base / PACKS, *homes))


def check_apart(laid: LaidOut) -> None:
    """Raise `LayoutError` where clients could read or write what is not theirs: Weft's own folder, or packs' code."""
    settings = laid.settings
    served = {
        "output": settings.files.output,
        "input": settings.folders.input,
        "temp": settings.files.temp,
        "user": laid.user,
    }
    kept = {
        "Weft's own folder": settings.private,
        **{f"the packs in {pack}": pack for pack in laid.pack_folders},
    }
    for name, folder in served.items():
        for what, private in kept.items():
            inside = folder.resolve().is_relative_to(private.resolve())
            if private.resolve().is_relative_to(folder.resolve()) or (inside and private != settings.private):
                raise LayoutError(
                    f"The {name} folder {folder} overlaps with {what} ({private}), which clients must not reach.",
                    f"Choose another with --{name}-directory.",
                )


def _builtin(settings: Settings) -> tuple[PackSource, ...]:
    return tuple(pack for pack in settings.packs if not pack.name)


def with_places(folders: Folders, extra: ExtraPaths) -> Folders:
    """The folders with further places to search."""
    elsewhere, ahead = dict(folders.elsewhere), dict(folders.ahead)
    for kind, places in extra.places.items():
        elsewhere[kind] = tuple(dict.fromkeys((*elsewhere.get(kind, ()), *places)))
    for kind, places in extra.ahead.items():
        ahead[kind] = tuple(dict.fromkeys((*places, *ahead.get(kind, ()))))
    return replace(folders, elsewhere=elsewhere, ahead=ahead)


def read_extra_paths(file: Path) -> ExtraPaths:
    """What a file like ComfyUI's `extra_model_paths.yaml` says. Raises `LayoutError`."""
    import yaml  # noqa: PLC0415  (most starts have no such file)

    try:
        document = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise LayoutError(
            f"{file} cannot be read: {error.strerror}.", "Name a file that is there."
        ) from error
    except yaml.YAMLError as error:
        raise LayoutError(f"{file} is no YAML: {error}.", "Correct it there.") from error
    extra = ExtraPaths({}, {}, ())
    for name, section in (document or {}).items():
        if isinstance(section, dict):
            extra = _with_section(extra, section, file.parent)
        elif section is not None:
            hint = "Indent what belongs to it, as in  loras: models/loras"
            raise LayoutError(f"'{name}' in {file} is no section.", hint)
    return extra


def _with_section(extra: ExtraPaths, section: Mapping[str, object], home: Path) -> ExtraPaths:
    base = _expanded(str(section.get(BASE) or ""), home)
    kinds = dict(extra.ahead if section.get(FIRST) else extra.places)
    packs = extra.packs
    for key, lines in section.items():
        found = tuple(_expanded(line, base) for line in str(lines).splitlines() if line.strip())
        if key == PACKS:
            packs += found
        elif key not in {BASE, FIRST}:
            kind = ALIASES.get(key, key)
            kinds[kind] = kinds.get(kind, ()) + found
    return (
        ExtraPaths(extra.places, kinds, packs)
        if section.get(FIRST)
        else ExtraPaths(kinds, extra.ahead, packs)
    )


def _expanded(path: str, base: Path) -> Path:
    return Path(os.path.normpath(base / os.path.expandvars(os.path.expanduser(path.strip()))))
