"""What is wrong with a prompt, as ComfyUI's `POST /prompt` answers it, with what Weft knows beside it.

Every error has ComfyUI's `type`, `message`, `details` and `extra_info`, and of ours `problem`, `describe`, `hint`,
`expected` and `found`. Where the answers differ from ComfyUI's on purpose:

| prompt | ComfyUI | Weft |
|---|---|---|
| a cycle | an answer without details | `dependency_cycle` at the cycle, which is named |
| a plain `*` port | fits nothing | fits everything, as in newer versions |
| a choice of a V3 node | unchecked | checked, as in newer versions |
| a text for a BOOLEAN | any text but "" is true | `invalid_input_type` |
| null for an optional input | `invalid_input_type` | its default |
| a node without `inputs` | KeyError | it has none, so required ones are missing |
| unknown kinds that no wanted output needs | reject the prompt | left out, and reported if nothing reads them |
| a required input with a default (our nodes) | missing | its default |
| a link to an input that does not exist | fails when it runs | `unknown_input` |
| a damaged node | HTTP 500 | `invalid_prompt` |
| a file that is not there | depends on the node | as LoadImage does it in `input`, else `value_not_in_list` |
| tracebacks of ComfyUI's own code | in `traceback` | an empty list |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.graph.graph import Graph
from engine.graph.problems import Problem, UnknownNode, Unreadable
from engine.graph.registry import Registry
from engine.server.nodes.object_info import Files
from engine.server.prompts.input_errors import Error, error_at
from engine.server.prompts.prompt_outputs import (
    Outputs,
    bad_outputs,
    loose_ends,
    outputs_of,
    wanted_outputs,
)

NodeErrors: TypeAlias = "dict[str, dict[str, object]]"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a prompt. With an `error` nothing runs (HTTP 400), else `targets` do (HTTP 200).

    `node_errors` tells why outputs were left out; it may have entries in both cases.
    """

    targets: tuple[str, ...]
    error: Error | None
    node_errors: NodeErrors


def judged(
    graph: Graph,
    registry: Registry,
    problems: Sequence[Problem],
    *,
    only: Collection[str] | None = None,
    files: Files | None = None,
) -> Verdict:
    """What a prompt's problems mean for it: which outputs run all the same, and what the client is told.

    Args:
        graph: The prompt, after `coerced`.
        registry: The known nodes.
        problems: What reading it, `validate` and the nodes' own checks have found.
        only: `partial_execution_targets`: the output nodes that are asked for; None means all.
        files: The files of each folder, to be named as choices.
    """
    wanted = wanted_outputs(graph, registry, only)
    if wanted and not problems:
        return Verdict(wanted, None, {})
    ends = loose_ends(graph, problems) if only is None else ()
    outputs = outputs_of(graph, (*wanted, *ends))
    fatal = _fatal(graph, outputs, problems, wanted)
    if fatal is not None:
        return Verdict((), fatal, {})
    if not wanted:
        return Verdict((), _answer("prompt_no_outputs", "Prompt has no outputs", ""), {})
    errors = _node_errors(graph, registry, problems, outputs, files or {})
    bad = bad_outputs(outputs, problems)
    good = tuple(id for id in wanted if id not in bad)
    if good:
        return Verdict(good, None, errors)
    error = _answer(
        "prompt_outputs_failed_validation", "Prompt outputs failed validation", _details(wanted, errors)
    )
    return Verdict((), error, errors)


def no_prompt() -> Error:
    """The answer to a request without a prompt."""
    return _answer("no_prompt", "No prompt provided", "No prompt provided")


def invalid_prompt(problem: Problem) -> Error:
    """The answer to a prompt that a single problem makes unreadable."""
    match problem:
        case UnknownNode(node, kind):
            message = f"Cannot execute because node {kind} does not exist."
            return {**_answer("invalid_prompt", message, f"Node ID '#{node}'"), "hint": problem.hint}
        case Unreadable(where, node=str(node)) if where.endswith(".class_type"):
            message = "Cannot execute because a node is missing the class_type property."
            return {**_answer("invalid_prompt", message, f"Node ID '#{node}'"), "hint": problem.hint}
    message = "Cannot execute because the prompt cannot be read."
    return {**_answer("invalid_prompt", message, problem.describe()), "hint": problem.hint}


def _fatal(
    graph: Graph, outputs: Outputs, problems: Sequence[Problem], wanted: Sequence[str]
) -> Error | None:
    """The first problem that leaves nothing to run."""
    needed = (1 << len(wanted)) - 1
    for problem in problems:
        match problem:
            case UnknownNode(node):
                if not wanted or outputs.needed_for.get(node, 0) & needed:
                    return invalid_prompt(problem)
            case Unreadable(input=None, node=node) if node is None or node not in graph.nodes:
                return invalid_prompt(problem)
    return None


def _node_errors(
    graph: Graph, registry: Registry, problems: Sequence[Problem], outputs: Outputs, files: Files
) -> NodeErrors:
    """The errors of each node that some wanted output needs."""
    # An input that could not be read is missing for `validate` too; one of the two is enough.
    unread = {(problem.node, problem.input) for problem in problems if isinstance(problem, Unreadable)}
    found: NodeErrors = {}
    entries: dict[str, list[Error]] = {}
    for problem in problems:
        id = problem.node
        if id is None or not outputs.needed_for.get(id):
            continue
        if not isinstance(problem, Unreadable) and (id, getattr(problem, "input", None)) in unread:
            continue
        if id not in found:
            entries[id] = []
            kind = graph.nodes[id].kind
            found[id] = {"errors": entries[id], "dependent_outputs": outputs.of(id), "class_type": kind}
        entries[id].append(error_at(problem, graph, registry, files))
    return found


def _details(wanted: Sequence[str], errors: NodeErrors) -> str:
    """The errors of the outputs themselves, a line each; without any, those of cycles, which nobody else would name."""
    lines = [f"{error['message']}: {error['details']}" for id in wanted for error in _errors(errors.get(id))]
    cycles = [
        f"{error['message']}: {error['details']}"
        for entry in errors.values()
        for error in _errors(entry)
        if error["type"] == "dependency_cycle"
    ]
    return "\n".join(lines or cycles)


def _errors(entry: Mapping[str, object] | None) -> list[Error]:
    listed = entry["errors"] if entry else []
    assert isinstance(listed, list)
    return listed


def _answer(type: str, message: str, details: str) -> Error:
    return {"type": type, "message": message, "details": details, "extra_info": {}}
