"""What a person asks `run` for, beside the graph."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of `run`."""

    edits: tuple[str, ...]
    device: str
    explain: bool
    as_json: bool
    debug: bool
    disk: bool
    memory: int | None = None
    dtype: str = "fp32"
