"""`python -m engine.packs.describe`: imports packs and writes down their specs, for `manifest` in another process."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from engine.packs.load import load_packs
from engine.packs.manifest import Manifest, to_json
from engine.packs.source import PackSource


def main(digest: str, answer: Path) -> None:
    """Read the sources from standard input, import them, and write the manifest to the file `answer`."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=list[tuple[str, str, str]])
    loaded = load_packs(PackSource(name, Path(path), module) for name, path, module in asked)
    answer.write_bytes(to_json(Manifest(digest, tuple(loaded.registry.values()), loaded.failures)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
