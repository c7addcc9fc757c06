"""When what was done in a run: noted as nodes end, packed as columns of numbers, and read again by whoever asks.

To pack ten thousand nodes takes two thousandths of a second, and 350 kB; compressed it is a third of that.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal, TypeAlias

import msgspec

from engine.run import memory
from engine.run.kinds import Kind

What: TypeAlias = Literal["wait", "load", "compute", "save"]
WHATS: Sequence[What] = ("wait", "load", "compute", "save")

MOST = 20_000  # spans that are kept; of more than that, the longer ones
MOST_LOOKS = 2_000  # at the memory
LOOK_EVERY = 0.01  # seconds between two looks at first: a node may be over in a thousandth of that
LONG_WAIT = 1e-3  # seconds from which on waiting for the device is worth a line

WAIT, LOAD, COMPUTE, SAVE = range(4)
TIMES, THREADS = "d", "Q"  # how numbers lie in a column

_Noted: TypeAlias = tuple[str, int, float, float, int]  # node, what, begin, end, thread


@dataclass(frozen=True, slots=True)
class Span:
    """What a node did from when to when, in seconds since the run began, and on which of its threads.

    It waits for the device, loads a model or a kept result, computes, or does what it is run for.
    """

    node: str
    what: What
    begin: float
    end: float
    lane: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """All of a run: its spans, how much memory was held when (seconds and bytes), and how long it took."""

    spans: tuple[Span, ...]
    memory: tuple[tuple[float, int], ...]
    seconds: float


class Timing:
    """Takes note for one run, from any of its threads. Times are those of `perf_counter`.

    Args:
        device: Whose memory is looked at: the GPU's, or what this process holds of the machine's.
    """

    def __init__(self, device: str, start: float) -> None:
        self._device = device
        self._start = start
        self._spans: list[_Noted] = []
        self._shortest = 0.0
        self._looks: list[tuple[float, int]] = []
        self._every = LOOK_EVERY
        self._next_look = start
        self._lock = threading.Lock()

    def called(self, path: str, kind: Kind, ready: float, begin: float, end: float) -> None:
        """A node was called; `ready` is since when it might have been, or 0."""
        thread = threading.get_ident()
        if ready and begin - ready > LONG_WAIT:
            self._note((path, WAIT, ready, begin, thread))
        spec = kind.spec
        self._note((path, LOAD if spec.pinned else SAVE if spec.effect else COMPUTE, begin, end, thread))
        if end >= self._next_look:
            self._look(end)

    def fetched(self, path: str, begin: float, end: float) -> None:
        """A kept result was read from where it is kept."""
        self._note((path, LOAD, begin, end, threading.get_ident()))

    def packed(self, end: float) -> bytes:
        """All of it, for `unpacked`; a run that has ended now."""
        names, whats, begins, ends, threads = zip(*self._spans, strict=True) if self._spans else ((),) * 5
        return msgspec.msgpack.encode(
            (
                self._start,
                end,
                names,
                bytes(whats),
                array(TIMES, begins).tobytes(),
                array(TIMES, ends).tobytes(),
                array(THREADS, threads).tobytes(),
                self._looks,
            )
        )

    def _note(self, noted: _Noted) -> None:
        if noted[3] - noted[2] < self._shortest:
            return
        self._spans.append(noted)
        if len(self._spans) > MOST:
            self._thin_out()

    def _thin_out(self) -> None:
        with self._lock:
            while len(self._spans) > MOST // 2:
                self._shortest = 4 * self._shortest or 1e-5
                self._spans[:] = [span for span in self._spans if span[3] - span[2] >= self._shortest]

    def _look(self, now: float) -> None:
        with self._lock:
            self._next_look = now + self._every
            self._looks.append((now, memory.held(self._device)))
            if len(self._looks) >= MOST_LOOKS:
                self._looks[:] = self._looks[::2]
                self._every *= 2


_Columns: TypeAlias = tuple[float, float, list[str], bytes, bytes, bytes, bytes, list[tuple[float, int]]]
_decode = msgspec.msgpack.Decoder(_Columns).decode


def unpacked(data: bytes) -> Timeline:
    """What `Timing.packed` gave, in the order in which things began."""
    start, end, names, whats, begins, ends, threads, looks = _decode(data)
    rows = zip(names, whats, array(TIMES, begins), array(TIMES, ends), array(THREADS, threads), strict=True)
    noted = sorted(rows, key=itemgetter(2))
    lanes = {thread: number for number, thread in enumerate(dict.fromkeys(row[4] for row in noted))}

    def since(time: float) -> float:
        return float(max(0.0, round(time - start, 6)))

    spans = tuple(
        Span(node, WHATS[what], since(begin), since(last), lanes[thread])
        for node, what, begin, last, thread in noted
    )
    return Timeline(spans, tuple((since(at), held) for at, held in looks), since(end))
