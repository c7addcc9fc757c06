"""What is kept on disk: bit for bit, over restarts, whatever happens to the files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.api import Published
from engine.run.cache import Layers, MemoryCache
from engine.run.codec import Codec, Unkeepable
from engine.run.disk_cache import DiskCache
from engine.run.result import Result
from tests.engine.run.caches import (
    CODEC,
    Mutable,
    Picture,
    Size,
    Stranger,
    keep,
    on_disk,
    paint,
    result,
)


def test_a_picture_survives_a_restart(tmp_path: Path) -> None:
    picture = Picture(torch.rand(2, 3, 4), Size(4), "a")
    keep(on_disk(tmp_path), "key", result(picture), 1.5)
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
    keep(cache, "key", result(value), 1.0)

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
    keep(on_disk(tmp_path), "key", result(torch.rand(100)), 1.0)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    cache = on_disk(tmp_path)

    assert cache.get("key") is None
    assert "key" not in cache
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_another_process_removed_is_absent(tmp_path: Path) -> None:
    cache = on_disk(tmp_path)
    keep(cache, "key", result(), 1.0)
    for path in tmp_path.iterdir():
        path.unlink()

    assert cache.get("key") is None


def test_other_files_in_the_folder_are_let_be(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    cache = on_disk(tmp_path, budget=1000)
    keep(cache, "key", result(torch.rand(1000)), 1.0)

    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_disk_stays_within_its_budget_over_restarts(tmp_path: Path) -> None:
    for index in range(20):
        keep(on_disk(tmp_path, budget=10_000), f"{index}", result(torch.rand(500)), 1.0)

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000


def test_what_is_made_faster_than_it_is_read_gets_no_file(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, CODEC)
    cache.put("quick", result(1), 0.0001)
    cache.put("slow", result(1), 0.1)

    assert ("quick" in cache, "slow" in cache) == (False, True)


def test_what_must_stay_in_memory_gets_no_file(tmp_path: Path) -> None:
    cache = Layers(MemoryCache(), on_disk(tmp_path))
    keep(cache, "pinned", result(1), 1.0, "in memory")
    keep(cache, "loaded", result(1), 1.0, "model")

    assert "pinned" in cache
    assert "loaded" in cache
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_gives_moves_up_to_memory(tmp_path: Path) -> None:
    keep(on_disk(tmp_path), "key", result(1), 1.0)
    cache = Layers(MemoryCache(), on_disk(tmp_path))
    before = cache.at_hand("key")
    cache.get("key")

    assert (before, cache.at_hand("key")) == (None, result(1))


def test_a_disk_that_cannot_be_written_to_is_no_fault_of_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    cache = on_disk(folder)
    folder.rmdir()
    folder.write_text("a file where the folder was")
    keep(cache, "key", result(1), 1.0)

    assert "key" not in cache


def test_files_that_a_killed_process_left_unfinished_are_cleared_away(tmp_path: Path) -> None:
    old, new = tmp_path / ".old.safetensors.1.2", tmp_path / ".new.safetensors.1.2"
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    on_disk(tmp_path)

    assert (old.exists(), new.exists()) == (False, True)


def test_what_is_on_its_way_to_the_disk_can_be_had(tmp_path: Path) -> None:
    cache = on_disk(tmp_path)
    gate = threading.Event()

    class Slow(Codec):
        def encode(self, result: Result) -> bytes:
            assert gate.wait(60)
            return super().encode(result)

    cache.codec = Slow([paint])
    cache.put("a", result(5), 1.0)
    waiting = ("a" in cache, cache.get("a"), list(tmp_path.iterdir()))
    gate.set()
    cache.flush()

    assert waiting == (True, result(5), [])
    assert len(list(tmp_path.iterdir())) == 1
    assert cache.get("a") == result(5)


def test_a_value_that_cannot_even_be_looked_at_keeps_no_other_from_the_disk(tmp_path: Path) -> None:
    cache = on_disk(tmp_path)

    class Faulty(Codec):
        def encode(self, result: Result) -> bytes:
            if result.outputs["value"] == "bad":
                raise ZeroDivisionError
            return super().encode(result)

    cache.codec = Faulty([paint])
    cache.put("bad", result("bad"), 1.0)
    keep(cache, "good", result("good"), 1.0)

    assert ("bad" in cache, "good" in cache) == (False, True)
