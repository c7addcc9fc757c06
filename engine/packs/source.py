"""Where a pack's code lies, and why it may not be there after all: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PackSource:
    """Where a pack's code lies: a folder with `__init__.py`, or a single file. The built-in nodes have no name."""

    name: str
    path: Path
    module: str

    @property
    def file(self) -> Path:
        """The file that is run when the pack is imported."""
        return self.path / "__init__.py" if self.path.is_dir() else self.path


def builtin(package: Path) -> PackSource:
    """The nodes that come with Weft: every module of this package is imported."""
    return PackSource("", package, package.name)


@dataclass(frozen=True, slots=True)
class PackFailure:
    """Why a pack, or one node of it, is not there. `where` is the file and line in the pack, where that is known."""

    pack: str
    where: str
    error: str
    message: str

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        place = f" ({self.where})" if self.where else ""
        return f"pack {self.pack}{place}: {self.error}: {self.message}"
