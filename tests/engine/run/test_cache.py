"""Each cache, over the same tests; then what is each one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.api import Blocked, Published, PublishedFile
from engine.run import memory
from engine.run.cache import Cache, Kept, Layers, MemoryCache, NoCache, Worth, to_evict
from engine.run.policies import cache_for
from engine.run.result import Many, Result
from tests.engine.run.caches import on_disk, result

CACHES: dict[str, Callable[[Path], Cache]] = {
    "memory": lambda folder: MemoryCache(),
    "disk": on_disk,
    "layers": lambda folder: Layers(MemoryCache(), on_disk(folder)),
    "classic": lambda folder: cache_for("classic"),
    "lru": lambda folder: cache_for(10),
}


@pytest.fixture(params=CACHES)
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    return CACHES[request.param](tmp_path)


def test_what_was_put_is_found_under_its_key_alone(cache: Cache) -> None:
    cache.put("a", result(1), 1.0)

    assert ("a" in cache, "b" in cache) == (True, False)
    assert (cache.get("a"), cache.get("b")) == (result(1), None)


def test_a_blocked_result_and_lists_are_kept_too(cache: Cache) -> None:
    kept = Result({"a": Blocked("why"), "b": Many((1, "two", None))})
    cache.put("a", kept, 1.0)

    assert cache.get("a") == kept


def test_putting_again_changes_nothing(cache: Cache) -> None:
    cache.put("a", result(1), 1.0)
    cache.put("a", result(1), 2.0)

    assert cache.get("a") == result(1)


def test_no_cache_keeps_nothing() -> None:
    nothing = NoCache()
    nothing.put("a", result(), 1.0)

    assert ("a" in nothing, nothing.get("a"), nothing.at_hand("a")) == (False, None, None)


# ---- what has to go


def test_nothing_goes_while_there_is_room() -> None:
    assert to_evict({"a": Worth(10, 1, 0), "b": Worth(10, 1, 0)}, 20, now=0) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Worth(10, 1.0, 0), Worth(10, 9.0, 0)),
        (Worth(30, 1.0, 0), Worth(10, 1.0, 0)),
        (Worth(10, 1.0, 0), Worth(10, 1.0, 50)),
    ],
    ids=["what is made sooner", "what is larger", "what nobody asked for lately"],
)
def test_what_goes_first_is(one: Worth, other: Worth) -> None:
    assert to_evict({"one": one, "other": other}, one.bytes + other.bytes - 1, now=100)[0] == "one"


def test_what_was_dear_goes_too_if_nobody_asks_for_it_long_enough() -> None:
    entries = {"dear": Worth(10, 100.0, 0), "cheap": Worth(10, 1.0, 1000)}

    assert to_evict(entries, 15, now=1000) == ["dear"]


def test_memory_stays_within_its_budget() -> None:
    cache = MemoryCache(budget=10_000)
    for index in range(100):
        cache.put(str(index), result("x" * 1000), 1.0)

    assert 4 <= sum(str(index) in cache for index in range(100)) <= 9
    assert "99" in cache


def test_memory_counts_tensors_not_their_handles() -> None:
    cache = MemoryCache(budget=10_000)
    cache.put("small", result(torch.zeros(10)), 1.0)
    cache.put("large", result(torch.zeros(100_000)), 1.0)

    assert "large" not in cache


def test_what_lies_on_the_device_has_a_budget_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "total_memory", lambda device: 2**40)
    monkeypatch.setattr(memory, "free_memory", lambda device: 2**40)
    cache = MemoryCache(budget=100_000, device="meta", device_budget=10_000)
    cache.put("here", result(torch.zeros(5000)), 1.0)
    cache.put("model", result(torch.zeros(1500, device="meta")), 5.0, "model")
    cache.put("there", result(torch.zeros(500, device="meta")), 1.0)
    before = cache.kept()
    cache.put("too much", result(torch.zeros(1500, device="meta")), 9.0)

    assert before == Kept(6000, 2000, 10_000)
    assert [key for key in ("here", "model", "there", "too much") if key in cache] == ["here", "too much"]


class Network(torch.nn.Module):
    """A network that can be on a device which only counts; what is on it is anybody's guess."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1500, device="meta"), requires_grad=False)

    def to(self, device: str) -> Network:  # type: ignore[override]
        self.weight = torch.nn.Parameter(torch.zeros(1500, device=device), requires_grad=False)
        return self

    @property
    def place(self) -> str:
        return self.weight.device.type


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> MemoryCache:
    """A cache with room for one network of 6000 bytes on the device."""
    monkeypatch.setattr(memory, "total_memory", lambda device: 2**40)
    monkeypatch.setattr(memory, "free_memory", lambda device: 2**40)
    return MemoryCache(budget=2**20, device="meta", device_budget=10_000)


