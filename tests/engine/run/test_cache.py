"""Each cache, over the same tests; then what is each one's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.api import Blocked, Published, PublishedFile, node
from engine.run.cache import Cache, Layers, MemoryCache, NoCache, Worth, to_evict
from engine.run.codec import Codec, Unkeepable
from engine.run.disk_cache import DiskCache
from engine.run.result import Many, Result


@dataclass(frozen=True)
class Size:
    """Inside of a picture."""

    width: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What a toy node gives."""

    pixels: torch.Tensor
    size: Size
    name: str | None = None


@dataclass(frozen=True)
class Stranger:
    """No node declares it."""

    pixels: torch.Tensor


@dataclass
class Mutable:
    """Not frozen."""

    value: int


@node("Paint")
def paint() -> Picture:
    """A picture."""
    return Picture(torch.zeros(1), Size(1))


@node("Loose")
def loose() -> Mutable:
    """Something that may change."""
    return Mutable(1)


CODEC = Codec([paint, loose])


def on_disk(folder: Path, budget: int = 2**30) -> DiskCache:
    return DiskCache(folder, CODEC, budget, file_seconds=0)


CACHES: dict[str, Callable[[Path], Cache]] = {
    "memory": lambda folder: MemoryCache(),
    "disk": on_disk,
    "layers": lambda folder: Layers(MemoryCache(), on_disk(folder)),
}


@pytest.fixture(params=CACHES)
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    return CACHES[request.param](tmp_path)


def result(value: object = 1) -> Result:
    return Result({"value": value})


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


def test_a_result_whose_files_are_gone_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"")
    cache = MemoryCache()
    cache.put("a", Result({}, Published((PublishedFile("a.png", "output", str(path), "image/png"),))), 1.0)
    there = "a" in cache
    path.unlink()

    assert (there, "a" in cache) == (True, False)


# ---- the disk


def test_a_picture_survives_a_restart(tmp_path: Path) -> None:
    picture = Picture(torch.rand(2, 3, 4), Size(4), "a")
    on_disk(tmp_path).put("key", result(picture), 1.5)
    found = on_disk(tmp_path).get("key")

    assert found is not None
    again: Any = found.outputs["value"]
    assert torch.equal(again.pixels, picture.pixels)
    assert (again.size, again.name, again.pixels.dtype) == (Size(4), "a", torch.float32)


VALUES: dict[str, object] = {
    "numbers": (1, -(2**80), 1.5, float("inf"), True, None),
    "texts": ("", "ä\n\0", "\ud800"),
    "nested": {"a": [1, (2, {"b": None})], 3: "x"},
    "empty": ((), [], {}),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_plain_values_come_back_as_they_were(value: object) -> None:
    assert repr(CODEC.decode(CODEC.encode(result(value)))) == repr(result(value))


TENSORS = {
    "float16": torch.rand(3).half(),
    "bfloat16": torch.rand(3).bfloat16(),
    "float64": torch.rand(2, 2, dtype=torch.float64),
    "int64": torch.arange(5),
    "bool": torch.tensor([True, False]),
    "uint8": torch.arange(5, dtype=torch.uint8),
    "scalar": torch.tensor(3.5),
    "empty": torch.zeros(0, 3),
    "transposed": torch.rand(2, 3).T,
    "a view": torch.rand(10)[2:5],
}


@pytest.mark.parametrize("tensor", TENSORS.values(), ids=TENSORS)
def test_tensors_come_back_bit_for_bit(tensor: torch.Tensor) -> None:
    again: Any = CODEC.decode(CODEC.encode(result(tensor))).outputs["value"]

    assert (again.dtype, again.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(again, tensor)


def test_tensors_that_share_memory_are_written_down_each() -> None:
    whole = torch.rand(4)
    again: Any = CODEC.decode(CODEC.encode(result((whole, whole[1:3], whole)))).outputs["value"]

    assert [torch.equal(a, b) for a, b in zip(again, (whole, whole[1:3], whole), strict=True)] == [True] * 3


@pytest.mark.parametrize(
    "value",
    [
        Stranger(torch.zeros(1)),
        Mutable(1),
        torch.nn.Linear(2, 2),
        torch.nn.Parameter(torch.zeros(2)),
        object(),
        {1, 2},
        torch.zeros(2).to_sparse(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_written_down_stays_in_memory(value: object, tmp_path: Path) -> None:
    with pytest.raises(Unkeepable):
        CODEC.encode(result(value))
    cache = Layers(MemoryCache(), on_disk(tmp_path))
    cache.put("key", result(value), 1.0)

    assert "key" in cache
    assert list(tmp_path.iterdir()) == []


def test_files_that_were_published_are_not_written_down() -> None:
    with pytest.raises(Unkeepable):
        CODEC.encode(Result({}, Published()))


def test_no_class_is_made_that_no_node_declares(tmp_path: Path) -> None:
    data = CODEC.encode(result(Picture(torch.zeros(1), Size(1))))
    renamed = data.replace(b":Picture", b":Strange")

    with pytest.raises(KeyError):
        CODEC.decode(renamed)


def damage_truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


def damage_flip(data: bytes) -> bytes:
    return data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]


def damage_empty(data: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [damage_truncate, damage_flip, damage_empty])
def test_a_damaged_file_counts_as_absent_and_is_removed(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    on_disk(tmp_path).put("key", result(torch.rand(100)), 1.0)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    cache = on_disk(tmp_path)

    assert cache.get("key") is None
    assert "key" not in cache
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_process_removed_is_absent(tmp_path: Path) -> None:
    cache = on_disk(tmp_path)
    cache.put("key", result(), 1.0)
    for path in tmp_path.iterdir():
        path.unlink()

    assert cache.get("key") is None


def test_other_files_in_the_folder_are_let_be(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    cache = on_disk(tmp_path, budget=1000)
    cache.put("key", result(torch.rand(1000)), 1.0)

    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_disk_stays_within_its_budget_over_restarts(tmp_path: Path) -> None:
    for index in range(20):
        on_disk(tmp_path, budget=10_000).put(f"{index}", result(torch.rand(500)), 1.0)

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000


def test_what_is_made_faster_than_it_is_read_gets_no_file(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, CODEC)
    cache.put("quick", result(1), 0.0001)
    cache.put("slow", result(1), 0.1)

    assert ("quick" in cache, "slow" in cache) == (False, True)


def test_what_must_stay_in_memory_gets_no_file(tmp_path: Path) -> None:
    cache = Layers(MemoryCache(), on_disk(tmp_path))
    cache.put("pinned", result(1), 1.0, "in memory")

    assert "pinned" in cache
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_gives_moves_up_to_memory(tmp_path: Path) -> None:
    on_disk(tmp_path).put("key", result(1), 1.0)
    cache = Layers(MemoryCache(), on_disk(tmp_path))
    before = cache.at_hand("key")
    cache.get("key")

    assert (before, cache.at_hand("key")) == (None, result(1))


def test_a_disk_that_cannot_be_written_to_is_no_fault_of_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    cache = on_disk(folder)
    folder.rmdir()
    folder.write_text("a file where the folder was")
    cache.put("key", result(1), 1.0)

    assert "key" not in cache


def test_files_that_a_killed_process_left_unfinished_are_cleared_away(tmp_path: Path) -> None:
    old, new = tmp_path / ".old.safetensors.1.2", tmp_path / ".new.safetensors.1.2"
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    on_disk(tmp_path)

    assert (old.exists(), new.exists()) == (False, True)
