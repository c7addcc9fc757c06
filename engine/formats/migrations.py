"""Graph files of earlier versions, brought up to date one version at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from engine.formats.json_text import kind_of
from engine.graph.problems import Unreadable

Document: TypeAlias = Mapping[str, Any]
Step: TypeAlias = Callable[[Document], Document]

# The step at index 0 turns version 1 into version 2, and so on. A step never changes once it is released.
STEPS: tuple[Step, ...] = ()

VERSION = len(STEPS) + 1


def migrate(document: Document, steps: Sequence[Step] = STEPS) -> Document | Unreadable:
    """The document as the newest version has it."""
    version, newest = document.get("weft"), len(steps) + 1
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        return Unreadable("weft", f"the version of the file, 1 to {newest}", kind_of(version))
    if version > newest:
        return Unreadable("weft", f"version {newest} or older", f"version {version}; a newer Weft wrote it")
    for step in steps[version - 1 :]:
        document = step(document)
    return {**document, "weft": newest}
