"""`python -m ldm.pickled IN OUT BYTES`: the weights of a file that torch.save wrote, as a safetensors file.

A process of its own, with little to lose: nothing is imported that the file asks for, and more memory than BYTES is not
to be had. It is the one place where a pickle is read.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

LEFTOVERS = ("pytorch_lightning.", "lightning.", "lightning_fabric.", "omegaconf.", "numpy.")
"""What trainers leave beside the weights; it is read as nothing at all."""

AROUND = ("state_dict", "params_ema", "params", "model")
"""Under these names files keep what they are about."""


class Unreadable(ValueError):
    """A file that is not read, or holds no weights."""


class Nothing:
    """Stands in for whatever a trainer has left in a file; it takes everything and does nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def convert(source: Path, target: Path) -> dict[str, Tensor]:
    """Write the weights of a file to another one, whole or not at all; gives what was written.

    Raises:
        Unreadable: the file is damaged, asks for code, or has no weights in it.
    """
    weights = dict(_weights(_inner(_loaded(source))))
    if not weights:
        raise Unreadable(f"{source.name} has no weights in it.")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        unfinished.touch()
        mode = unfinished.stat().st_mode  # safetensors' own lets nobody else read the file
        save_file(_apart(weights), unfinished, metadata={"format": "pt", "converted_from": source.name})
        unfinished.chmod(mode)
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return weights


def _loaded(source: Path) -> object:
    try:
        with safe_globals([(Nothing, name) for name in _leftovers(source)]):
            return torch.load(source, map_location="cpu", weights_only=True, mmap=_is_zip(source))
    except pickle.UnpicklingError as error:
        asked = _stranger(source)
        if asked:
            raise Unreadable(
                f"{source.name} asks for {asked}, which is no weight: reading it could run code. It is not converted."
            ) from error
        raise Unreadable(f"{source.name} cannot be read: {error}") from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        if "allocate memory" in str(error):
            raise MemoryError from error
        raise Unreadable(
            f"{source.name} is no file of torch.save, or is cut short ({str(error).splitlines()[0]})."
        ) from error


def _is_zip(source: Path) -> bool:
    with source.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _asked_for(source: Path) -> list[str]:
    """The names of code that a file asks for and that is no part of tensors; old files do not tell."""
    try:
        return sorted(get_unsafe_globals_in_checkpoint(source)) if _is_zip(source) else []
    except (RuntimeError, ValueError, pickle.UnpicklingError):
        return []  # loading it will say what is wrong


def _leftovers(source: Path) -> list[str]:
    return [name for name in _asked_for(source) if name.startswith(LEFTOVERS)]


def _stranger(source: Path) -> str | None:
    return next((name for name in _asked_for(source) if not name.startswith(LEFTOVERS)), None)


def _inner(found: object) -> object:
    while isinstance(found, Mapping):
        around = next((name for name in AROUND if isinstance(found.get(name), Mapping)), None)
        if around is None:
            break
        found = found[around]
    return found


def _weights(found: object, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """All tensors by their names, those in dictionaries with the names above them before their own."""
    match found:
        case Tensor():
            if name and not found.is_sparse and not found.is_quantized:
                yield name, found
        case Mapping():
            for key, value in found.items():
                yield from _weights(value, f"{name}.{key}" if name else str(key))


def _apart(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights, each in memory of its own, which safetensors asks for."""
    seen: set[int] = set()
    apart = {}
    for name, value in weights.items():
        place = value.untyped_storage().data_ptr()
        apart[name] = value.detach().clone().contiguous() if place in seen else value.detach().contiguous()
        seen.add(place)
    return apart


def main(source: Path, target: Path, most: int) -> int:
    """Convert within so many bytes of memory; gives the exit code."""
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        weights = convert(source, target)
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 1
    except MemoryError:
        print(
            f"{source.name} does not fit into {most / 2**30:.1f} GiB. Allow more: --memory.", file=sys.stderr
        )
        return 1
    except OSError as error:
        print(f"{target} cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    count = sum(value.numel() for value in weights.values())
    print(f"{target}: {len(weights)} tensors, {count / 1e6:.1f} million numbers")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
