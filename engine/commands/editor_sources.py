"""What the editor is made of, its sources and its packages, and whether that has changed since it was built."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

SOURCES = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")
FOLDERS = ("src", "public")
NO_SOURCES = frozenset({"openapi.json", "generated.ts"})  # types of the wire: nothing of them is in the build
INSTALLED = Path("node_modules", ".package-lock.json")  # written by npm as its last step
STAMP = "sources.sha256"  # in the built editor


def digest(web: Path) -> str:
    """A hash over everything that the built editor is made of."""
    hashed = sha256()
    for path in sorted(_sources(web)):
        content = path.read_bytes()
        hashed.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode() + content)
    return hashed.hexdigest()


def is_built(built: Path, digest: str) -> bool:
    """Whether the editor there was made of sources with this digest."""
    try:
        return (built / STAMP).read_text() == digest
    except OSError:
        return False


def is_installed(web: Path, *, everything: bool) -> bool:
    """Whether the packages are there in the versions of package-lock.json: those that build, or everything."""
    wanted, there = _packages(web / "package-lock.json"), _packages(web / INSTALLED)
    return all(
        there.get(name, {}).get("version") == package["version"]
        for name, package in wanted.items()
        if "version" in package and not package.get("optional") and (everything or not package.get("dev"))
    )


def _sources(web: Path) -> Iterator[Path]:
    yield from (path for name in SOURCES if (path := web / name).is_file())
    for folder in FOLDERS:
        for path in (web / folder).rglob("*"):
            if path.is_file() and path.name not in NO_SOURCES:
                yield path


def _packages(lock: Path) -> Mapping[str, Mapping[str, object]]:
    try:
        packages: Mapping[str, Mapping[str, object]] = json.loads(lock.read_text("utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return {}
    return {name: package for name, package in packages.items() if name}
