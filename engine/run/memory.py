"""Devices, the bytes that values hold, and tensors as bytes. The one place of the engine that touches torch.

torch is imported only where a tensor is at hand, so that it was imported before, or where one is read from a file.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Literal, TypeGuard

from engine.run import host_memory

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

DeviceWish = Literal["auto", "cpu", "cuda"]
DtypeWish = Literal["auto", "fp32", "bf16", "fp16"]

SMALL = {int, float, bool, type(None)}
SMALL_BYTES = 32
OPAQUE = (str, bytes, type, FunctionType, BuiltinFunctionType, ModuleType)
MOST_PARTS = 100_000  # a value with more parts than this is not counted to its end
METADATA = "weft"
FAST_BF16 = (
    "amx_bf16",
    "avx512_bf16",
    "sve_bf16",
)  # a CPU without one of them is slower in bf16 than in fp32
BINS = 32  # of a histogram
MOST_COUNTED = 2**22  # values, for a histogram


class DeviceMissing(ValueError):
    """The device that was asked for is not there."""


def choose_device(wish: DeviceWish) -> str:
    """The device to compute on: "cuda" where there is one and it is not ruled out, else "cpu"."""
    if wish == "cpu" or (wish == "auto" and "torch" not in sys.modules):
        return "cpu"  # where nothing has imported torch, nothing will compute on a device
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        return "cuda"
    if wish == "cuda":
        raise DeviceMissing("There is no CUDA device here. Use --device cpu or auto.")
    return "cpu"


def choose_dtype(wish: DtypeWish, device: str) -> str:
    """What models' weights are kept in on a device; "auto" is half precision where it is fast, else "fp32"."""
    if wish != "auto":
        return wish
    if device != "cpu":
        return "fp16"
    torch = sys.modules.get("torch")
    if torch is None:
        return "fp32"
    known = torch.cpu.get_capabilities()
    return "bf16" if any(known.get(name) for name in FAST_BF16) else "fp32"


def total_memory(device: str) -> int:
    """The bytes of memory that a device has, or that this process may use of the machine's."""
    if device == "cpu":
        return host_memory.total_memory()
    import torch  # noqa: PLC0415

    return int(torch.cuda.mem_get_info()[1])


def free_memory(device: str) -> int:
    """The bytes that are free on a device, with those that torch holds back for later."""
    if device == "cpu":
        return host_memory.free_memory()
    import torch  # noqa: PLC0415

    spare = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    return int(torch.cuda.mem_get_info()[0]) + spare


def held(device: str) -> int:
    """The bytes that this process holds: of a GPU what torch has given out, else of the machine's memory."""
    torch = sys.modules.get("torch")
    if device == "cpu" or torch is None:
        return host_memory.held_memory()
    return int(torch.cuda.memory_allocated())


def give_back() -> None:
    """Have Python and torch let go of memory that nobody uses."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def tensor_defaults() -> tuple[object, object] | None:
    """The type and the device that new tensors have where nothing is said; None while nothing has loaded torch."""
    torch = sys.modules.get("torch")
    return None if torch is None else (torch.get_default_dtype(), torch.get_default_device())


def set_tensor_defaults(defaults: tuple[object, object] | None) -> None:
    """Have new tensors be as they were when `tensor_defaults` was asked."""
    torch = sys.modules.get("torch")
    if torch is None or defaults is None:
        return
    if torch.get_default_dtype() != defaults[0]:
        torch.set_default_dtype(defaults[0])
    if torch.get_default_device() != defaults[1]:
        torch.set_default_device(None)  # a device that is named would slow down every call


def reseed() -> None:
    """Let random numbers that nobody seeds be unpredictable again, whoever has seeded them."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(
            int.from_bytes(os.urandom(4), "little")
        )  # without a number, it takes ten times as long
    torch = sys.modules.get("torch")
    if torch is not None:
        # Not `torch.seed()`: without a GPU, it notes the call for later, with a traceback, each time anew.
        torch.default_generator.seed()
        if torch.cuda.is_initialized():
            torch.cuda.seed_all()


def begin_peak(device: str) -> None:
    """Measure from now on what a device holds at most. Only a GPU can tell."""
    torch = sys.modules.get("torch")
    if device != "cpu" and torch is not None:
        torch.cuda.reset_peak_memory_stats()


def peak(device: str) -> int:
    """The bytes that a device held at most since `begin_peak`; 0 where nobody can tell."""
    torch = sys.modules.get("torch")
    return int(torch.cuda.max_memory_allocated()) if device != "cpu" and torch is not None else 0


