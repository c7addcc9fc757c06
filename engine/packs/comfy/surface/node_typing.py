"""`comfy.comfy_types`: names of types for V1 nodes."""

from __future__ import annotations

from abc import ABC
from enum import StrEnum
from typing import Any


class IO(StrEnum):
    """The types of ports. ANY is unequal to nothing, so that it fits everywhere."""

    STRING = "STRING"
    IMAGE = "IMAGE"
    MASK = "MASK"
    LATENT = "LATENT"
    BOOLEAN = "BOOLEAN"
    INT = "INT"
    FLOAT = "FLOAT"
    COMBO = "COMBO"
    CONDITIONING = "CONDITIONING"
    SAMPLER = "SAMPLER"
    SIGMAS = "SIGMAS"
    GUIDER = "GUIDER"
    NOISE = "NOISE"
    CLIP = "CLIP"
    CONTROL_NET = "CONTROL_NET"
    VAE = "VAE"
    MODEL = "MODEL"
    LORA_MODEL = "LORA_MODEL"
    LOSS_MAP = "LOSS_MAP"
    CLIP_VISION = "CLIP_VISION"
    CLIP_VISION_OUTPUT = "CLIP_VISION_OUTPUT"
    STYLE_MODEL = "STYLE_MODEL"
    GLIGEN = "GLIGEN"
    UPSCALE_MODEL = "UPSCALE_MODEL"
    AUDIO = "AUDIO"
    WEBCAM = "WEBCAM"
    POINT = "POINT"
    FACE_ANALYSIS = "FACE_ANALYSIS"
    BBOX = "BBOX"
    SEGS = "SEGS"
    VIDEO = "VIDEO"
    ANY = "*"
    NUMBER = "FLOAT,INT"
    PRIMITIVE = "STRING,FLOAT,INT,BOOLEAN"

    def __ne__(self, other: object) -> bool:
        if self.value == "*" or other == "*":
            return False
        return not isinstance(other, str) or str.__ne__(self.value, other)

    __hash__ = str.__hash__


class ComfyNodeABC(ABC):
    """What V1 nodes may extend, to have their attributes completed by an editor."""

    DESCRIPTION: str
    CATEGORY: str
    EXPERIMENTAL: bool
    DEPRECATED: bool
    INPUT_IS_LIST: bool
    OUTPUT_NODE: bool
    OUTPUT_IS_LIST: tuple[bool, ...]
    RETURN_TYPES: tuple[Any, ...]
    RETURN_NAMES: tuple[str, ...]
    OUTPUT_TOOLTIPS: tuple[str, ...]
    FUNCTION: str


class CheckLazyMixin:
    """For nodes whose every lazy input is wanted."""

    def check_lazy_status(self, **inputs: Any) -> list[str]:
        """All that are not there yet."""
        return [name for name, value in inputs.items() if value is None]


InputTypeDict = InputTypeOptions = HiddenInputTypeDict = dict[str, Any]
FileLocator = dict[str, Any]
UnetApplyFunction = UnetApplyConds = UnetParams = UnetWrapperFunction = Any
