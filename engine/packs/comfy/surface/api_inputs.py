"""`comfy_api.input`, `.input_impl` and `.util`: values that nodes take. Reading and writing videos needs a library.

Packs that only declare such types, or pass their values on, work; what would have to decode or encode says so.
"""

from __future__ import annotations

import io
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn, TypedDict

ImageInput = MaskInput = LatentInput = Any


class NeedsLibrary(RuntimeError):
    """Something of ComfyUI's that needs a library which Weft does not bring."""

    def __init__(self, what: str, library: str = "av") -> None:
        super().__init__(f"{what} needs the library '{library}', which Weft does not use.")
        self.hint = f"Let the pack do it itself with '{library}', or work with single pictures."


def needs_library(what: str, library: str = "av") -> NoReturn:
    """Refuse to do what only a library can do."""
    raise NeedsLibrary(what, library)


class AudioInput(TypedDict):
    """A sound: its waveform (b, c, t), and how many values make a second."""

    waveform: Any
    sample_rate: int


class LatentDict(TypedDict, total=False):
    """Latents as packs know them."""

    samples: Any
    noise_mask: Any
    batch_index: list[int]
    type: str


class VideoCodec(StrEnum):
    """How a video's pictures are packed."""

    AUTO = "auto"
    H264 = "h264"

    @classmethod
    def as_input(cls) -> list[str]:
        """The choices of a widget."""
        return [member.value for member in cls]


class VideoContainer(StrEnum):
    """What a video's file is."""

    AUTO = "auto"
    MP4 = "mp4"

    @classmethod
    def as_input(cls) -> list[str]:
        """The choices of a widget."""
        return [member.value for member in cls]

    @classmethod
    def get_extension(cls, value: Any) -> str:
        """How names of such files end."""
        return "mp4" if cls(value) in (cls.MP4, cls.AUTO) else ""


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

    @abstractmethod
    def save_to(self, path: Any, format: Any = "auto", codec: Any = "auto", metadata: Any = None) -> None:
        """Write it to a file."""

    def get_stream_source(self) -> str | io.BytesIO:
        """Where its bytes are."""
        needs_library("Packing a video that was not read from a file")

    def get_dimensions(self) -> tuple[int, int]:
        """Width and height."""
        images = self.get_components().images
        return int(images.shape[2]), int(images.shape[1])

    def get_frame_count(self) -> int:
        """How many pictures it has."""
        return int(self.get_components().images.shape[0])

    def get_frame_rate(self) -> Fraction:
        """Pictures in a second."""
        return Fraction(self.get_components().frame_rate)

    def get_duration(self) -> float:
        """Seconds."""
        return float(self.get_frame_count() / self.get_frame_rate())

    def get_container_format(self) -> str:
        """What its file is."""
        return "mov,mp4,m4a,3gp,3g2,mj2"


class VideoFromComponents(VideoInput):
    """A video of pictures and sound."""

    def __init__(self, components: VideoComponents) -> None:
        self.components = components

    def get_components(self) -> VideoComponents:
        """What it was made of."""
        return self.components

    def save_to(self, path: Any, format: Any = "auto", codec: Any = "auto", metadata: Any = None) -> None:
        """Refused: pictures would have to be packed."""
        needs_library("Writing a video")


class VideoFromFile(VideoInput):
    """A video in a file. It can be passed on and copied; what would look into it is refused."""

    def __init__(self, file: str | io.BytesIO, **_: Any) -> None:
        self.file = file

    def get_stream_source(self) -> str | io.BytesIO:
        """The file."""
        if isinstance(self.file, io.BytesIO):
            self.file.seek(0)
        return self.file

    def get_components(self) -> VideoComponents:
        """Refused: its pictures would have to be unpacked."""
        needs_library("Reading a video")

    def get_container_format(self) -> str:
        """Refused: its file would have to be looked into."""
        needs_library("Reading a video")

    def save_to(self, path: Any, format: Any = "auto", codec: Any = "auto", metadata: Any = None) -> None:
        """Copy the file as it is. Refused where it would have to be packed anew."""
        if (str(format), str(codec)) != ("auto", "auto") or metadata:
            needs_library("Packing a video anew")
        source = self.get_stream_source()
        if isinstance(source, str):
            shutil.copyfile(source, path)
        elif isinstance(path, io.BytesIO):
            path.write(source.read())
        else:
            Path(path).write_bytes(source.read())


class MESH:
    """A body of corners and triangles."""

    def __init__(self, vertices: Any, faces: Any, **more: Any) -> None:
        self.vertices = vertices
        self.faces = faces
        self.__dict__.update(more)


class VOXEL:
    """A body of small cubes."""

    def __init__(self, data: Any) -> None:
        self.data = data


class File3D:
    """A body in a file."""

    def __init__(self, source: str | io.BytesIO, file_format: str = "") -> None:
        self.source = source
        suffix = Path(source).suffix.lstrip(".") if isinstance(source, str) else ""
        self.format = (file_format or suffix).lstrip(".").lower()

    def get_bytes(self) -> bytes:
        """What is in the file."""
        return Path(self.source).read_bytes() if isinstance(self.source, str) else self.source.getvalue()

    def get_data(self) -> io.BytesIO:
        """The same, to be read from."""
        return io.BytesIO(self.get_bytes())

    def save_to(self, path: Any) -> str:
        """Copy the file."""
        Path(path).write_bytes(self.get_bytes())
        return str(path)


class Input:
    """`comfy_api.latest.Input`: what a node's values are, for hints."""

    Image = ImageInput
    Mask = MaskInput
    Latent = LatentInput
    Audio = AudioInput
    Video = VideoInput


class InputImpl:
    """`comfy_api.latest.InputImpl`: videos that nodes make."""

    VideoFromFile = VideoFromFile
    VideoFromComponents = VideoFromComponents


class Types:
    """`comfy_api.latest.Types`: what videos and bodies are made of."""

    VideoCodec = VideoCodec
    VideoContainer = VideoContainer
    VideoComponents = VideoComponents
    MESH = MESH
    VOXEL = VOXEL
    File3D = File3D
