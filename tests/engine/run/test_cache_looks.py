"""What a cache tells somebody who only looks: over the same caches as all their tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.run.cache import Cache, Cost, Layers, MemoryCache, NoCache
from engine.run.policies import RecentCache
from tests.engine.run.caches import keep, on_disk, result
from tests.engine.run.test_cache import CACHES


@pytest.fixture(params=CACHES)
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    return CACHES[request.param](tmp_path)


def test_what_a_kept_result_took_and_takes_is_known(cache: Cache) -> None:
    keep(cache, "a", result("x" * 1000), 2.0)
    cost = cache.cost("a")

    assert cost is not None
    assert cost.seconds == 2.0
    assert 1000 <= cost.bytes < 2000
    assert cache.cost("b") is None


def test_a_kept_result_can_be_looked_at(cache: Cache) -> None:
    keep(cache, "a", result(7), 2.0)

    assert (cache.glimpse("a"), cache.glimpse("b")) == (result(7), None)


def test_without_a_cache_there_is_nothing_to_see() -> None:
    nothing = NoCache()
    nothing.put("a", result(), 1.0)

    assert (nothing.glimpse("a"), nothing.cost("a")) == (None, None)


def test_what_comes_from_the_disk_took_what_it_took_to_make(tmp_path: Path) -> None:
    keep(on_disk(tmp_path), "a", result("words"), 3.0)
    layers = Layers(MemoryCache(), on_disk(tmp_path))
    layers.get("a")

    cost = layers.cost("a")
    assert cost is not None
    assert cost == Cost(cost.bytes, 3.0)


def test_to_look_is_not_to_use(tmp_path: Path) -> None:
    keep(on_disk(tmp_path), "a", result(), 3.0)
    layers = Layers(MemoryCache(), on_disk(tmp_path))
    recent = RecentCache(1)
    recent.put("old", result(), 1.0)
    recent.put("new", result(), 1.0)

    assert layers.glimpse("a") == result()
    assert layers.at_hand("a") is None
    assert recent.glimpse("old") == result()
    recent.begin([])
    assert ("old" in recent, "new" in recent) == (False, True)
