"""What the engine asks a pack's node before it runs: whether something has changed, and whether it takes its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.graph.literals import freeze, thawed
from engine.packs.comfy.declared import PackNode, Parameters, parameters_of, waited_for
from engine.packs.comfy.growing import nested
from engine.packs.comfy.hidden import beforehand
from engine.packs.comfy.ports import comfy_name


def fingerprint_of(node: PackNode, changed: Callable[..., object]) -> Callable[..., object]:
    """IS_CHANGED as the engine asks it: with literals, and None for what is linked."""
    parameters = parameters_of(changed)

    def ask(**inputs: Any) -> object:
        given = _as_taken(node, {name: thawed(value) for name, value in inputs.items()})
        return waited_for(changed(**parameters.of(_with_hidden(node, given))))

    return ask


def check_of(
    node: PackNode, checks: Callable[..., object], parameters: Parameters
) -> Callable[[Mapping[str, object], Mapping[str, str]], Iterator[tuple[str, str]]]:
    """VALIDATE_INPUTS as the engine asks it: gives every input that it looked at, with what it says, if it refuses."""

    def check(literals: Mapping[str, object], linked: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        given = {**{name: thawed(freeze(value)) for name, value in literals.items()}, **dict.fromkeys(linked)}
        arguments = parameters.of(_with_hidden(node, _as_taken(node, given)))
        if "input_types" in parameters.names:
            types = {name: _comfy_types(type) for name, type in linked.items()}
            arguments["input_types"] = [types] if node.as_lists else types
        answer = waited_for(checks(**arguments))
        if answer is not True:
            for name in given:
                if name in arguments or name.partition(".")[0] in arguments:
                    yield name, "" if answer is False else str(answer)

    return check


def _comfy_types(text: str) -> str:
    return ",".join(comfy_name(part) for part in text.replace(" | ", ",").split(","))


def _as_taken(node: PackNode, given: Mapping[str, object]) -> Mapping[str, object]:
    return nested(node.spec.inputs, given) if node.spec.growing else given


def _with_hidden(node: PackNode, given: Mapping[str, object]) -> dict[str, object]:
    found = {**given, **{name: beforehand(kind) for name, kind in node.hidden}}
    return {name: [value] for name, value in found.items()} if node.as_lists else found
