"""`python -m engine.packs.describe`: imports packs and writes down their specs, for `manifest` in another process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from engine.packs.comfy.places import from_plain, use
from engine.packs.load import load_packs
from engine.packs.manifest import Manifest, to_json
from engine.packs.prestart import prestart
from engine.packs.serving import ON_PROMPT, ROUTES
from engine.packs.source import PackSource

NOW = "now"  # the file beside the answer that says which module is being imported


class Asked(msgspec.Struct):
    """What `rebuild` asks for: packs, each with name, path and module, and where things lie."""

    sources: list[tuple[str, str, str]]
    places: dict[str, Any] | None = None


def _noted(sources: list[PackSource], now: Path) -> Iterator[PackSource]:
    """The sources, each written down before its turn: whoever waits then knows which one does not end."""
    for source in sources:
        now.write_text(source.module)
        yield source


def main(digest: str, answer: Path) -> None:
    """Read the sources from standard input, import them, and write the manifest to the file `answer`."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    sources = [PackSource(name, Path(path), module) for name, path, module in asked.sources]
    now = answer.with_name(NOW)
    places = from_plain(asked.places) if asked.places else None
    if places is not None:
        use(places)
    before = prestart(_noted(sources, now))
    loaded = load_packs(_noted(sources, now), places)
    failures = (*before, *loaded.failures)
    handles = any((route.method, route.path) == ON_PROMPT for route in ROUTES)
    answer.write_bytes(to_json(Manifest(digest, tuple(loaded.registry.values()), failures, handles)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
