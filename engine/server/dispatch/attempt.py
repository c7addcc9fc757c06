"""An attempt at a run, being carried out: what happens is told to clients, and written down in portions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

import msgspec

from engine.backends.backend import Told
from engine.run.events import Event, NodeFinished, NodePreviewed, NodeTold, Picture
from engine.server.dispatch.account import Account, Line
from engine.server.dispatch.journal import Journal
from engine.server.telling import frames, messages
from engine.server.telling.hub import Hub
from engine.store.history import append
from engine.store.opening import Store
from engine.store.records import Claimed, EventPage

WRITE_EVERY = 0.05  # seconds; what is not written down when the server dies has to be done again
SHOW_EVERY = 0.05  # seconds between two `progress_state`

log = logging.getLogger("weft.runs")


class Attempt:
    """One attempt, from the claim to its end.

    Args:
        claimed: The run.
        hub: Where its clients are.
        store: Where its events are kept.
        heard: Is told every numbered message, for those who watch this run.
    """

    def __init__(
        self,
        claimed: Claimed,
        hub: Hub,
        store: Store,
        heard: Callable[[Sequence[Line]], None],
    ) -> None:
        self.claimed = claimed
        self.run = claimed.run
        self.account = Account(claimed)
        self.journal = Journal(claimed.run.attempt)
        self._hub = hub
        self._store = store
        self._heard = heard
        self._client = claimed.run.client or None
        self._lines: list[Line] = []
        self._out: list[bytes] = []
        self._shown = 0.0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._writing: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Say that a worker has the run."""
        self.say((self.account.begin(),))

    def hear(self, portion: Sequence[Told]) -> None:
        """Tell clients what has happened."""
        board = self.account.board
        show = monotonic() - self._shown >= SHOW_EVERY
        for told in portion:
            event = told.event
            if isinstance(event, NodePreviewed):
                self._picture(event)
            elif isinstance(event, NodeTold):
                self._pass_on(event)
            else:
                heard = self.account.hear(told)
                if show and board.changed:
                    show = False
                    self._show_beside(event, heard)
                else:
                    self._queue(heard)
        self._flush()
        if board.changed:
            self._later("show", SHOW_EVERY, self.show)
        self._later("write", WRITE_EVERY, self._write)

    def say(self, lines: Iterable[Line]) -> None:
        """Tell clients these, now."""
        self._queue(lines)
        self._flush()

    def show(self) -> None:
        """Say how far the nodes are, if that has changed."""
        if self.account.board.changed:
            self._show()
            self._flush()

    async def settle(self) -> None:
        """Do nothing more by the clock; what is being written is written afterwards."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._writing is not None:
            await self._writing

    def last_page(self, closing: Iterable[Line]) -> list[EventPage]:
        """What is still to be written, together with what will be said last."""
        self.journal.note(closing)
        page = self.journal.page(self.account.number)
        return [] if page is None else [page]

    def conclude(self, closing: Sequence[Line]) -> None:
        """Tell clients what is written down now."""
        self.journal.say_noted()
        self._heard(closing)
        if self._client is not None:
            self._hub.tell([line.payload for line in closing], self._client)

    # ---- telling

    def _show_beside(self, event: Event, heard: Iterable[Line]) -> None:
        """As ComfyUI does: before what tells of a beginning, behind what tells of an end."""
        if isinstance(event, NodeFinished):
            self._queue(heard)
            self._show()
        else:
            self._show()
            self._queue(heard)

    def _queue(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._lines.append(line)
            # Whoever gave no name hears of the progress alone, as everybody does; so it is with ComfyUI.
            if self._client is not None or line.kind == "progress":
                self._out.append(line.payload)

    def _show(self) -> None:
        self._shown = monotonic()
        self._out.append(messages.written("progress_state", self.account.board.difference()))

    def _flush(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            self.journal.say(lines)
            self._heard(lines)
        if self._out:
            out, self._out = self._out, []
            self._hub.tell(out, self._client)

    def _picture(self, event: NodePreviewed) -> None:
        picture = event.value
        if self._client is not None and isinstance(picture, Picture):
            self._flush()
            place = self.account.place(event.path)
            meta = messages.PictureMeta(
                event.path, self.run.id, place.shown, place.parent, place.shown, picture.media_type
            )
            self._hub.picture(picture, meta, self._client)

    def _pass_on(self, event: NodeTold) -> None:
        self._flush()
        if event.binary is not None:
            self._hub.bytes(frames.event(event.binary, event.data), event.client or None)
        elif event.kind == "progress_text":
            text = event.data.decode("utf-8", "replace")
            self._hub.bytes(frames.progress_text(event.path, text), event.client or self._client)
        else:
            self._hub.send(event.kind, msgspec.Raw(event.data), event.client or None)

    # ---- by the clock

    def _later(self, what: str, seconds: float, do: Callable[[], None]) -> None:
        if what not in self._timers:

            def now() -> None:
                del self._timers[what]
                do()

            self._timers[what] = asyncio.get_running_loop().call_later(seconds, now)

    def _write(self) -> None:
        if self._writing is None:
            self._writing = asyncio.ensure_future(self._write_page())

    async def _write_page(self) -> None:
        try:
            number = self.account.number
            page = self.journal.page(number)
            if page is not None:
                await self._store.write(append, self.run.id, page)
                self.journal.stored = number
        except Exception as error:
            # It is not lost: it goes out with the next page, at the latest with how the run ended.
            log.warning("Events of run %s could not be written down yet: %s", self.run.id, error)
        finally:
            self._writing = None
