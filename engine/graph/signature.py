"""A node's inputs and outputs, read from its function's signature and docstring."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping

from engine.graph.docstring import read_docstring
from engine.graph.hints import SignatureError, read_hint, union_members
from engine.graph.literals import LiteralProblem, freeze, literal_problem
from engine.graph.problems import NotAChoice, OutOfRange, WrongType
from engine.graph.spec import InputSpec, OutputSpec
from engine.graph.types import ListOf
from engine.graph.values import Blocked, Expand, Published

CONTEXT_MARK = "__weft_context__"  # what `engine.run.context.Context` carries, since graph may not import run


def read_hints(function: types.FunctionType) -> Mapping[str, object]:
    """The hints of every parameter and of the return, with what `Annotated` adds to them."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception as error:  # a hint may be any expression, so reading it may raise anything
        raise SignatureError(
            f"its hints cannot be read: {error}",
            "Import every class that a hint names at the top of the file, not under TYPE_CHECKING.",
        ) from error


def read_inputs(
    function: Callable[..., object], hints: Mapping[str, object]
) -> tuple[tuple[InputSpec, ...], str | None]:
    """The inputs in the order of the parameters, and the name of the parameter that takes the Context."""
    help = read_docstring(function.__doc__).names
    parameters = inspect.signature(function).parameters
    if strangers := [name for name in help if name.lstrip("*") not in parameters]:
        raise SignatureError(
            f"docstring describes {strangers}, which it does not take",
            f"Describe only {', '.join(parameters)}."
            if parameters
            else "Remove it: the function takes nothing.",
        )
    inputs: list[InputSpec] = []
    contexts: list[str] = []
    for name, parameter in parameters.items():
        _check_kind(parameter)
        if name not in hints:
            raise SignatureError(f"parameter '{name}' has no type hint", f"Give it one, e.g.  {name}: int")
        if hasattr(hints[name], CONTEXT_MARK):
            contexts.append(name)
        else:
            inputs.append(_input(parameter, hints[name], help.get(name, "")))
    if len(contexts) > 1:
        raise SignatureError(f"takes the Context twice, as {' and '.join(contexts)}", "Take it once.")
    return tuple(inputs), contexts[0] if contexts else None


def read_outputs(hints: Mapping[str, object]) -> tuple[OutputSpec, ...]:
    """The outputs; none for a node that is run for what it does (it returns None or a Published)."""
    if "return" not in hints:
        raise SignatureError("has no return hint", "Say what it gives, e.g.  -> Image  (or -> None)")
    members = [member for member in union_members(hints["return"]) if member not in (Expand, Blocked)]
    if not members:
        raise SignatureError("says it expands, but not what that gives", "Write  -> Latent | Expand")
    effects = [member for member in members if member in (types.NoneType, Published)]
    if len(effects) == len(members):
        return ()
    if types.NoneType in effects:
        raise SignatureError("may return None instead of a value", 'Return Blocked("why") in its place.')
    if effects:
        raise SignatureError("returns either a value or a Published", "Make two nodes of it.")
    if len(members) == 1 and _is_named_tuple(members[0]):
        return _fields(typing.cast("type[object]", members[0]))
    return (_output(typing.Union[tuple(members)], "return value"),)  # noqa: UP007  (the members are values here)


def _is_named_tuple(hint: object) -> bool:
    return isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")


def _fields(named_tuple: type[object]) -> tuple[OutputSpec, ...]:
    help = read_docstring(named_tuple.__doc__).names
    fields = typing.get_type_hints(named_tuple, include_extras=True)
    return tuple(_output(hint, f"field '{name}'", name, help.get(name, "")) for name, hint in fields.items())


def _output(hint: object, what: str, name: str = "", help: str = "") -> OutputSpec:
    try:
        read = read_hint(hint)
    except SignatureError as error:
        raise SignatureError(f"{what} {error.what}", error.write) from None
    if read.optional:
        raise SignatureError(f"{what} may be None", 'Return Blocked("why") where there is no value.')
    return OutputSpec(name or read.output, read.type, isinstance(read.type, ListOf), help)


def _check_kind(parameter: inspect.Parameter) -> None:
    name = parameter.name
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
        raise SignatureError(
            f"takes {star}{name}, but every input of a node has a name", f"Write  {name}: list[int]"
        )
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise SignatureError(
            f"parameter '{name}' is positional-only", "Remove the `/`: inputs are given by name."
        )


def _input(parameter: inspect.Parameter, hint: object, help: str) -> InputSpec:
    name = parameter.name
    try:
        read = read_hint(hint)
    except SignatureError as error:
        raise SignatureError(f"parameter '{name}' {error.what}", f"Write  {name}: {error.write}") from None
    given = parameter.default is not parameter.empty
    try:
        default = freeze(parameter.default) if given else None
    except TypeError:
        raise SignatureError(
            f"the default of '{name}' is {parameter.default!r}, which a graph file cannot hold",
            f"Write  {name}: ... | None = None  and make the value inside.",
        ) from None
    spec = InputSpec(
        name=name,
        type=read.type,
        required=not given and not read.optional,
        default=default,
        widget=read.widget,
        help=help,
        lazy=read.lazy,
        takes_list=isinstance(read.type, ListOf),
    )
    _check_default(spec)
    return spec


def _check_default(spec: InputSpec) -> None:
    problem = literal_problem("", spec, spec.default) if spec.default is not None else None
    if problem is not None:
        raise SignatureError(
            f"the default of '{spec.name}' is {spec.default!r}, but must {_must(problem)}",
            "Change one of the two.",
        )


def _must(problem: LiteralProblem) -> str:
    match problem:
        case OutOfRange(expected=expected):
            return expected
        case WrongType(expected=expected):
            return f"be {expected}"
        case NotAChoice(options=options):
            return f"be one of {', '.join(map(repr, options))}"
