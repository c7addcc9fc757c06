"""Where a run came from: what a client says in `extra_data` of the run that it changed."""

from __future__ import annotations

from collections.abc import Mapping

from engine.server.answers import Refused

LONGEST_ID = 256


def parent_in(extra: Mapping[str, object]) -> str | None:
    """The id under `weft.parent`, if there is any. Raises `Refused` for what can be none."""
    said = extra.get("weft")
    parent = said.get("parent") if isinstance(said, Mapping) else None
    if parent is None or (isinstance(parent, str) and 0 < len(parent) <= LONGEST_ID):
        return parent
    raise Refused(
        400,
        "invalid_request",
        f"`extra_data.weft.parent` must be a run's id: a text of 1 to {LONGEST_ID} characters.",
        "Correct it, or leave it out.",
    )
