"""What can be wrong with a graph: a closed union. Each says where, what is expected and found, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from engine.graph.spec import Literal_


@dataclass(frozen=True, slots=True)
class UnknownNode:
    """A node of a kind that no pack brings. `pack` is the one that the graph's file names for it."""

    node: str
    kind: str
    closest: tuple[str, ...] = ()
    pack: str = ""

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"node {self.node} is a {self.kind}, which is not installed."

    @property
    def hint(self) -> str:
        """What to do."""
        pack = f"the pack {self.pack}" if self.pack else "the pack that brings it"
        return _did_you_mean(self.closest) or f"Put {pack} into custom_nodes/."


@dataclass(frozen=True, slots=True)
class MissingInput:
    """A required input that is neither connected nor given. `givers` are kinds of node that give one."""

    node: str
    input: str
    expected: str
    givers: tuple[str, ...] = ()

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"input '{self.input}' of node {self.node} has no {self.expected}."

    @property
    def hint(self) -> str:
        """What to do."""
        return f"Connect one, e.g. from {_any_of(self.givers)}." if self.givers else "Give it one."


@dataclass(frozen=True, slots=True)
class UnknownInput:
    """An input that this kind of node does not take."""

    node: str
    input: str
    kind: str
    closest: tuple[str, ...] = ()
    available: tuple[str, ...] = ()

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"node {self.node} has the input '{self.input}', which {self.kind} does not take."

    @property
    def hint(self) -> str:
        """What to do."""
        return _did_you_mean(self.closest) or (
            f"It takes {', '.join(self.available)}." if self.available else "It takes no inputs. Remove it."
        )


@dataclass(frozen=True, slots=True)
class WrongType:
    """A value of a type that the input does not take."""

    node: str
    input: str
    expected: str
    found: Literal_

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return (
            f"input '{self.input}' of node {self.node} is {_short(self.found)}, but must be {self.expected}."
        )

    @property
    def hint(self) -> str:
        """What to do."""
        return f"Give it {self.expected}."


@dataclass(frozen=True, slots=True)
class TypeMismatch:
    """A link between ports that do not fit. `bridges` are kinds of node that turn one into the other."""

    node: str
    input: str
    expected: str
    source: str
    output: str
    given: str
    bridges: tuple[str, ...] = ()

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return (
            f"input '{self.input}' of node {self.node} expects {self.expected}, "
            f"but '{self.output}' of node {self.source} gives {self.given}."
        )

    @property
    def hint(self) -> str:
        """What to do."""
        if self.bridges:
            return f"Put {_any_of(self.bridges)} between them."
        return f"Connect an output that gives {self.expected}."


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """A number beyond the input's bounds."""

    node: str
    input: str
    value: float | str  # what has no room in 64 bits comes from another process as a text
    minimum: float | None
    maximum: float | None

    @property
    def expected(self) -> str:
        """The bounds, as in "must ..."."""
        if self.minimum is None:
            return f"be at most {self.maximum}"
        if self.maximum is None:
            return f"be at least {self.minimum}"
        return f"lie between {self.minimum} and {self.maximum}"

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"input '{self.input}' of node {self.node} is {self.value}, but must {self.expected}."

    @property
    def hint(self) -> str:
        """What to do."""
        return f"The nearest allowed value is {self.minimum if self.too_small else self.maximum}."

    @property
    def too_small(self) -> bool:
        """Whether it is below the range, not above it."""
        value = int(self.value) if isinstance(self.value, str) else self.value
        return self.minimum is not None and value < self.minimum


