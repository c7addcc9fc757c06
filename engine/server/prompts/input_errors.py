"""A single problem of a node as an entry of ComfyUI's `node_errors`: its type, message, details and extra_info."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.formats.comfy_types import comfy_type
from engine.formats.nodes import thaw
from engine.graph.graph import Graph
from engine.graph.growing import inputs_of
from engine.graph.problems import (
    Clashing,
    Cycle,
    DanglingLink,
    MissingFile,
    MissingInput,
    NoOutputs,
    NotAChoice,
    OutOfRange,
    Problem,
    Refused,
    TypeMismatch,
    UnknownInput,
    UnknownNode,
    UnknownOutput,
    Unreadable,
    WrongType,
)
from engine.graph.registry import Registry
from engine.graph.spec import InputSpec, Literal_, NodeSpec, NumberWidget, SeedWidget
from engine.server.nodes.object_info import PICTURES, Files, choices_of, input_config

Error: TypeAlias = "dict[str, object]"

LONG_LIST = 20  # a longer list of choices is not repeated in an error

# What a problem calls what it expected and what it found, whichever it has.
SAID = {"expected": ("expected",), "found": ("found", "given", "value", "file")}

BAD_LINK = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
EXCEPTION = "Exception when validating node"

# Whoever reads `exception_message` expects the words of Python's own conversions.
CONVERSIONS: Mapping[str, Callable[[object], object]] = {"INT": int, "FLOAT": float}  # type: ignore[dict-item]


def error_at(problem: Problem, graph: Graph, registry: Registry, files: Files) -> Error:
    """The entry of a problem that belongs to a node of the graph."""
    spec, input = _place(problem, graph, registry)
    config = list(input_config(input, spec, files)) if spec and input else None
    return {**_comfy_error(problem, graph, registry, files, config, input), **_own_words(problem)}


def _comfy_error(  # noqa: PLR0912  (the closed union of problems, one case each)
    problem: Problem,
    graph: Graph,
    registry: Registry,
    files: Files,
    config: list[object] | None,
    input: InputSpec | None,
) -> Error:
    match problem:
        case MissingInput(input=name):
            part = name.rpartition(".")[2] if _grows(problem, graph, registry) else name
            return _error("required_input_missing", "Required input is missing", part, input_name=name)
        case WrongType():
            return _conversion_error(problem, config)
        case OutOfRange():
            return _range_error(problem, config, input)
        case NotAChoice(input=name, value=value):
            return _choice_error(name, thaw(value), list(problem.options), config)
        case MissingFile(input=name, file=file, folder=folder):
            if folder == PICTURES:
                return _refusal(name, f"Invalid image file: {file}")
            return _choice_error(name, file, choices_of(input.widget if input else None, files) or [], config)
        case TypeMismatch():
            return _mismatch_error(problem, graph, registry, config)
        case Refused(input=name, reason=reason) | Clashing(input=name, reason=reason):
            return _refusal(name, reason)
        case DanglingLink(source=source):
            return _exception("KeyError", repr(source))
        case UnknownOutput():
            return _exception("IndexError", "tuple index out of range")
        case Unreadable():
            return _unreadable_error(problem, config)
        case Cycle(members=members):
            shown = " -> ".join((*members[:LONG_LIST], *(("...",) if len(members) > LONG_LIST else ())))
            details = f"{shown} -> {members[0]}"
            return _error("dependency_cycle", "Dependency cycle detected", details, members=list(members))
        case UnknownInput(input=name):
            return _error("unknown_input", "Unknown input", name, input_name=name)
        case UnknownNode(kind=kind, node=node):
            message = f"Cannot execute because node {kind} does not exist."
            return _error("invalid_prompt", message, f"Node ID '#{node}'")
        case NoOutputs():
            return _error("prompt_no_outputs", "Prompt has no outputs", "")


def _grows(problem: Problem, graph: Graph, registry: Registry) -> bool:
    node = graph.nodes.get(problem.node) if problem.node is not None else None
    spec = registry.specs.get(node.kind) if node else None
    return spec is not None and spec.growing


def _conversion_error(problem: WrongType, config: list[object] | None) -> Error:
    type, value = (config[0] if config else ""), thaw(problem.found)
    name = type if isinstance(type, str) else "COMBO"
    reason = _reason(name, value) or problem.describe()
    return _error(
        "invalid_input_type",
        f"Failed to convert an input value to a {name} value",
        f"{problem.input}, {value}, {reason}",
        input_name=problem.input,
        input_config=config,
        received_value=value,
        exception_message=reason,
    )


def _reason(type: str, value: object) -> str:
    conversion = CONVERSIONS.get(type)
    try:
        if conversion is not None:
            conversion(value)
    except (TypeError, ValueError, OverflowError) as error:
        return str(error)
    return ""


def _range_error(problem: OutOfRange, config: list[object] | None, input: InputSpec | None) -> Error:
    whole = isinstance(input.widget, SeedWidget) if input else False
    if input is not None and isinstance(input.widget, NumberWidget):
        whole = input.widget.whole
    low, high = problem.minimum, problem.maximum
    smaller = problem.too_small
    bound = low if smaller else high
    shown = int(bound) if whole and bound is not None else bound
    return _error(
        "value_smaller_than_min" if smaller else "value_bigger_than_max",
        f"Value {problem.value} {'smaller than min' if smaller else 'bigger than max'} of {shown}",
        problem.input,
        input_name=problem.input,
        input_config=config,
        received_value=problem.value,
    )


def _choice_error(name: str, value: object, choices: list[object], config: list[object] | None) -> Error:
    many = len(choices) > LONG_LIST
    listed = f"(list of length {len(choices)})" if many else str(choices)
    return _error(
        "value_not_in_list",
        "Value not in list",
        f"{name}: '{value}' not in {listed}",
        input_name=name,
        input_config=None if many else config,
        received_value=value,
    )


def _mismatch_error(
    problem: TypeMismatch, graph: Graph, registry: Registry, config: list[object] | None
) -> Error:
    # Types by ComfyUI's names, since clients compare them with /object_info.
    slot, given = _source(problem, graph, registry)
    wanted = config[0] if config else problem.expected
    return _error(
        "return_type_mismatch",
        "Return type mismatch between linked nodes",
        f"{problem.input}, received_type({given}) mismatch input_type({wanted})",
        input_name=problem.input,
        input_config=config,
        received_type=given,
        linked_node=[problem.source, slot],
    )


def _source(problem: TypeMismatch, graph: Graph, registry: Registry) -> tuple[int | str, str]:
    """The index and the type of the output that a link comes from."""
    node = graph.nodes.get(problem.source)
    spec = registry.specs.get(node.kind) if node else None
    for index, output in enumerate(spec.outputs if spec else ()):
        if output.name == problem.output:
            return index, comfy_type(output.type)
    return problem.output, problem.given


def _unreadable_error(problem: Unreadable, config: list[object] | None) -> Error:
    name = problem.input
    if name is None:
        return _error("invalid_prompt", "Cannot execute because a node cannot be read.", problem.describe())
    match problem.value:
        case (node, _):  # an array of two whose first item names no node: ComfyUI looks for it in vain
            return _exception("KeyError", repr(thaw(node)))
    value = thaw(problem.value)
    return _error(
        "bad_linked_input", BAD_LINK, name, input_name=name, input_config=config, received_value=value
    )


def _refusal(name: str, reason: str) -> Error:
    details = f"{name} - {reason}" if reason else name
    return _error("custom_validation_failed", "Custom validation failed for node", details, input_name=name)


def _exception(type: str, text: str) -> Error:
    return _error("exception_during_validation", EXCEPTION, text, exception_type=type, traceback=[])


def _error(type: str, message: str, details: str, **extra_info: object) -> Error:
    return {"type": type, "message": message, "details": details, "extra_info": extra_info}


def _own_words(problem: Problem) -> Error:
    """What Weft says of a problem: its kind, its sentence, what to do, and what was expected and found if it knows."""
    told: Error = {"problem": type(problem).__name__, "describe": problem.describe(), "hint": problem.hint}
    for key, names in SAID.items():
        for name in names:
            if key not in told and hasattr(problem, name):
                value: Literal_ = getattr(problem, name)
                told[key] = thaw(value)
    return told


def _place(problem: Problem, graph: Graph, registry: Registry) -> tuple[NodeSpec | None, InputSpec | None]:
    """The spec of the problem's node, and of its input if it names one that exists."""
    node = graph.nodes.get(problem.node) if problem.node is not None else None
    spec = registry.specs.get(node.kind) if node else None
    name = getattr(problem, "input", None)
    inputs = inputs_of(spec, node.inputs) if spec and node else ()
    found = [input for input in inputs if input.name == name]
    return spec, found[0] if found else None
