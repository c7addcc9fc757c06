"""`comfy_api.input`, `.input_impl` and `.util`: names for values that nodes take. Videos cannot be read or written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypedDict

ImageInput = MaskInput = LatentInput = Any


class AudioInput(TypedDict):
    """A sound: its waveform (b, c, t), and how many values make a second."""

    waveform: Any
    sample_rate: int


class VideoCodec(StrEnum):
    """How a video's pictures are packed."""

    AUTO = "auto"
    H264 = "h264"


class VideoContainer(StrEnum):
    """What a video's file is."""

    AUTO = "auto"
    MP4 = "mp4"


@dataclass
class VideoComponents:
    """A video taken apart."""

    images: Any
    frame_rate: Fraction
    audio: AudioInput | None = None
    metadata: dict[str, Any] | None = None


class VideoInput(ABC):
    """A video."""

    @abstractmethod
    def get_components(self) -> VideoComponents:
        """Its pictures, its sound and its rate."""


class VideoFromComponents(VideoInput):
    """A video of pictures and sound."""

    def __init__(self, components: VideoComponents) -> None:
        self.components = components

    def get_components(self) -> VideoComponents:
        """What it was made of."""
        return self.components
