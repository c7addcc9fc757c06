"""Toy packs, written to disk."""

from collections.abc import Mapping
from pathlib import Path

HEAD = "from engine.graph.declare import node\n"


def declares(name: str, body: str = "return 1") -> str:
    """The code of a pack with one node."""
    return f"{HEAD}@node({name!r})\ndef {name.lower()}(x: int = 0) -> int:\n    {body}\n"


def write_packs(root: Path, files: Mapping[str, str]) -> Path:
    """A folder `custom_nodes` below `root` with these files."""
    folder = root / "custom_nodes"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder
