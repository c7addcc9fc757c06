"""Where everything lies: packs, models, inputs, outputs, cache. Chosen once, by main.py or a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.packs.comfy.places import Places
from engine.packs.discover import discover
from engine.packs.source import PackSource, builtin
from engine.run.files import Files
from engine.run.folders import Folders
from engine.run.model_folders import MODEL_FOLDERS


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

    @property
    def places(self) -> Places:
        """Where things lie, as ComfyUI's packs are told when they are imported."""
        folders = self.folders
        kinds = [*MODEL_FOLDERS, *(kind for kind in folders.elsewhere if kind not in MODEL_FOLDERS)]
        models = {
            kind: (folders.places(kind), MODEL_FOLDERS[kind].endings if kind in MODEL_FOLDERS else ())
            for kind in kinds
        }
        base = folders.models.parent
        homes = dict.fromkeys(pack.path.parent for pack in self.packs if pack.name)
        models["custom_nodes"] = (
            (base / "custom_nodes", *(home for home in homes if home != base / "custom_nodes")),
            (),
        )
        return Places(base, folders.input, self.files.output, self.files.temp, base / "user", models)

    @property
    def store(self) -> Path:
        """Where the server keeps the queue and the history."""
        return self.private / "store"

    @property
    def uploads(self) -> Path:
        """Where an upload lies until all of it is there."""
        return self.private / "uploads"

    @property
    def templates(self) -> Path:
        """Where the graphs lie that the editor offers to begin with."""
        return self.private.parent / "workflows"

    @property
    def token(self) -> Path:
        """The file with the token that clients from elsewhere have to show."""
        return self.private / "token"


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
        folders=folders_at(root, output or root / "output", private / "temp"),
        files=Files(output or root / "output", private / "temp", private / "state"),
        private=private,
    )


def folders_at(root: Path, output: Path, temp: Path) -> Folders:
    """The folders that nodes read from; what nodes save is found there too."""
    saved = {kind: folder.in_output for kind, folder in MODEL_FOLDERS.items() if folder.in_output}
    elsewhere = {kind: (output / name,) for kind, name in saved.items()}
    return Folders(root / "models", root / "input", elsewhere, made={"output": output, "temp": temp})
