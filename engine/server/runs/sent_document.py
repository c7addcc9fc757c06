"""The document that a run was sent as: what its person had on the screen, not what it was flattened to."""

from __future__ import annotations

from collections.abc import Mapping

from engine.formats.json_text import parse
from engine.formats.read import drawn_beside
from engine.formats.shown import document_for_editor
from engine.graph.registry import Registry

WEFT, DOCUMENT = "weft", "document"  # where a run's extra data keeps it


def with_document(extra: Mapping[str, object], document: object) -> dict[str, object]:
    """The extra data of a run with the document that it was sent as."""
    said = extra.get(WEFT)
    return {**extra, WEFT: {**(said if isinstance(said, Mapping) else {}), DOCUMENT: document}}


def sent_document(graph: bytes, extra: bytes, registry: Registry) -> object:
    """The document of a run: as it was sent, or made of the workflow beside its prompt, or of the prompt itself."""
    told = parse(extra or b"{}")
    more = told if isinstance(told, Mapping) else {}
    own = _in(more, WEFT, DOCUMENT)
    if isinstance(own, Mapping):
        return own
    drawn, _ = drawn_beside(parse(graph), _in(more, "extra_pnginfo", "workflow"), registry)
    return document_for_editor(drawn, registry)


def _in(extra: Mapping[str, object], key: str, name: str) -> object:
    inner = extra.get(key)
    return inner.get(name) if isinstance(inner, Mapping) else None
