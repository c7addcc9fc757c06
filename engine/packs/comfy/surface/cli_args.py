"""`comfy.cli_args` and `comfy.options`: ComfyUI's flags with the values that come closest to what Weft does."""

from __future__ import annotations

from argparse import Namespace
from enum import Enum
from typing import Any


class LatentPreviewMethod(Enum):
    """How unfinished latents are shown."""

    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"


class PerformanceFeature(Enum):
    """What ComfyUI can trade for speed."""

    Fp16Accumulation = "fp16_accumulation"
    Fp8MatrixMultiplication = "fp8_matrix_mult"
    CublasOps = "cublas_ops"
    AutoTune = "autotune"


class Flags(Namespace):
    """The flags. One that is not listed here is off."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


args = Flags(
    listen="127.0.0.1",
    port=8188,
    cpu=False,
    disable_metadata=False,
    preview_method=LatentPreviewMethod.NoPreviews,
    preview_size=512,
    default_hashing_function="sha256",
    disable_all_custom_nodes=False,
    whitelist_custom_nodes=[],
    extra_model_paths_config=None,
    multi_user=False,
    fast=set(),
    verbose="INFO",
    deterministic=False,
    gpu_only=False,
    highvram=False,
    normalvram=False,
    lowvram=False,
    novram=False,
    reserve_vram=None,
    max_upload_size=100,
    disable_api_nodes=True,
)
args_parsing = False


def enable_args_parsing(enable: bool = True) -> None:
    """Weft reads its own command line."""
