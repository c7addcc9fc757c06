"""What `progress_state` says: the nodes that run, and those that finished since it was last said.

ComfyUI repeats every node each time, which grows with the square of the graph; its client only looks for those that
run, so that the difference is enough.
"""

from __future__ import annotations

import msgspec

from engine.server.telling.messages import NodeState, ProgressState


class Place(msgspec.Struct, frozen=True):
    """Where a node stands: its path, the node that turned into it, and the node of the graph that stands for it."""

    path: str
    shown: str
    parent: str | None = None


class Board:
    """The nodes of one attempt that have begun, with how far they are."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.running: dict[str, NodeState] = {}
        self.finished: dict[str, NodeState] = {}
        self.news: dict[str, NodeState] = {}
        self.changed = False

    def begin(self, place: Place) -> None:
        """A node begins."""
        self.running[place.path] = self._state(place, 0.0, 1.0)
        self.changed = True

    def step(self, place: Place, done: int, total: int) -> None:
        """A node has come a step further."""
        self.running[place.path] = self._state(place, done, total)
        self.changed = True

    def end(self, place: Place, *, cached: bool, seconds: float, size: int) -> None:
        """A node has finished."""
        begun = self.running.pop(place.path, None)
        most = begun.max if begun is not None else 1
        state = NodeState(
            most,
            most,
            "finished",
            place.path,
            self.run,
            place.shown,
            place.parent,
            place.shown,
            cached,
            round(seconds, 6),
            size,
        )
        self.finished[place.path] = self.news[place.path] = state
        self.changed = True

    def difference(self) -> ProgressState:
        """What has changed since this was last asked, and all that runs."""
        nodes = {**self.news, **self.running}
        self.news = {}
        self.changed = False
        return ProgressState(self.run, nodes)

    def everything(self) -> ProgressState:
        """Every node that has begun, for a client that has just come."""
        return ProgressState(self.run, {**self.finished, **self.running})

    def _state(self, place: Place, value: float, most: float) -> NodeState:
        return NodeState(value, most, "running", place.path, self.run, place.shown, place.parent, place.shown)
