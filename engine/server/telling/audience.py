"""Who hears of the queue and of its runs: everybody of the one, and of a run its client and whoever watches it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from engine.server.dispatch import steps
from engine.server.dispatch.account import Line
from engine.server.dispatch.attempt import Attempt
from engine.server.dispatch.journal import START, Position, Said, messages_of
from engine.server.dispatch.steps import Standing
from engine.server.telling import messages
from engine.server.telling.hub import Hub, Listener
from engine.server.telling.watching import Watchers
from engine.store.opening import Store
from engine.store.records import QueueState, Run


class Audience:
    """What has been said, and to whom it is being said.

    `standing` is how the queue is; `attempt` is what is being carried out now. `when_full` is called whenever it turns
    out that the queue rests since a disk is full.
    """

    def __init__(self, hub: Hub, store: Store) -> None:
        self.standing = Standing(0, QueueState())
        self.attempt: Attempt | None = None
        self.when_full: Callable[[], object] = lambda: None
        self._hub = hub
        self._store = store
        self._watchers = Watchers()
        self._changes = 0

    # ---- saying

    def learn(self, standing: Standing) -> None:
        """Know how the queue is, without telling anybody."""
        self.standing = standing
        if standing.state.state == "disk full":
            self.when_full()

    def stands(self, standing: Standing) -> None:
        """Tell everybody how the queue is."""
        self.learn(standing)
        self.say_status()

    def say_status(self) -> None:
        """Tell everybody again."""
        self._hub.send("status", self.status())

    def turn_to(self, attempt: Attempt | None) -> None:
        """Something else is being carried out from now on, or nothing."""
        self.attempt = attempt
        self._changes += 1

    def heard(self, run: Run, lines: Sequence[Line]) -> None:
        """Tell those who watch a run what its client has just been told."""
        self._watchers.heard(run.id, lambda: _said(run.attempt, lines))

    def over(self, runs: Iterable[str]) -> None:
        """Tell those who watch these runs that nothing more will come."""
        self._watchers.over(runs)

    # ---- asking

    def status(self, sid: str | None = None) -> messages.Status:
        """What `status` says now."""
        status = messages.queue_status(self.standing.remaining, sid)
        state = self.standing.state
        if state.state == "open":
            return status
        return messages.Status(status.status, sid, state.state, state.reason)

    def greet(self, listener: Listener) -> None:
        """Tell a client that has just come how its run stands, if one is being carried out."""
        attempt = self.attempt
        if attempt is not None and attempt.run.client == listener.client:
            node = attempt.account.current
            if node is not None:
                listener.send("executing", {"node": node})
            listener.send("progress_state", attempt.account.board.everything())

    async def missed(self, run: str, after: Position) -> list[bytes]:
        """What the store has of a run behind a place. What is being carried out now is left to `present`."""
        while True:
            changes = self._changes
            if self.attempt is not None and self.attempt.run.id == run:
                return []
            pages, _ = await self._store.read(steps.past, run, after)
            if changes == self._changes:
                return [said.payload for said in messages_of(pages, after)]

    def present(self, run: str, after: Position = START) -> list[Said]:
        """What clients have been told of a run in the attempt that goes on now."""
        attempt = self.attempt
        if attempt is None or attempt.run.id != run or attempt.run.attempt < after[0]:
            return []
        number = after[1] if attempt.run.attempt == after[0] else START[1]
        return _said(attempt.run.attempt, attempt.journal.after(number))

    def watch(self, run: str, after: Position = START) -> AsyncIterator[Said]:
        """All that is said of a run behind a place, until the run is over."""

        async def past() -> tuple[list[Said], bool]:
            pages, found = await self._store.read(steps.past, run, after)
            return list(messages_of(pages, after)), steps.is_over(found)

        return self._watchers.watch(run, after, lambda: self.present(run, after), past)


def _said(attempt: int, lines: Sequence[Line]) -> list[Said]:
    return [Said((attempt, line.number), line.kind, line.payload) for line in lines]
