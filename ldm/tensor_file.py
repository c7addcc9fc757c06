"""Reading safetensors files: their headers, single tensors, and whole modules out of them. No pickle is ever read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

Read: TypeAlias = Callable[[str], Tensor]
"""Gives the tensor of one of our keys. Raises KeyError with the key that the file lacks."""


class CheckpointError(ValueError):
    """A file that is no checkpoint this program can load; the message names the first thing that does not fit."""


@dataclass
class TensorFile:
    """An open safetensors file. What it holds is read from its header; tensors one by one, when they are wanted."""

    path: Path
    file: Any

    @cached_property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself."""
        return self.file.metadata() or {}

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor."""
        return {key: tuple(self.file.get_slice(key).get_shape()) for key in self.file.keys()}  # noqa: SIM118

    def read(self, key: str) -> Tensor:
        """A tensor."""
        if key not in self.shapes:
            raise KeyError(key)
        tensor: Tensor = self.file.get_tensor(key)
        return tensor

    def below(self, prefix: str) -> Read:
        """Reads what lies under our keys with a prefix."""
        return lambda key: self.read(prefix + key)


@contextmanager
def opened(path: Path) -> Iterator[TensorFile]:
    """Open a file.

    Raises:
        CheckpointError: it is missing, damaged, or no safetensors file.
    """
    try:
        with safe_open(path, "pt") as file:
            yield TensorFile(path, file)
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {path}.") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name} is no readable safetensors file ({error}). It may be damaged or cut short: copy it again."
        ) from error


def fill(path: Path, module: nn.Module, read: Read, prefix: str = "") -> None:
    """Put a file's tensors into a module made on the meta device, in float32, ready for inference.

    Each is cast by itself, so that no weights are held twice. `prefix` is told with a key that does not fit.

    Raises:
        CheckpointError: a tensor is missing or of another shape.
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
        found[key] = value.float()
    module.load_state_dict(found, assign=True)
    module.requires_grad_(requires_grad=False).eval()
