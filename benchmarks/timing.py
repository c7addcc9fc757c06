"""Timing that other processes disturb little: repeated, interleaved, and the best round taken."""

import gc
from collections.abc import Callable
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


def side_by_side(*works: Callable[[], object], rounds: int = 9) -> tuple[float, ...]:
    """The seconds of each work in its best round. They take turns, so a busy moment hits all of them alike.

    The best and not the middle: whatever disturbs a round can only make it longer.
    """
    times = [[seconds(work) for work in works] for _ in range(rounds)]
    return tuple(min(of_one) for of_one in zip(*times, strict=True))
