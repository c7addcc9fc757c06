"""Rows of the table `run` as values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import msgspec

from engine.store.records import Run, Shot

COLUMNS: Final = (
    "id, number, priority, status, attempt, client, batch, targets, created, started, ended, cancelling, reason, node, "
    "exit_code"
)
WIDTH: Final = COLUMNS.count(",") + 1

# What people are shown of a run besides: where it came from, and its first picture, saved ones before previews.
SHOWN: Final = f"""{COLUMNS}, (SELECT parent FROM origin WHERE origin.run = run.rank), (
        SELECT json_array(name, folder) FROM artifact WHERE artifact.run = run.rank AND media_type LIKE 'image/%'
        ORDER BY folder != 'output', artifact.rowid LIMIT 1)"""
SHOWN_WIDTH: Final = WIDTH + 2
OVER: Final = "status IN ('done', 'failed', 'cancelled', 'poisoned')"

_targets = msgspec.json.Decoder(tuple[str, ...])
_pair = msgspec.json.Decoder(tuple[str, str])


def run_of(row: tuple[Any, ...]) -> Run:
    """The run in the first columns of a row, which are `COLUMNS`."""
    (id, number, priority, status, attempt, client, batch, targets, created, started, ended, *rest) = row[
        :WIDTH
    ]
    cancelling, reason, node, exit_code = rest
    return Run(
        id,
        number,
        priority,
        status,
        attempt,
        client,
        batch,
        _targets.decode(targets),
        created,
        started,
        ended,
        bool(cancelling),
        reason,
        node,
        exit_code,
    )


def shown_run_of(row: tuple[Any, ...]) -> Run:
    """The run in the first columns of a row, which are `SHOWN`."""
    parent, picture = row[WIDTH:SHOWN_WIDTH]
    return replace(run_of(row), parent=parent, picture=None if picture is None else _shot(picture))


def _shot(text: str) -> Shot:
    name, folder = _pair.decode(text)
    subfolder, _, filename = name.rpartition("/")
    return Shot(filename, subfolder, folder)
