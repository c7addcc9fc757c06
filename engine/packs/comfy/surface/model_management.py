"""`comfy.model_management`: devices, memory, and whether the run is to stop. Weft looks after models itself."""

from __future__ import annotations

import gc
import importlib
import sys
from enum import Enum
from typing import Any

from engine.packs.comfy.calling import InterruptProcessingException
from engine.packs.comfy.running import current

XFORMERS_IS_AVAILABLE = False
EXTRA_RESERVED_VRAM = 0
DISABLE_SMART_MEMORY = False
MIB = 1024 * 1024


class VRAMState(Enum):
    """How much ComfyUI keeps on the device."""

    DISABLED = 0
    NO_VRAM = 1
    LOW_VRAM = 2
    NORMAL_VRAM = 3
    HIGH_VRAM = 4
    SHARED = 5


class CPUState(Enum):
    """What ComfyUI computes on."""

    GPU = 0
    CPU = 1
    MPS = 2


vram_state = VRAMState.NORMAL_VRAM
current_loaded_models: list[object] = []


def _torch() -> Any:
    # The engine itself loads no torch; whoever asks for a device has a use for it.
    return importlib.import_module("torch")


def _has_gpu() -> bool:
    return bool(_torch().cuda.is_available())


def get_torch_device() -> Any:
    """Where to compute."""
    call = current()
    if call is not None:
        return _torch().device(call.context.device)
    return _torch().device("cuda" if _has_gpu() else "cpu")


def unet_offload_device() -> Any:
    """Where what is not in use lies."""
    return _torch().device("cpu")


unet_inital_load_device = intermediate_device = vae_offload_device = text_encoder_offload_device = (
    unet_offload_device
)


def text_encoder_device() -> Any:
    """Where texts are encoded."""
    return get_torch_device()


vae_device = text_encoder_device


def get_torch_device_name(device: Any) -> str:
    """What people call a device."""
    return str(device)


def _dtype(*_: Any, **__: Any) -> Any:
    return _torch().float32


unet_dtype = vae_dtype = text_encoder_dtype = intermediate_dtype = _dtype


def unet_manual_cast(*_: Any, **__: Any) -> None:
    """Weights are used as they are."""


def should_use_fp16(*_: Any, **__: Any) -> bool:
    """Weft computes in single precision."""
    return False


should_use_bf16 = supports_fp8_compute = is_device_mps = is_directml_enabled = is_intel_xpu = should_use_fp16
xformers_enabled = xformers_enabled_vae = is_amd = is_ascend_npu = sage_attention_enabled = should_use_fp16
flash_attention_enabled = should_use_fp16


def pytorch_attention_enabled(*_: Any, **__: Any) -> bool:
    """Attention is PyTorch's."""
    return True


pytorch_attention_flash_attention = pytorch_attention_enabled


def is_device_cpu(device: Any) -> bool:
    """Whether it is the processor."""
    return getattr(device, "type", str(device)) == "cpu"


def is_device_cuda(device: Any) -> bool:
    """Whether it is NVIDIA's."""
    return str(getattr(device, "type", device)).startswith("cuda")


def is_nvidia() -> bool:
    """Whether there is such a device."""
    return _has_gpu()


def cpu_mode() -> bool:
    """Whether everything is computed by the processor."""
    return not _has_gpu()


def get_total_memory(dev: Any = None, torch_total_too: bool = False) -> Any:
    """The device's memory in bytes."""
    total = _memory(dev)[1]
    return (total, total) if torch_total_too else total


def get_free_memory(dev: Any = None, torch_free_too: bool = False) -> Any:
    """What is free of it."""
    free = _memory(dev)[0]
    return (free, free) if torch_free_too else free


def _memory(device: Any) -> tuple[int, int]:
    chosen = device if device is not None else get_torch_device()
    if is_device_cuda(chosen):
        free, total = _torch().cuda.mem_get_info(chosen)
        return int(free), int(total)
    psutil = importlib.import_module("psutil")
    memory = psutil.virtual_memory()
    return int(memory.available), int(memory.total)


def load_models_gpu(models: Any, *_: Any, **__: Any) -> None:
    """Models are where they are needed when they are called."""


load_model_gpu = free_memory = load_models_gpu


def unload_all_models() -> None:
    """Weft's ledger decides what to let go of."""


cleanup_models = cleanup_models_gc = unload_model_clones = unload_all_models


def soft_empty_cache(force: bool = False) -> None:
    """Give back what torch keeps for later."""
    torch = sys.modules.get("torch")
    gc.collect()
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def cast_to_device(tensor: Any, device: Any, dtype: Any, copy: bool = False) -> Any:
    """A tensor elsewhere, of another kind."""
    return tensor.to(device=device, dtype=dtype, copy=copy)


def device_supports_non_blocking(device: Any) -> bool:
    """Copies are waited for."""
    return False


def minimum_inference_memory() -> int:
    """What ComfyUI wants to be free."""
    return 1024 * MIB


def module_size(module: Any) -> int:
    """The bytes of a module's weights."""
    return sum(int(tensor.nbytes) for tensor in module.state_dict().values())


def dtype_size(dtype: Any) -> int:
    """The bytes of a number."""
    return int(dtype.itemsize)


def throw_exception_if_processing_interrupted() -> None:
    """Raise InterruptProcessingException if the run is to stop."""
    if processing_interrupted():
        raise InterruptProcessingException


def processing_interrupted() -> bool:
    """Whether the run is to stop."""
    call = current()
    return call is not None and bool(getattr(call.context.watcher, "cancelled", False))


def interrupt_current_processing(value: bool = True) -> None:
    """End the run that is going on."""
    call = current()
    if call is not None and value:
        call.context.watcher.cancel()


def __getattr__(name: str) -> Any:
    if name == "OOM_EXCEPTION":
        return _torch().OutOfMemoryError
    if name == "cpu_state":
        return CPUState.GPU if _has_gpu() else CPUState.CPU
    if name == "total_vram":
        return get_total_memory() / MIB
    if name == "total_ram":
        return _memory("cpu")[1] / MIB
    raise AttributeError(name)