@dataclass(frozen=True, slots=True)
class NotAChoice:
    """A value that is not among the input's options."""

    node: str
    input: str
    value: Literal_
    options: tuple[str | int, ...]
    closest: tuple[str, ...] = ()

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"input '{self.input}' of node {self.node} is {_short(self.value)}, not one of its options."

    @property
    def hint(self) -> str:
        """What to do."""
        return _did_you_mean(self.closest) or f"Choose one of {', '.join(map(str, self.options))}."


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A file that its folder does not have."""

    node: str
    input: str
    folder: str
    file: str
    closest: tuple[str, ...] = ()
    available: tuple[str, ...] = ()

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"input '{self.input}' of node {self.node} is '{self.file}', which the folder {self.folder} lacks."

    @property
    def hint(self) -> str:
        """What to do."""
        return _did_you_mean(self.closest) or (
            f"There is {', '.join(self.available)}."
            if self.available
            else f"Put it there: {self.folder} is empty."
        )


@dataclass(frozen=True, slots=True)
class DanglingLink:
    """A link from a node that is not in the graph. Without `node`, it is an output asked for beside the graph."""

    node: str | None
    input: str | None
    source: str

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"{_port(self.node, self.input)} comes from node {self.source}, which is not in the graph."

    @property
    def hint(self) -> str:
        """What to do."""
        return "Connect it to another node."


@dataclass(frozen=True, slots=True)
class UnknownOutput:
    """A link from an output that its node does not have. Without `node`, it is asked for beside the graph."""

    node: str | None
    input: str | None
    source: str
    output: str | int
    available: tuple[str, ...] = ()

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        name = f"'{self.output}'" if isinstance(self.output, str) else f"number {self.output}"
        return (
            f"{_port(self.node, self.input)} comes from output {name} of node {self.source}, "
            "which has no such output."
        )

    @property
    def hint(self) -> str:
        """What to do."""
        return f"It gives {', '.join(self.available)}." if self.available else "It gives nothing."


@dataclass(frozen=True, slots=True)
class Cycle:
    """Nodes that wait for one another. Each of the `members` reads the one before it, the first the last."""

    node: str
    members: tuple[str, ...]

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        if len(self.members) == 1:
            return f"node {self.node} reads its own output."
        shown = [*self.members[:10], *(["..."] if len(self.members) > 10 else [])]
        return f"{len(self.members)} nodes wait for one another: {' -> '.join([*shown, self.members[0]])}."

    @property
    def hint(self) -> str:
        """What to do."""
        return "Remove one of the links between them."


@dataclass(frozen=True, slots=True)
class NoOutputs:
    """A graph that would do nothing: no node in it saves or shows anything."""

    node: None = None

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return "the graph has no node that saves or shows anything, so there is nothing to run."

    @property
    def hint(self) -> str:
        """What to do."""
        return "Add one at the end, e.g. SaveImage."


@dataclass(frozen=True, slots=True)
class Refused:
    """A value that the node's own check (ComfyUI's VALIDATE_INPUTS) does not take, and why, if it said so."""

    node: str
    input: str
    reason: str = ""

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        why = f": {self.reason}" if self.reason else ""
        return f"node {self.node} does not take its input '{self.input}'{why}."

    @property
    def hint(self) -> str:
        """What to do."""
        return "Give it another value."


@dataclass(frozen=True, slots=True)
class Clashing:
    """What will come in at an input does not go together with what else the node is given; `advice` is the node's."""

    node: str
    input: str
    reason: str
    advice: str = ""

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"input '{self.input}' of node {self.node} does not fit: {self.reason}."

    @property
    def hint(self) -> str:
        """What to do."""
        return self.advice or "Connect something else, or change what leads there."


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place of a graph file that cannot be read. Of an input, `value` is what stands there."""

    where: str
    expected: str
    found: str
    node: str | None = None
    input: str | None = None
    value: Literal_ = None

    def describe(self) -> str:
        """What is wrong, in a sentence."""
        return f"{self.where}: expected {self.expected}, found {self.found}."

    @property
    def hint(self) -> str:
        """What to do."""
        return "Correct the file there, or export it again."


Problem: TypeAlias = (
    UnknownNode
    | MissingInput
    | UnknownInput
    | WrongType
    | TypeMismatch
    | OutOfRange
    | NotAChoice
    | MissingFile
    | DanglingLink
    | UnknownOutput
    | Cycle
    | NoOutputs
    | Refused
    | Clashing
    | Unreadable
)


class GraphInvalid(Exception):
    """A graph that cannot be run, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(f"{problem.describe()} {problem.hint}" for problem in self.problems)


def _port(node: str | None, input: str | None) -> str:
    return "what is asked for" if node is None else f"input '{input}' of node {node}"


def _did_you_mean(names: tuple[str, ...]) -> str:
    return f"Did you mean {_any_of(names)}?" if names else ""


def _any_of(names: tuple[str, ...]) -> str:
    shown = names[:3]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _short(value: Literal_) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
