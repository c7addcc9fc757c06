"""Names of input files that lie elsewhere: `cat.png [output]` is a file of the output folder, as ComfyUI writes it."""

from __future__ import annotations

import re

INPUT = "input"
MARKED = re.compile(r"(?P<name>.*) \[(?P<folder>output|input|temp)\]", re.DOTALL)


def unmarked(folder: str, name: str) -> tuple[str, str]:
    """The folder and the name that are meant; only names of the input folder can carry another folder's mark."""
    marked = MARKED.fullmatch(name) if folder == INPUT else None
    return (marked["folder"], marked["name"]) if marked else (folder, name)
