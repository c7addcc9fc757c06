"""Timing that other processes disturb little: repeated, interleaved, and the median taken."""

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, with the garbage collector at rest."""
    gc.collect()
    gc.disable()
    try:
        start = perf_counter()
        work()
        return perf_counter() - start
    finally:
        gc.enable()


def side_by_side(*works: Callable[[], object], repetitions: int = 7) -> tuple[float, ...]:
    """The median seconds of each work; they take turns, so a busy moment hits all of them alike."""
    rounds = [[seconds(work) for work in works] for _ in range(repetitions)]
    return tuple(median(times) for times in zip(*rounds, strict=True))