def test_a_model_that_nobody_needs_makes_room_on_the_device_and_comes_back(small: MemoryCache) -> None:
    one, other = Network(), Network()
    small.begin(["one"])
    small.put("one", Result({"model": one}), 9.0, "model")
    small.begin(["other"])
    small.put("other", Result({"model": other}), 9.0, "model")
    places = [(one.place, other.place)]
    small.begin(["one"])
    small.get("one")
    places.append((one.place, other.place))

    assert places == [("cpu", "meta"), ("meta", "cpu")]
    assert ("one" in small, "other" in small) == (True, True)
    assert small.kept() == Kept(6000, 0, 10_000)
    assert small.host.bytes < 6000 + 10_000


def test_a_model_of_the_run_that_goes_on_stays_on_the_device(small: MemoryCache) -> None:
    one, other = Network(), Network()
    small.begin(["one", "other"])
    small.put("one", Result({"model": one}), 9.0, "model")
    small.put("other", Result({"model": other}), 9.0, "model")

    assert (one.place, other.place) == ("meta", "meta")  # whoever uses it holds it, though it is not kept


def test_a_model_that_somebody_still_holds_stays_on_the_device(small: MemoryCache) -> None:
    one, held = Network(), Result({"model": Network()})
    small.put("held", held, 9.0, "model")
    small.begin(["one"])
    small.put("one", Result({"model": one}), 9.0, "model")
    network = held.outputs["model"]
    assert isinstance(network, Network)

    assert network.place == "meta"


def test_what_shares_an_absent_model_has_it_back_even_if_that_is_forgotten(small: MemoryCache) -> None:
    one, small.device.budget = Network(), 13_000
    small.begin(["one", "patched"])
    small.put("one", Result({"model": one}), 9.0, "model")
    small.put("patched", Result({"model": (one, "with a patch")}), 99.0)
    small.begin(["other"])
    small.put("other", Result({"model": Network()}), 9.0, "model")
    away = one.place
    small._drop("one")
    small.get("patched")

    assert (away, one.place) == ("cpu", "meta")


def test_without_a_device_of_its_own_nothing_moves() -> None:
    cache = MemoryCache(budget=10_000)
    for key in ("one", "other"):
        cache.begin([key])
        cache.put(key, Result({"model": Network().to("cpu")}), 9.0, "model")

    assert "one" not in cache


def test_where_memory_grows_short_results_go_before_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([2**40, 2**30])
    monkeypatch.setattr(memory, "total_memory", lambda device: 40 * 2**30)
    monkeypatch.setattr(memory, "free_memory", lambda device: next(free))
    cache = MemoryCache()
    cache.put("old", result(torch.zeros(2**20)), 1.0)
    cache.put("new", result(torch.zeros(2**20)), 9.0)

    assert ("old" in cache, "new" in cache) == (False, False)


def test_putting_tells_the_size_of_what_is_kept(cache: Cache) -> None:
    size = cache.put("a", result(torch.zeros(1000)), 1.0)

    assert 4000 <= size < 5000
    assert NoCache().put("a", result(torch.zeros(1000)), 1.0) == 0


def test_a_result_whose_files_are_gone_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"")
    cache = MemoryCache()
    cache.put("a", Result({}, Published((PublishedFile("a.png", "output", str(path), "image/png"),))), 1.0)
    there = "a" in cache
    path.unlink()

    assert (there, "a" in cache) == (True, False)
