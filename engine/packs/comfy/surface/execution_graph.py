"""`comfy_execution.graph`, `.validation` and `execution`: what packs use of ComfyUI's executor."""

from __future__ import annotations

from engine.packs.comfy.blocking import ExecutionBlocker
from engine.packs.comfy.hidden import DynamicPrompt, NodeNotFoundError

__all__ = [
    "DependencyCycleError",
    "DynamicPrompt",
    "ExecutionBlocker",
    "NodeInputError",
    "NodeNotFoundError",
    "validate_node_input",
]


class DependencyCycleError(Exception):
    """Nodes that wait for one another."""


class NodeInputError(Exception):
    """An input that is not there."""


def validate_node_input(received_type: object, input_type: object, strict: bool = False) -> bool:
    """Whether a type may flow into an input. Unions: all members must fit where it is strict, one where it is not."""
    if not received_type != input_type:  # noqa: SIM202  (types that are unequal to nothing)
        return True
    if not isinstance(received_type, str) or not isinstance(input_type, str):
        return False
    given = {part.strip() for part in received_type.split(",")}
    taken = {part.strip() for part in input_type.split(",")}
    if "*" in given | taken:
        return True
    return given <= taken if strict else bool(given & taken)
