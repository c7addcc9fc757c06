from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest
import torch

from engine.run.memory import DeviceMissing, byte_size, choose_device
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
