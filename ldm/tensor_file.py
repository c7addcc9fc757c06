"""Reading safetensors files: their headers, single tensors, and whole modules out of them. No pickle is ever read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

Read: TypeAlias = Callable[[str], Tensor]
"""Gives the tensor of one of our keys. Raises KeyError with the key that the file lacks."""

INDEX = re.compile(r"\.safetensors\.index(\.\w+)?\.json$")
LET_GO = 2**28  # bytes; what has been read of a mapped file counts as this process' memory until it is let go
PICKLE = re.compile(
    rb"PK\x03\x04|\x80[\x02-\x05].[^\x00]", re.DOTALL
)  # how files of torch.save begin, new and old


class CheckpointError(ValueError):
    """A file that is no checkpoint this program can load; the message names the first thing that does not fit."""


@dataclass
class TensorFile:
    """An open safetensors file, or one that was split into `parts`.

    What it holds is read from the header; tensors one by one, when they are wanted. They are mapped, not copied.
    """

    path: Path
    parts: tuple[Path, ...]
    _files: list[Any] = field(init=False, repr=False)
    _touched: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        self._files = [_mapped(part) for part in self.parts]

    @cached_property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself."""
        said: dict[str, str] = {}
        for file in self._files:
            said |= file.metadata() or {}
        return said

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor."""
        return {
            key: tuple(self._files[part].get_slice(key).get_shape()) for key, part in self._part_of.items()
        }

    @cached_property
    def _part_of(self) -> dict[str, int]:
        return {key: part for part, file in enumerate(self._files) for key in file.keys()}  # noqa: SIM118

    def read(self, key: str) -> Tensor:
        """A tensor. Raises KeyError for one that is not there."""
        part = self._part_of[key]
        if self._touched > LET_GO:
            self._files, self._touched = [_mapped(one) for one in self.parts], 0
        tensor: Tensor = self._files[part].get_tensor(key)
        self._touched += tensor.nbytes
        return tensor

    def below(self, prefix: str) -> Read:
        """Reads what lies under our keys with a prefix."""
        return lambda key: self.read(prefix + key)

    def close(self) -> None:
        """Let go of the file; tensors that were read stay good."""
        self._files = []


@contextmanager
def opened(path: Path) -> Iterator[TensorFile]:
    """Open a file; or all parts of one that was split, by its index (`model.safetensors.index.json`).

    Raises:
        CheckpointError: it is missing, damaged, or no safetensors file.
    """
    file = TensorFile(path, _parts(path))
    try:
        yield file
    finally:
        file.close()


def fill(
    path: Path, module: nn.Module, read: Read, prefix: str = "", dtype: torch.dtype = torch.float32
) -> None:
    """Put a file's tensors into a module made on the meta device, ready for inference.

    Each is cast by itself, so that no weights are held twice; those that are of the `dtype` already stay mapped.
    `prefix` is told with a key that does not fit.

    Raises:
        CheckpointError: a tensor is missing, of another shape, or of whole numbers.
    """
    found = {}
    for key, wanted in module.state_dict().items():
        try:
            value = read(key)
        except KeyError as error:
            raise CheckpointError(
                f"{path.name} lacks {error.args[0]}, shape {tuple(wanted.shape)}."
            ) from error
        if value.shape != wanted.shape:
            raise CheckpointError(
                f"{path.name}: {prefix + key} has shape {tuple(value.shape)}, "
                f"but the model that it is taken for asks for {tuple(wanted.shape)}."
            )
        if not value.is_floating_point():
            raise CheckpointError(
                f"{path.name}: {prefix + key} is of {str(value.dtype).removeprefix('torch.')}, but weights are "
                "floating point numbers. Quantised files are not read: take the one in fp16, bf16 or fp32."
            )
        found[key] = value.to(dtype)
    module.load_state_dict(found, assign=True)
    module.requires_grad_(requires_grad=False).eval()


# ---- opening


class _Index(msgspec.Struct):
    weight_map: Mapping[str, str]


def _parts(path: Path) -> tuple[Path, ...]:
    if not INDEX.search(path.name):
        return (path,)
    try:
        names = set(msgspec.json.decode(path.read_bytes(), type=_Index).weight_map.values())
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {path}.") from error
    except (msgspec.DecodeError, OSError) as error:
        raise CheckpointError(f"{path.name} is no index of a file in parts ({error}).") from error
    if strangers := sorted(name for name in names if Path(name).name != name):
        raise CheckpointError(f"{path.name} names the part {strangers[0]!r}, which is not beside it.")
    return tuple(path.with_name(name) for name in sorted(names))


def _mapped(path: Path) -> Any:
    try:
        return safe_open(path, "pt")
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {path}.") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name} is no readable safetensors file ({error}). {_advice(path)}"
        ) from error


def _advice(path: Path) -> str:
    if path.is_file():
        with path.open("rb") as file:
            if PICKLE.match(file.read(4)):
                return (
                    "It is a pickle, which could run anything while it is read. Convert it: "
                    "python main.py convert-checkpoint IN.ckpt OUT.safetensors"
                )
    return "It may be damaged or cut short: copy it again."