def is_tensor(value: object) -> TypeGuard[Tensor]:
    """Whether the value is a tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


@dataclass(frozen=True, slots=True)
class Figures:
    """A tensor in a few numbers; `histogram` counts its values in parts of equal width from least to most.

    Values that are no numbers or infinite count for nothing. Without any others, there is no least and no most.
    """

    shape: tuple[int, ...]
    dtype: str
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    histogram: tuple[int, ...] = ()


def figures(tensor: Tensor) -> Figures:
    """A tensor in a few numbers. Of a very large one, the histogram counts some of the values only."""
    import torch  # noqa: PLC0415

    shape, dtype = tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")
    values = tensor.detach().reshape(-1)
    values = values.abs() if values.is_complex() else values
    values = values.float() if values.dtype in {torch.bool, torch.float16, torch.bfloat16} else values
    if values.is_floating_point():
        finite = values.isfinite()
        values = values if bool(finite.all()) else values[finite]
    if values.numel() == 0:
        return Figures(shape, dtype)
    least, most = (float(bound) for bound in values.aminmax())
    some = values[:: 1 + values.numel() // MOST_COUNTED].float()
    counts = some.histc(BINS, least, most).tolist()
    mean = float(values.mean(dtype=torch.float64))
    return Figures(shape, dtype, least, most, mean, tuple(int(count) for count in counts))


def byte_size(value: object) -> int:
    """The bytes that a value holds, its tensors above all. What it holds twice counts once."""
    if value.__class__ in SMALL:
        return SMALL_BYTES
    total = 0
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < MOST_PARTS:
        part = waiting.pop()
        identity = _storage(part)[0] if is_tensor(part) else id(part)
        if identity in seen:
            continue
        seen.add(identity)
        total += _own_bytes(part)
        waiting.extend(_parts(part))
    return total


def byte_size_of_all(values: Iterable[object]) -> int:
    """The bytes that these values hold, one after the other."""
    return sum(SMALL_BYTES if value.__class__ in SMALL else byte_size(value) for value in values)


def device_bytes(values: Iterable[object], device: str) -> int:
    """The bytes that the tensors in these values hold on a device of this kind."""
    seen: dict[int, int] = {}
    for part in _all_parts(list(values)):
        if is_tensor(part) and part.device.type == device:
            place, size = _storage(part)
            seen[place] = size
    return sum(seen.values())


def modules_in(values: Iterable[object]) -> list[Module]:
    """The networks in these values, each once, without those that are parts of others."""
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    found: list[Module] = []
    seen: set[int] = set()
    waiting: list[object] = list(values)
    while waiting and len(seen) < MOST_PARTS:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, torch.nn.Module):
            found.append(part)
        else:
            waiting.extend(_parts(part))
    return found


def move(modules: Iterable[Module], device: str) -> None:
    """Move networks, where they are used from, to a device: "cpu" is the machine's own memory."""
    for module in modules:
        module.to(device)


def _all_parts(value: object) -> Iterator[object]:
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < MOST_PARTS:
        part = waiting.pop()
        if id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting.extend(_parts(part))


def _storage(tensor: Tensor) -> tuple[int, int]:
    """What tells a tensor's memory from others, and its size; a small view keeps a large storage alive."""
    try:
        storage = tensor.untyped_storage()
        return storage.data_ptr() or id(tensor), storage.nbytes()
    except (NotImplementedError, RuntimeError):  # sparse and other special tensors have none
        return id(tensor), tensor.nelement() * tensor.element_size()


def _own_bytes(part: object) -> int:
    if is_tensor(part):
        return _storage(part)[1]
    size = getattr(part, "nbytes", None)  # numpy's arrays, memoryviews
    return size if isinstance(size, int) else sys.getsizeof(part, SMALL_BYTES)


def _parts(part: object) -> Iterator[object]:
    if isinstance(part, OPAQUE) or is_tensor(part):
        return
    if isinstance(part, Mapping):
        yield from part.values()
    elif isinstance(part, tuple | list | set | frozenset):
        yield from part
    elif is_dataclass(part):
        yield from (getattr(part, field.name, None) for field in fields(part))
    yield from getattr(part, "__dict__", {}).values()


def to_bytes(text: str, tensors: Mapping[str, Tensor]) -> bytes:
    """A safetensors file with a text in its metadata. Raises ValueError for tensors that it cannot hold."""
    if not tensors:
        import safetensors  # noqa: PLC0415

        return bytes(safetensors.serialize({}, {METADATA: text}))
    import safetensors.torch  # noqa: PLC0415

    try:
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        # Views of one storage would be written twice, which safetensors refuses.
        storages = {tensor.untyped_storage().data_ptr() for tensor in plain.values()}
        if len(storages) < len(plain):
            plain = {name: tensor.clone() for name, tensor in plain.items()}
        return safetensors.torch.save(plain, {METADATA: text})
    except (AttributeError, KeyError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"safetensors cannot hold it: {error}") from error


def from_bytes(data: bytes) -> tuple[str, Mapping[str, Tensor]]:
    """The text and the tensors of such a file, the tensors on the CPU."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    text: str = header.pop("__metadata__")[METADATA]
    if not header:
        return text, {}
    import safetensors.torch  # noqa: PLC0415

    return text, safetensors.torch.load(data)


def moved(tensor: Tensor, device: str) -> Tensor:
    """The tensor on a device, or on the CPU where that device is not there."""
    import torch  # noqa: PLC0415

    return tensor.to(device) if device == "cpu" or torch.cuda.is_available() else tensor
