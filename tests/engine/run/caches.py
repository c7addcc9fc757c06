"""Values that are kept and values that cannot be, and a disk to keep them on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from engine.api import node
from engine.run.cache import Cache, Keep
from engine.run.codec import Codec
from engine.run.disk_cache import DiskCache
from engine.run.result import Result


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


def keep(cache: Cache, key: str, result: Result, seconds: float, where: Keep = "anywhere") -> None:
    """Put it, and wait until it is where it stays."""
    cache.put(key, result, seconds, where)
    cache.flush()


def result(value: object = 1) -> Result:
    return Result({"value": value})
