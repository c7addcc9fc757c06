"""What a declared function carries, and the error for one that cannot be declared."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from engine.graph.spec import NodeSpec

SPEC = "__weft_spec__"
FINGERPRINT = "__weft_fingerprint__"
TILED = "__weft_tiled__"
FACTS = "__weft_facts__"
VALIDATE = "__weft_validate__"

OwnCheck: TypeAlias = Callable[[Mapping[str, object], Mapping[str, str]], Iterable[tuple[str, str]]]
"""A node's own check of its inputs: takes the literals by name, and the types of what is linked by name; gives the
inputs that it does not take, each with a reason or an empty text."""


class DeclarationError(TypeError):
    """A function that cannot become a node: where it is, what is wrong, and what to write."""

    def __init__(self, where: str, what: str, write: str) -> None:
        super().__init__(where, what, write)
        self.where = where
        self.what = what
        self.write = write

    def __str__(self) -> str:
        return f"{self.where}: {self.what}.\n  {self.write}"


def spec_of(function: Callable[..., object]) -> NodeSpec:
    """The spec of a declared function."""
    spec = getattr(function, SPEC, None)
    if not isinstance(spec, NodeSpec):
        raise DeclarationError(where_is(function), "is no node", "Write  @node()  above it.")
    return spec


def fingerprint_of(function: Callable[..., object]) -> Callable[..., object] | None:
    """The `fingerprint=` function of a declared function, if it has one."""
    found: Callable[..., object] | None = getattr(function, FINGERPRINT, None)
    return found


def tiled_of(function: Callable[..., object]) -> Callable[..., object] | None:
    """The `tiled=` function of a declared function, if it has one."""
    found: Callable[..., object] | None = getattr(function, TILED, None)
    return found


def facts_of(function: Callable[..., object]) -> Callable[..., object] | None:
    """The `facts=` function of a declared function, if it has one."""
    found: Callable[..., object] | None = getattr(function, FACTS, None)
    return found


def own_check_of(function: Callable[..., object]) -> OwnCheck | None:
    """The check of its own that a declared function has, if it has one (`NodeSpec.validated`)."""
    found: OwnCheck | None = getattr(function, VALIDATE, None)
    return found


def where_is(function: object) -> str:
    """File, line and name of a function, as an error shows them."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, types.CodeType):
        return repr(function)
    return f"{code.co_filename}:{code.co_firstlineno} {code.co_name}()"
