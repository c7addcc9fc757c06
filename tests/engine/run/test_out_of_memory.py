"""Nodes that run out of memory, each time with the error that really says so."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
import torch

from engine.api import Context, node
from engine.graph.declared import DeclarationError
from engine.run.cache import MemoryCache
from engine.run.events import NodeFinished
from engine.run.inbox import Inbox
from engine.run.out_of_memory import means_out_of_memory, size_text
from tests.engine.run.lab import Lab, Outcome, graph, use
from tests.engine.run.toys import Value, add, number

CUDA = "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 8.00 GiB"

ERRORS: dict[str, Callable[[], BaseException]] = {
    "torch's own": lambda: torch.OutOfMemoryError(CUDA),
    "Python's": MemoryError,
    "numpy's": lambda: MemoryError("Unable to allocate 7.28 TiB for an array with shape (1000000, 1000000)"),
    "that of torch on a CPU": lambda: RuntimeError(
        "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
        "allocate 4000000000000 bytes. Error code 12 (Cannot allocate memory)"
    ),
    "that of a library of CUDA": lambda: RuntimeError(
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"
    ),
}


@pytest.fixture(params=ERRORS)
def error(request: pytest.FixtureRequest) -> Callable[[], BaseException]:
    return ERRORS[request.param]


class Memory:
    """Runs out at these calls, counted from 1."""

    def __init__(self, *calls: int, error: Callable[[], BaseException] = MemoryError) -> None:
        self.calls = calls
        self.error = error
        self.count = 0

    def use(self) -> None:
        self.count += 1
        if self.count in self.calls:
            raise self.error()


def hungry(memory: Memory) -> Callable[..., object]:
    @node("Hungry")
    def function(a: int) -> Value:
        """Needs much."""
        memory.use()
        return a * 10

    return function


GRAPH = graph(n=use("Number", value=1), m=use("Add", a="@n.value"), h=use("Hungry", a="@m.value"))


def run(lab: Lab) -> Outcome:
    return lab.run(GRAPH, "h.value")


def test_a_node_that_runs_out_once_is_called_again(error: Callable[[], BaseException]) -> None:
    memory = Memory(1, error=error)
    outcome = run(Lab([number, add, hungry(memory)]))

    assert (outcome.status, outcome.value, memory.count) == ("done", 20, 2)


@pytest.mark.parametrize("call", range(1, 11))
def test_wherever_it_happens_the_run_goes_on(call: int) -> None:
    memory = Memory(call)
    steps = {str(index): use("Hungry", a=f"@{index - 1}.value") for index in range(1, 11)}
    outcome = Lab([number, hungry(memory)]).run(graph(**{"0": use("Number", value=1)}, **steps), "10.value")

    assert (outcome.status, outcome.value, memory.count) == ("done", 10**10, 11)


def test_kept_results_and_models_are_given_up_for_it() -> None:
    @node("Load", pinned=True)
    def load(name: str) -> Value:
        """A model."""
        return 5

    memory = Memory()
    lab = Lab([number, add, load, hungry(memory)])
    lab.run(graph(x=use("Number", value=99), l=use("Load", name="a")), "x.value", "l.value")
    memory.calls = (1,)
    run(lab)
    again = lab.run(graph(x=use("Number", value=99), l=use("Load", name="a")), "x.value", "l.value")

    assert again.started == ["x", "l"]


def test_what_the_failed_call_held_is_gone_before_it_is_called_again() -> None:
    class Large:
        """A tensor, say."""

    alive: list[weakref.ref[Large]] = []
    seen: list[bool] = []

    @node("Hungry")
    def function(a: int) -> Value:
        """Makes something large before it runs out."""
        seen.extend(reference() is not None for reference in alive)
        large = Large()
        alive.append(weakref.ref(large))
        if len(alive) == 1:
            raise MemoryError
        return a

    gc.disable()  # nothing but reference counts
    try:
        outcome = run(Lab([number, add, function]))
    finally:
        gc.enable()

    assert (outcome.status, seen) == ("done", [False])


def test_one_that_runs_out_every_time_fails_with_sizes(error: Callable[[], BaseException]) -> None:
    memory = Memory(*range(1, 100), error=error)
    outcome = run(Lab([number, add, hungry(memory)], MemoryCache(budget=3 * 2**30)))

    assert (outcome.failure.error, outcome.failure.path, memory.count) == ("OutOfMemory", "h", 2)
    assert "is held on cpu (models 0 bytes, results" in outcome.failure.message
    assert "and 3.0 GiB may be kept" in outcome.failure.message
    assert "Make the picture or the batch smaller" in outcome.failure.hint
    assert [frame.rpartition(" ")[2] for frame in outcome.failure.frames] == ["function", "use"]


@pytest.mark.parametrize(
    ("kind", "size"),
    [("torch's own", "2.5 GiB"), ("numpy's", "7454.7 GiB"), ("that of torch on a CPU", "3725.3 GiB")],
)
def test_the_size_that_was_asked_for_is_told(kind: str, size: str) -> None:
    outcome = run(Lab([number, add, hungry(Memory(*range(1, 100), error=ERRORS[kind]))]))

    assert outcome.failure.message.startswith(f"It asked for {size};")


def test_what_had_finished_counts_as_held_for_work() -> None:
    @node("Fill")
    def fill(a: int) -> bytes:
        """A megabyte."""
        return bytes(2**20)

    @node("Eat")
    def eat(data: bytes, a: int) -> Value:
        """Runs out."""
        raise MemoryError

    made = graph(f=use("Fill", a=1), e=use("Eat", data="@f.bytes", a=1))

    assert "work 1.0 MiB" in Lab([fill, eat]).run(made, "e.value").failure.message


def test_the_next_run_is_as_any_other() -> None:
    memory = Memory(1, 2)
    lab = Lab([number, add, hungry(memory)])
    first, second = run(lab), run(lab)

    assert (first.status, second.status, second.value) == ("failed", "done", 20)


def tiling(memory: Memory) -> Callable[..., object]:
    def in_tiles(a: int, *, ctx: Context) -> int:
        memory.use()
        return a * 100

    @node("Hungry", tiled=in_tiles)
    def whole(a: int, *, ctx: Context) -> Value:
        """Needs much, or takes its time."""
        memory.use()
        return a * 10

    return whole


def test_a_node_that_can_do_with_less_does() -> None:
    memory = Memory(1, 2)
    lab = Lab([number, add, tiling(memory)])
    first, second = run(lab), run(lab)

    assert (first.value, memory.count, second.started) == (200, 3, [])


def test_but_only_if_it_has_to() -> None:
    assert run(Lab([number, add, tiling(Memory(1))])).value == 20


def test_a_node_that_runs_out_in_tiles_too_fails_after_three_attempts() -> None:
    memory = Memory(*range(1, 100))
    failure = run(Lab([number, add, tiling(memory)])).failure

    assert (failure.error, memory.count) == ("OutOfMemory", 3)
    assert "then in tiles" in failure.hint


def test_the_tiled_variant_takes_the_same() -> None:
    def in_tiles(b: int) -> int:
        return b

    with pytest.raises(DeclarationError) as caught:

        @node("Hungry", tiled=in_tiles)
        def whole(a: int) -> Value:
            """Needs much."""
            return a

    assert "takes b, but stands for whole(a)" in caught.value.what


class Choking(MemoryCache):
    """Runs out of memory while it makes room."""

    def clear(self, *, models: bool, results: bool) -> None:
        raise MemoryError


def test_to_run_out_while_making_room_is_no_other_failure() -> None:
    first = run(Lab([number, add, hungry(Memory(1))], Choking()))
    second = run(Lab([number, add, hungry(Memory(1, 2))], Choking()))

    assert (first.status, second.failure.error) == ("done", "OutOfMemory")


@pytest.mark.parametrize(
    "error", [ValueError("out of memory"), RuntimeError("shapes differ"), OSError("Cannot allocate memory")]
)
def test_other_errors_are_no_want_of_memory(error: Exception) -> None:
    assert not means_out_of_memory(error)


def test_an_error_that_another_one_led_to_is() -> None:
    error = ValueError("the sampler failed")
    error.__cause__ = torch.OutOfMemoryError(CUDA)

    assert means_out_of_memory(error)


def test_a_cancelled_run_does_not_try_again() -> None:
    calls: list[int] = []
    inbox = Inbox()

    @node("Hungry")
    def function(a: int) -> Value:
        """Is cancelled just when it runs out."""
        calls.append(a)
        inbox.cancel()
        raise MemoryError

    outcome = Lab([number, add, function]).run(GRAPH, "h.value", inbox=inbox)

    assert (outcome.status, calls) == ("cancelled", [2])


def test_every_node_tells_how_much_of_its_values_is_kept() -> None:
    @node("Fill")
    def fill(a: int) -> torch.Tensor:
        """A megabyte."""
        return torch.zeros(2**18)

    events = Lab([fill]).run(graph(f=use("Fill", a=1)), "f.tensor").events
    (finished,) = [event for event in events if isinstance(event, NodeFinished)]

    assert 2**20 <= finished.size < 2**20 + 1000


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (2048, "2.0 KiB"), (3 * 2**30, "3.0 GiB")]
)
def test_sizes_are_told_as_people_do(size: int, text: str) -> None:
    assert size_text(size) == text
