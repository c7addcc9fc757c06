"""What a V3 node returns: values, what it shows, a graph that it turned into, or a refusal."""

from __future__ import annotations

from typing import Any

from engine.packs.comfy.blocking import ExecutionBlocker


class NodeOutput:
    """The results of a V3 node, in the order of its outputs."""

    def __init__(
        self,
        *args: object,
        ui: object = None,
        expand: dict[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[object, ...] | None:
        """The values, or None where there are none."""
        return self.args or None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NodeOutput:
        """What a V1 node's dictionary says."""
        result = data.get("result", ())
        if isinstance(result, ExecutionBlocker):
            return cls(ui=data.get("ui"), expand=data.get("expand"), block_execution=result.message or "")
        return cls(*(result or ()), ui=data.get("ui"), expand=data.get("expand"))

    def __getitem__(self, index: int) -> object:
        return self.args[index]
