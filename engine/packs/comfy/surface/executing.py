"""`comfy_execution.utils`: which node is being called."""

from __future__ import annotations

from typing import NamedTuple

from engine.packs.comfy.running import current


class ExecutionContext(NamedTuple):
    """The run, the node, and which call of a mapped node it is where that is known."""

    prompt_id: str
    node_id: str
    list_index: int | None


def get_executing_context() -> ExecutionContext | None:
    """The node that is being called, or None outside of a run."""
    call = current()
    if call is None:
        return None
    return ExecutionContext(str(call.context.request.get("run", "")), call.id, call.index)
