"""Running out of memory: telling it from other errors, making room, trying again, and saying how much was missing."""

from __future__ import annotations

import errno
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn, TypeVar

from engine.run import memory
from engine.run.cache import Cache
from engine.run.kinds import Kind

T = TypeVar("T")

# Libraries raise a plain RuntimeError for it now and then.
WORDS = re.compile(
    r"out of memory|not enough memory|can't allocate memory|cannot allocate memory|CUBLAS_STATUS_ALLOC_FAILED"
    r"|cudaErrorMemoryAllocation|Unable to allocate",
    re.IGNORECASE,
)
ASKED = re.compile(r"(?:allocate|allocating) ([\d.]+) ?(bytes|[KMGTP]i?B)", re.IGNORECASE)
UNITS = {"b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}
DEEPEST = 10  # errors that led to an error

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a device's memory is used for at one moment, in bytes.

    `models` and `results` are what the cache keeps there, up to its `budget`; `working` is what the nodes of the run
    still need and the cache does not keep.
    """

    device: str
    models: int
    results: int
    working: int
    free: int
    budget: int

    @property
    def held(self) -> int:
        """All that is known to be in use."""
        return self.models + self.results + self.working

    def describe(self) -> str:
        """The same in words."""
        parts = f"models {size_text(self.models)}, results {size_text(self.results)}, work {size_text(self.working)}"
        return (
            f"{size_text(self.held)} is held on {self.device} ({parts}), {size_text(self.free)} is free, "
            f"and {size_text(self.budget)} may be kept"
        )


def ledger(device: str, cache: Cache, working: int = 0) -> Ledger:
    """How a device's memory is used now. What the nodes of a run have in hand, only the run knows."""
    kept = cache.kept()
    return Ledger(device, kept.models, kept.results, working, memory.free_memory(device), kept.budget)


class OutOfMemory(RuntimeError):
    """A node that ran out of memory even with all the room that could be made."""

    def __init__(self, asked: int | None, ledger: Ledger, *, tiled: bool) -> None:
        wish = f"It asked for {size_text(asked)}" if asked is not None else "It asked for more than there is"
        super().__init__(f"{wish}; {ledger.describe()}.")
        self.asked = asked
        self.ledger = ledger
        tried = "Kept results and models were given up and the node was tried again"
        tried += ", then in tiles." if tiled else "."
        self.hint = f"{tried} Make the picture or the batch smaller, or close other programs."


def means_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that led to it, says that there is no memory left."""
    return any(_says_so(each) for each in _chain(error))


def forget(error: BaseException) -> tuple[int | None, TracebackType | None]:
    """Let go of all values that an error keeps alive. Gives the bytes that were asked for, and where it came from."""
    asked = None
    for each in _chain(error):
        traceback.clear_frames(each.__traceback__)
        asked = asked or _asked(str(each))
    return asked, error.__traceback__


def with_room(
    kind: Kind, attempt: Callable[[Kind], T], cache: Cache, working: Callable[[], int], device: str
) -> T:
    """What a node gives: if it runs out of memory, once there is more room; or what its tiled variant gives.

    Args:
        kind: The node.
        attempt: Calls it, or a variant of it.
        cache: Gives up all it keeps in memory.
        working: Tells what the run has in hand.
        device: Whose memory may run out.

    Raises:
        OutOfMemory: it was not enough.
    """
    try:
        return attempt(kind)
    except Exception as error:
        if not means_out_of_memory(error):
            raise
        asked, trace = forget(error)
    # Only behind the `except` is the error gone, with all that it kept alive.
    now = ledger(device, cache, working())
    for each in filter(None, (kind, kind.tiled)):
        make_room(cache)
        try:
            return attempt(each)
        except Exception as error:
            if not means_out_of_memory(error):
                raise
            now = ledger(device, cache, working())
            asked, trace = forget(error)
    make_room(cache)  # for what comes after
    _give_up(OutOfMemory(asked, now, tiled=kind.tiled is not None), trace)


def make_room(cache: Cache) -> None:
    """Give up whatever is kept in memory. To run out of memory while doing so is no reason to stop."""
    try:
        cache.clear(models=True, results=True)
        memory.give_back()
    except Exception as error:
        if not means_out_of_memory(error):
            raise
        forget(error)
        log.warning("Out of memory while making room: %s", error)


def size_text(size: int) -> str:
    """Bytes as people say them."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def _give_up(error: OutOfMemory, trace: TracebackType | None) -> NoReturn:
    raise error.with_traceback(trace) from None  # with the node's own lines, which no longer hold any values


def _says_so(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or any(
        base.__name__ == "OutOfMemoryError" for base in type(error).__mro__
    ):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and WORDS.search(str(error)) is not None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that led to it."""
    each: BaseException | None = error
    for _ in range(DEEPEST):
        if each is None:
            return
        yield each
        each = each.__cause__ or each.__context__


def _asked(message: str) -> int | None:
    found = ASKED.search(message)
    return int(float(found[1]) * UNITS[found[2][0].lower()]) if found else None
