"""`comfy.utils.ProgressBar` and `comfy_execution.progress`: how far the node is that is being called."""

from __future__ import annotations

from typing import Any

from engine.packs.comfy.running import Call, current

PROGRESS_BAR_ENABLED = True
PROGRESS_BAR_HOOK: Any = None


def set_progress_bar_enabled(enabled: bool) -> None:
    """Whether bars show anything."""
    global PROGRESS_BAR_ENABLED  # noqa: PLW0603
    PROGRESS_BAR_ENABLED = enabled


def set_progress_bar_global_hook(function: Any) -> None:
    """A function of a pack's own that is told of every step."""
    global PROGRESS_BAR_HOOK  # noqa: PLW0603
    PROGRESS_BAR_HOOK = function


class ProgressBar:
    """How many of `total` steps are done. Each update is a place where a cancelled run stops."""

    def __init__(self, total: float, node_id: str | None = None) -> None:
        self.total = total
        self.current: float = 0
        self.node_id = node_id
        self._call = current()

    def update_absolute(self, value: float, total: float | None = None, preview: Any = None) -> None:
        """So many steps are done; `preview` is ComfyUI's (format, picture, size)."""
        if total is not None:
            self.total = total
        self.current = min(value, self.total)
        if PROGRESS_BAR_HOOK is not None:
            PROGRESS_BAR_HOOK(self.current, self.total, preview)
        tell(self._call or current(), self.current, self.total, preview)

    def update(self, value: float) -> None:
        """So many more are done."""
        self.update_absolute(self.current + value)


def tell(call: Call | None, value: float, total: float, preview: Any = None) -> None:
    """Tell of a step of a call. Raises when its run is cancelled."""
    if call is None:
        return
    if PROGRESS_BAR_ENABLED:
        call.context.progress(int(value), int(total))
    else:
        call.context.check_cancelled()
    if preview is not None:
        picture = preview[1] if isinstance(preview, tuple) and len(preview) > 1 else preview
        call.context.preview(picture)


class NodeState:
    """How a node stands."""

    Pending = "pending"
    Running = "running"
    Finished = "finished"
    Error = "error"


class ProgressRegistry:
    """ComfyUI's register of nodes at work. Here it knows the node that is being called."""

    def update_progress(self, node_id: str, value: float, max_value: float, image: Any = None) -> None:
        """A node has come so far."""
        tell(current(), value, max_value, image)

    def start_progress(self, node_id: str) -> None:
        """A node begins, which the engine knows."""

    def finish_progress(self, node_id: str) -> None:
        """A node is done, which the engine knows."""


_REGISTRY = ProgressRegistry()


def get_progress_state() -> ProgressRegistry:
    """The register."""
    return _REGISTRY
