"""Which packs there are. Nothing here imports them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.packs.source import PackSource


def discover(custom_nodes: Path) -> tuple[PackSource, ...]:
    """The packs of a folder by name: folders with `__init__.py`, and single `.py` files.

    Names that begin with `_` or `.` and names that end in `.disabled` are left out.
    """
    found = {source.name: source for source in _sources(custom_nodes)}
    return tuple(found[name] for name in sorted(found))


def _sources(custom_nodes: Path) -> Iterator[PackSource]:
    for path in sorted(custom_nodes.iterdir()) if custom_nodes.is_dir() else ():
        if path.name.startswith(("_", ".")) or path.name.endswith(".disabled"):
            continue
        if path.suffix == ".py" or (path / "__init__.py").is_file():
            name = path.name.removesuffix(".py")
            # A dot in a module's name would make a package of what stands before it.
            yield PackSource(name, path, f"{custom_nodes.name}.{name.replace('.', '_')}")
