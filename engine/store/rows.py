"""Rows of the table `run` as values."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from engine.store.records import Run

COLUMNS: Final = (
    "id, number, priority, status, attempt, client, batch, targets, created, started, ended, cancelling, reason, node, "
    "exit_code"
)
WIDTH: Final = COLUMNS.count(",") + 1
OVER: Final = "status IN ('done', 'failed', 'cancelled', 'poisoned')"

_targets = msgspec.json.Decoder(tuple[str, ...])


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
