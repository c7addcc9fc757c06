"""What a node shows, as ComfyUI's clients read it: its files by kind, and whatever else it says."""

from __future__ import annotations

from collections.abc import Mapping

from engine.graph.values import Published, PublishedFile
from engine.server.telling.messages import Ui

# Under which name ComfyUI's client looks for files of a media type; a video is among the images there.
KEYS = {"image": "images", "video": "images", "audio": "audio", "model": "3d"}


def ui_of(published: Published) -> Ui:
    """The `ui` of a node. What a node says itself under a name stands instead of its files there."""
    found: dict[str, object] = {}
    for file in published.files:
        key = KEYS.get(file.media_type.partition("/")[0], "files")
        if key not in published.shown:
            shown = found.setdefault(key, [])
            assert isinstance(shown, list)
            shown.append(_file(file))
    return {**found, **published.shown}


def _file(file: PublishedFile) -> Mapping[str, str]:
    subfolder, _, name = file.name.rpartition("/")
    return {"filename": name, "subfolder": subfolder, "type": file.folder}
