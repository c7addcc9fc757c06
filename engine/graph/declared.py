"""What a declared function carries, and the error for one that cannot be declared."""

from __future__ import annotations

import types
from collections.abc import Callable

from engine.graph.spec import NodeSpec

SPEC = "__weft_spec__"
FINGERPRINT = "__weft_fingerprint__"


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


def where_is(function: object) -> str:
    """File, line and name of a function, as an error shows them."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, types.CodeType):
        return repr(function)
    return f"{code.co_filename}:{code.co_firstlineno} {code.co_name}()"
