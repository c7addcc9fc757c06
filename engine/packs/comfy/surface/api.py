"""`comfy_api.latest` and its frozen copies: extensions, and what a node may ask of its run."""

from __future__ import annotations

from typing import Any

from engine.packs.comfy.names import find
from engine.packs.comfy.running import current
from engine.packs.comfy.surface import io
from engine.packs.comfy.surface.api_inputs import Input, InputImpl, Types
from engine.packs.comfy.surface.progress_bar import tell

__all__ = ["IO", "ComfyAPI", "ComfyAPISync", "ComfyExtension", "Input", "InputImpl", "Types", "io"]
IO = io


class ComfyExtension:
    """What a `comfy_entrypoint` gives: the nodes of a pack."""

    async def on_load(self) -> None:
        """ComfyUI calls it never, and neither does Weft."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """The nodes."""
        raise NotImplementedError(f"{type(self).__name__} has no get_node_list.")


class ExecutionSync:
    """How far the node is."""

    def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """So much of the whole is done."""
        tell(current(), value, max_value, preview_image)


class Execution:
    """The same, to be awaited."""

    async def set_progress(
        self,
        value: float,
        max_value: float,
        node_id: str | None = None,
        preview_image: Any = None,
        ignore_size_limit: bool = False,
    ) -> None:
        """So much of the whole is done."""
        tell(current(), value, max_value, preview_image)


class ComfyAPI:
    """What a node may ask of its run."""

    VERSION = "latest"
    STABLE = False

    def __init__(self) -> None:
        self.execution = Execution()


class ComfyAPISync(ComfyAPI):
    """The same without awaiting."""

    def __init__(self) -> None:
        self.execution = ExecutionSync()  # type: ignore[assignment]


def __getattr__(name: str) -> Any:
    if name in ("ui", "UI"):
        return find("comfy_api.latest.ui")
    raise AttributeError(name)
