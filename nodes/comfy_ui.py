"""`comfy_api.latest.ui`: what V3 nodes show. Files are written as Weft's own nodes write them: whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.api import PublishedFile, offer_module, pack_call
from nodes.port_types import Image
from nodes.saving import publish_pngs, to_bytes

TEMP, OUTPUT = "temp", "output"


class NoRun(RuntimeError):
    """A picture was to be saved while no node runs."""


class NeedsLibrary(RuntimeError):
    """Something that only a library could do which Weft does not bring."""

    def __init__(self, what: str, library: str = "av") -> None:
        super().__init__(f"{what} needs the library '{library}', which Weft does not use.")
        self.hint = f"Let the pack do it itself with '{library}', and show the file that it wrote."


class SavedResult(dict[str, str]):
    """A file that was saved."""

    def __init__(self, filename: str, subfolder: str, type: Any) -> None:
        super().__init__(filename=filename, subfolder=subfolder, type=str(getattr(type, "value", type)))

    filename = property(lambda self: self["filename"])
    subfolder = property(lambda self: self["subfolder"])
    type = property(lambda self: self["type"])


class _Shown:
    """Something that a node shows."""

    def __init__(self, **shown: Any) -> None:
        self._shown = shown
        self.values: Any = next(iter(shown.values()), [])

    def as_dict(self) -> dict[str, Any]:
        """The `ui` of a node."""
        return dict(self._shown)


class SavedImages(_Shown):
    """Pictures that were saved."""

    def __init__(self, results: Sequence[SavedResult], is_animated: bool = False) -> None:
        super().__init__(images=list(results), **({"animated": (True,)} if is_animated else {}))
        self.results = list(results)


class SavedAudios(_Shown):
    """Sounds that were saved."""

    def __init__(self, results: Sequence[SavedResult]) -> None:
        super().__init__(audio=list(results))
        self.results = list(results)


class PreviewImage(_Shown):
    """Pictures to be looked at."""

    def __init__(self, image: Tensor, animated: bool = False, cls: Any = None, **_: Any) -> None:
        super().__init__(images=_saved(image, f"preview_{secrets.token_hex(4)}", TEMP), animated=(animated,))


class PreviewMask(PreviewImage):
    """Masks to be looked at."""

    def __init__(self, mask: Tensor, animated: bool = False, cls: Any = None, **_: Any) -> None:
        grey = mask.reshape(-1, mask.shape[-2], mask.shape[-1], 1).expand(-1, -1, -1, 3)
        super().__init__(grey, animated, cls)


class PreviewText(_Shown):
    """A text to be read."""

    def __init__(self, value: str, **_: Any) -> None:
        super().__init__(text=(value,))


class AudioSaveHelper:
    """Writing sounds, which needs a library."""

    @staticmethod
    def save_audio(
        audio: Any,
        filename_prefix: str,
        folder_type: Any = OUTPUT,
        cls: Any = None,
        format: str = "flac",
        quality: str = "128k",
    ) -> list[SavedResult]:
        """Refused: Weft packs no sounds."""
        raise NeedsLibrary(f"Writing a sound as {format}")

    @staticmethod
    def get_save_audio_ui(
        audio: Any, filename_prefix: str, cls: Any = None, format: str = "flac", quality: str = "128k"
    ) -> SavedAudios:
        """Refused: Weft packs no sounds."""
        return SavedAudios(AudioSaveHelper.save_audio(audio, filename_prefix, OUTPUT, cls, format, quality))


class PreviewAudio(_Shown):
    """Sounds to be heard: files that are there already. Packing a sound is refused."""

    def __init__(self, audio: Any, cls: Any = None, **_: Any) -> None:
        files = audio if isinstance(audio, list) else AudioSaveHelper.save_audio(audio, "preview", TEMP, cls)
        super().__init__(audio=list(files))


class PreviewUI3D(_Shown):
    """A model to be turned about."""

    def __init__(self, model_file: str, camera_info: Any = None, **_: Any) -> None:
        super().__init__(result=[model_file, camera_info])


class PreviewVideo(_Shown):
    """Videos to be watched."""

    def __init__(self, values: Sequence[Mapping[str, str]], **_: Any) -> None:
        super().__init__(images=list(values), animated=(True,))


class ImageSaveHelper:
    """Writing pictures."""

    @staticmethod
    def save_images(
        images: Tensor,
        filename_prefix: str,
        folder_type: Any = OUTPUT,
        cls: Any = None,
        compress_level: int = 4,
    ) -> list[SavedResult]:
        """Write each picture to a PNG that carries the graph."""
        return _saved(images, filename_prefix, str(getattr(folder_type, "value", folder_type)))

    @staticmethod
    def get_save_images_ui(
        images: Tensor, filename_prefix: str, cls: Any = None, compress_level: int = 4
    ) -> SavedImages:
        """The same, as something that a node shows."""
        return SavedImages(_saved(images, filename_prefix, OUTPUT))

    @staticmethod
    def save_animated_png(
        images: Tensor, filename_prefix: str, folder_type: Any, cls: Any, fps: float, compress_level: int
    ) -> SavedResult:
        """Write all pictures to one PNG that moves."""
        return _animated(images, filename_prefix, folder_type, ".png", fps, compress_level=compress_level)

    @staticmethod
    def save_animated_webp(
        images: Tensor,
        filename_prefix: str,
        folder_type: Any,
        cls: Any,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedResult:
        """Write all pictures to one WEBP that moves."""
        options = {"lossless": lossless, "quality": quality, "method": method}
        return _animated(images, filename_prefix, folder_type, ".webp", fps, **options)


def _context() -> Any:
    call = pack_call()
    if call is None:
        raise NoRun("Pictures can be saved while a node runs, and none does.")
    return call.context


def _saved(images: Tensor, prefix: str, folder: str) -> list[SavedResult]:
    where: Any = TEMP if folder == TEMP else OUTPUT
    pixels = images if images.ndim == len("bhwc") else images[None]
    published = publish_pngs(Image(pixels.detach().cpu().to(torch.float32)), prefix, _context(), where)
    return [_result(file) for file in published.files]


def _animated(
    images: Tensor, prefix: str, folder: Any, suffix: str, fps: float, **options: Any
) -> SavedResult:
    first, *rest = to_bytes(Image(images.detach().cpu()))

    def write(path: Path) -> None:
        first.save(path, save_all=True, append_images=rest, duration=int(1000 / fps), **options)

    kind = f"image/{suffix.lstrip('.')}"
    where: Any = TEMP if str(getattr(folder, "value", folder)) == TEMP else OUTPUT
    (file,) = _context().files.publish(prefix, suffix, kind, write, where).files
    return _result(file)


def _result(file: PublishedFile) -> SavedResult:
    below, name = os.path.split(file.name)
    return SavedResult(name, below, file.folder)


offer_module("comfy_api.latest.ui", __name__)
offer_module("comfy_api.latest._ui", __name__)
