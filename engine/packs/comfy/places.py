"""Where things lie, as packs are told when they are imported: plain data, handed in by whoever imports them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of an installation.

    `models` are the places of each kind of model and how the names of its files end (no endings: any), in ComfyUI's
    order.
    """

    base: Path
    input: Path
    output: Path
    temp: Path
    user: Path
    models: Mapping[str, tuple[tuple[Path, ...], tuple[str, ...]]] = field(default_factory=dict)

    @property
    def models_home(self) -> Path:
        """Where most kinds of model have their folder."""
        return self.base / "models"


def places_below(base: Path) -> Places:
    """The usual places below a folder."""
    return Places(base, base / "input", base / "output", base / ".weft" / "temp", base / "user")


def to_plain(places: Places) -> dict[str, object]:
    """The places as JSON values."""
    models = {
        name: [[str(home) for home in homes], list(ends)] for name, (homes, ends) in places.models.items()
    }
    names = ("base", "input", "output", "temp", "user")
    return {**{name: str(getattr(places, name)) for name in names}, "models": models}


def from_plain(plain: Mapping[str, Any]) -> Places:
    """What `to_plain` was given."""
    models = {name: (tuple(map(Path, homes)), tuple(ends)) for name, (homes, ends) in plain["models"].items()}
    return Places(**{name: Path(path) for name, path in plain.items() if name != "models"}, models=models)


_KNOWN: list[Places] = [places_below(Path.cwd())]


_LISTENERS: list[Callable[[], None]] = []


def use(places: Places) -> None:
    """Tell where things lie, before packs are imported."""
    _KNOWN[:] = [places]
    for listener in _LISTENERS:
        listener()


def whenever_told(listener: Callable[[], None]) -> None:
    """Have a function called now, and whenever things lie elsewhere."""
    _LISTENERS.append(listener)
    listener()


def places() -> Places:
    """Where things lie."""
    return _KNOWN[0]
