"""Which pack is being imported, for what it registers on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_NOW: list[str] = []


def pack_now() -> str:
    """The name of the pack that is being imported, "" if none is."""
    return _NOW[-1] if _NOW else ""


@contextlib.contextmanager
def importing(pack: str) -> Iterator[None]:
    """Say that a pack is being imported."""
    _NOW.append(pack)
    try:
        yield
    finally:
        _NOW.pop()
