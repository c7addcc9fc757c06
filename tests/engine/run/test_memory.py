from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy
import pytest
import torch

from engine.run import host_memory
from engine.run.memory import (
    DeviceMissing,
    byte_size,
    choose_device,
    device_bytes,
    free_memory,
    reseed,
    total_memory,
)
from engine.run.short import short
from tests.engine.installation import ROOT


@dataclass(frozen=True, slots=True)
class Picture:
    """A toy value."""

    pixels: torch.Tensor
    name: str = ""


def test_a_tensor_counts_with_all_of_its_storage() -> None:
    whole = torch.zeros(1000)

    assert byte_size(whole) == 4000
    assert byte_size(whole[:1]) == 4000


def test_what_is_held_twice_counts_once() -> None:
    whole = torch.zeros(100_000)

    assert 400_000 <= byte_size([whole, whole.view(10, -1), Picture(whole)]) < 401_000


def test_what_is_inside_counts() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(100, 100), torch.nn.Linear(100, 100))
    parameters = 2 * (100 * 100 + 100) * 4

    assert parameters <= byte_size(Picture(model)) < parameters + 20_000  # type: ignore[arg-type]
    assert byte_size({"a": (b"x" * 1000, "y" * 1000)}) >= 2000


def test_values_that_hold_themselves_have_a_size() -> None:
    circle: list[object] = []
    circle.append(circle)

    assert byte_size(circle) > 0


@pytest.mark.parametrize("value", [1, 1.5, None, True, "text", object(), int, len, sys])
def test_anything_has_a_size(value: object) -> None:
    assert byte_size(value) > 0


def test_sparse_tensors_have_a_size() -> None:
    assert byte_size(torch.eye(3).to_sparse()) > 0


def test_what_lies_on_a_device_is_counted_apart() -> None:
    whole = torch.zeros(1000)
    there = torch.zeros(1000, device="meta")  # the device that every torch has

    assert device_bytes([whole, (there, {"again": there})], "meta") == 4000
    assert device_bytes([whole], "meta") == 0


def test_the_machine_has_memory_and_some_of_it_is_free() -> None:
    assert 0 < free_memory("cpu") <= total_memory("cpu")


@pytest.mark.parametrize(
    ("files", "total", "free"),
    [
        ({}, None, 5 * 2**30),
        ({"memory.max": "max", "memory.current": "5"}, None, 5 * 2**30),
        ({"memory.max": str(2**30), "memory.current": str(2**29)}, 2**30, 2**29),
        (
            {
                "memory.max": str(2**30),
                "memory.current": str(2**30),
                "memory.stat": f"anon 1\ninactive_file {2**28}",
            },
            2**30,
            2**28,
        ),
    ],
    ids=["no container", "one without a limit", "one with a limit", "files that were read do not count"],
)
def test_a_container_has_as_much_as_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], total: int | None, free: int
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 99999999 kB\nMemAvailable: 5242880 kB\n")
    for name, text in files.items():
        (tmp_path / name).write_text(f"{text}\n")
    physical = host_memory.total_memory()
    monkeypatch.setattr(host_memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(host_memory, "GROUP", tmp_path)

    assert host_memory.total_memory() == (physical if total is None else min(total, physical))
    assert host_memory.free_memory() == free


def test_the_processor_is_always_there() -> None:
    assert choose_device("cpu") == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_is_not_there_is_told_so() -> None:
    assert choose_device("auto") == "cpu"
    with pytest.raises(DeviceMissing, match="no CUDA device"):
        choose_device("cuda")


RUN_WITHOUT_TORCH = """
import sys
from tests.engine.run.test_execute import CHAIN, add, number
from tests.engine.run.lab import Lab
from engine.run.cache import Layers, MemoryCache
from engine.run.codec import Codec
from engine.run.disk_cache import DiskCache
from engine.run.memory import choose_device
from pathlib import Path

cache = Layers(MemoryCache(), DiskCache(Path(sys.argv[1]), Codec([add]), file_seconds=0))
assert choose_device("auto") == "cpu"
assert Lab([number, add], cache).run(CHAIN, "c.value").value == 14
assert Lab([number, add], DiskCache(Path(sys.argv[1]), Codec([add]))).run(CHAIN, "c.value").started == []
assert "torch" not in sys.modules
"""


def test_a_graph_without_tensors_never_loads_torch(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN_WITHOUT_TORCH, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


class Rude:
    """Has no repr."""

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (torch.zeros(2, 3), "Tensor(2, 3) float32"),
        (Picture(torch.zeros(1)), "Picture(pixels=Tensor(1,) float32, name='')"),
        ("a\nb", r"'a\nb'"),
        ([torch.zeros(1)] * 2, "[Tensor(1,) float32, Tensor(1,) float32]"),
    ],
)
def test_values_are_shown_by_what_they_are(value: object, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize("value", ["x" * 1000, list(range(1000)), Rude(), [Rude()], Picture(Rude())])  # type: ignore[arg-type]
def test_no_value_is_shown_longer_than_fifty(value: object) -> None:
    assert 0 < len(short(value)) <= 50


def test_random_numbers_that_somebody_seeded_are_unpredictable_again() -> None:
    def drawn() -> list[float]:
        random.seed(1)
        numpy.random.seed(1)
        torch.manual_seed(1)
        reseed()
        return [random.random(), float(numpy.random.rand()), float(torch.rand(1))]

    assert not set(drawn()) & set(drawn())


def test_to_reseed_leaves_nothing_behind_in_torch() -> None:
    waiting = torch.cuda._queued_calls
    before = len(waiting)
    reseed()

    assert len(waiting) == before
