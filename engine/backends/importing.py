"""Which pack a worker is importing, whether that takes too long, and which packs are left out for it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from engine.backends import orders
from engine.packs.source import PackFailure, PackSource


class Importing:
    """Watches over imports. A pack that ends the process, or takes too long, is blamed and left out from then on.

    A process that was killed from outside says little of the pack that it was importing, so that one has another try.

    Args:
        seconds: How long the import of one pack may take.
        end: Ends the worker.
    """

    def __init__(self, seconds: float, end: Callable[[], object]) -> None:
        self._seconds = seconds
        self._end = end
        self._current: orders.Importing | None = None
        self._overdue = False
        self._timer: asyncio.TimerHandle | None = None
        self._left_out: dict[str, PackFailure] = {}
        self._tried_again: set[str] = set()

    @property
    def goes_on(self) -> bool:
        """Whether a pack is being imported."""
        return self._current is not None

    @property
    def failures(self) -> tuple[PackFailure, ...]:
        """The packs that are left out, and why."""
        return tuple(self._left_out.values())

    def without_left_out(self, sources: tuple[PackSource, ...]) -> tuple[PackSource, ...]:
        """The packs that may be imported."""
        return tuple(source for source in sources if (source.name or source.module) not in self._left_out)

    def forgive(self, pack: str) -> None:
        """Let a pack be imported again."""
        self._left_out.pop(pack, None)
        self._tried_again.discard(pack)

    def begin(self, pack: orders.Importing) -> None:
        """Its import begins."""
        self.stop()
        self._current = pack
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._takes_too_long)

    def stop(self) -> None:
        """No import goes on any more."""
        self._current = None
        self._overdue = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def blame(self, exit_code: int | None, *, killed: bool) -> PackFailure | None:
        """The worker has ended: what is said of the pack that was being imported, if one was.

        Args:
            exit_code: How it ended.
            killed: Whether we ended it, for whatever reason.
        """
        pack, overdue = self._current, self._overdue
        self.stop()
        if pack is None or (killed and not overdue):
            return None
        how = (
            f"took longer than {self._seconds:g} seconds"
            if overdue
            else f"ended the process with code {exit_code}"
        )
        error = "ImportTimeout" if overdue else "Died"
        if exit_code == -signal.SIGKILL and not overdue and pack.pack not in self._tried_again:
            self._tried_again.add(pack.pack)
            return PackFailure(pack.pack, pack.where, error, f"its import {how}; it is tried once more")
        failure = PackFailure(pack.pack, pack.where, error, f"its import {how}; it is left out")
        self._left_out[pack.pack] = failure
        return failure

    def _takes_too_long(self) -> None:
        self._overdue = True
        self._end()
