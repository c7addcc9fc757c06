"""Where everything lies: packs, models, inputs, outputs, cache. Chosen once, by main.py or a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.packs.discover import discover
from engine.packs.source import PackSource, builtin
from engine.run.files import Files
from engine.run.folders import Folders


@dataclass(frozen=True, slots=True)
class Settings:
    """The folders of a Weft. `libraries` are code that nodes are declared with; `private` is Weft's own folder."""

    packs: tuple[PackSource, ...]
    libraries: tuple[Path, ...]
    folders: Folders
    files: Files
    private: Path

    @property
    def manifest(self) -> Path:
        """Where the specs of all nodes are kept."""
        return self.private / "manifest.json"

    @property
    def results(self) -> Path:
        """Where results are kept from one start to the next."""
        return self.private / "results"

    @property
    def records(self) -> Path:
        """Where it is noted how each graph was last run."""
        return self.private / "records"


def settings_at(root: Path, output: Path | None = None) -> Settings:
    """The usual layout below a folder; pictures may go elsewhere.

    Args:
        root: The checkout, with `nodes/`, `custom_nodes/`, `models/` and `input/`.
        output: Where pictures go instead of `output/`.
    """
    private = root / ".weft"
    return Settings(
        packs=(builtin(root / "nodes"), *discover(root / "custom_nodes")),
        libraries=(root / "ldm",),
        folders=Folders(root / "models", root / "input"),
        files=Files(output or root / "output", private / "temp", private / "state"),
        private=private,
    )
