"""What a run tells to somebody elsewhere: in portions, at once when nothing else is to be done, previews seldom."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from queue import Empty
from time import monotonic

from engine.run.events import Event, NodeFinished, NodePreviewed, NodeStarted, Picture
from engine.run.inbox import Inbox, Message
from engine.run.previews import Drawing, picture_of

PREVIEW_EVERY = 0.1  # seconds between two pictures of a node
PREVIEW_SHARE = (
    5  # and so many times as long as it took to draw one: what is looked at must not hold up what is done
)
MOST_WAITING = 256  # events that are told together at most
A_MOMENT = 0.001  # seconds that an event may wait for others; to send it takes nearly as long

log = logging.getLogger("weft.worker")


class Outgoing(Inbox):
    """The inbox of a run that is told to somebody elsewhere.

    - While more is to be read, events are put together; if nothing comes for a moment, they go out. So they are told at
      once when little happens, and in large portions when much does.
    - Of the previews of a node only the newest waits, and it is not encoded before it goes out.

    Args:
        tell: Sends events away; may take a while.
        begins: Is told the path of each node that begins, on the thread that is about to call it.
        previews: Whether anybody wants to see unfinished pictures.
        largest: The longer side of previews, in pixels.
        draws: Whether values that are no pictures yet are drawn.
    """

    def __init__(
        self,
        tell: Callable[[Sequence[Event]], object],
        begins: Callable[[str], object] | None = None,
        *,
        previews: bool,
        largest: int,
        draws: bool = True,
    ) -> None:
        super().__init__(previews=previews)
        self._tell = tell
        self._begins = begins
        self._largest = largest
        self._draws = draws
        self._events: list[Event] = []
        self._due = 0.0  # when the oldest of them has to go out
        self._previews: dict[str, object] = {}
        self._next: dict[str, float] = {}

    def post(self, message: Message) -> None:
        """Add a message."""
        if self._begins is not None and message.__class__ is NodeStarted:
            assert isinstance(message, NodeStarted)
            self._begins(message.path)
        super().post(message)

    def get_within(self, seconds: float) -> Message | None:
        """The oldest message, or None if there is none within these seconds."""
        try:
            return self._messages.get_nowait()
        except Empty:
            pass
        if self._events and (left := self._due - monotonic()) > 0:
            message = super().get_within(left)
            if message is not None:
                return message
        self.flush()
        return super().get_within(seconds)

    def add(self, event: Event) -> None:
        """Tell this event, soon."""
        if isinstance(event, NodePreviewed):
            if not (self._draws or isinstance(event.value, Picture | Drawing)):
                return
            self._previews[event.path] = event.value
            return
        if not self._events:
            self._due = monotonic() + A_MOMENT
        self._events.append(event)
        if self._previews and isinstance(event, NodeFinished):
            self._previews.pop(event.path, None)
        if len(self._events) >= MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Tell all that waits, now."""
        if self._events:
            events, self._events = self._events, []
            self._tell(events)
        if self._previews:
            self._show()

    def _show(self) -> None:
        now = monotonic()
        due = [path for path in self._previews if now >= self._next.get(path, 0.0)]
        for path in due:
            value = self._previews.pop(path)
            begun = monotonic()
            try:
                picture = picture_of(value, self._largest)
            except Exception as error:  # whoever draws may do anything, and a run does not end for a picture
                log.warning("Node %s has a preview that cannot be drawn: %r", path, error)
                continue
            finally:
                ended = monotonic()
                self._next[path] = now + max(PREVIEW_EVERY, PREVIEW_SHARE * (ended - begun))
            if picture is not None:
                self._tell([NodePreviewed(path, picture)])
