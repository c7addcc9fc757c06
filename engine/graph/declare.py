"""`@node`: makes a node of a typed function. The signature is the declaration; nothing is said twice."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from engine.graph.declared import FACTS, FINGERPRINT, SPEC, TILED, DeclarationError, where_is
from engine.graph.docstring import read_docstring
from engine.graph.hints import SignatureError
from engine.graph.signature import read_hints, read_inputs, read_outputs
from engine.graph.spec import NodeSpec

F = TypeVar("F", bound=Callable[..., object])


def node(
    id: str | None = None,
    *,
    category: str = "",
    title: str | None = None,
    version: int = 1,
    device: bool = False,
    pinned: bool = False,
    experimental: bool = False,
    fingerprint: Callable[..., object] | None = None,
    tiled: Callable[..., object] | None = None,
    facts: Callable[..., object] | None = None,
) -> Callable[[F], F]:
    """Declare a function as a node. It stays the plain function it was, with its spec attached.

    Args:
        id: The node's name in graph files; by default the function's name in CamelCase.
        category: Where the menu shows it, with slashes: "latent/noise".
        title: What the editor shows; by default the function's name in words.
        version: Part of the cache key: raise it when the node's meaning changes.
        device: It computes on the device, so that such nodes run one at a time.
        pinned: Its result stays with the worker that made it and is never written to disk (a loaded model).
        experimental: It may change or go.
        fingerprint: Called with those inputs that it names, before a cached result is trusted. What it gives
            is part of the cache key (the version of a service, the date of a file). If it names the node's Context, it
            may look at files.
        tiled: Takes the same and gives the same with less memory (in tiles, in parts), in more time. It is called where
            the function runs out of memory.
        facts: Tells what will come out before anything is run (`engine.graph.facts`), from those inputs that it names;
            if it names the node's Context, it may look at files.
    """
    if callable(id):
        raise DeclarationError(where_is(id), "@node takes its options in brackets", "Write  @node()")

    def declare(function: F) -> F:
        plain = _plain_spec(function, fingerprint, facts)
        _check_tiled(function, tiled)
        spec = replace(
            plain,
            id=id or plain.id,
            title=title or plain.title,
            category=category,
            version=version,
            device=device,
            pinned=pinned,
            experimental=experimental,
        )
        setattr(function, SPEC, spec)
        setattr(function, FINGERPRINT, fingerprint)
        setattr(function, TILED, tiled)
        setattr(function, FACTS, facts)
        return function

    return declare


def _plain_spec(
    function: object, fingerprint: Callable[..., object] | None, facts: Callable[..., object] | None
) -> NodeSpec:
    """What the function alone tells of the node."""
    if not isinstance(function, types.FunctionType):
        raise DeclarationError(where_is(function), "is no plain function", "Put @node() above a `def`.")
    try:
        hints = read_hints(function)
        inputs, context = read_inputs(function, hints)
        outputs = read_outputs(hints)
        names = [spec.name for spec in inputs]
        _check_parameters("fingerprint", fingerprint, [*names, *filter(None, [context])])
        _check_parameters("facts function", facts, [*names, *filter(None, [context])])
    except SignatureError as error:
        raise DeclarationError(where_is(function), error.what, error.write) from error.__cause__
    return NodeSpec(
        id=_camel_case(function.__name__),
        title=_words(function.__name__),
        category="",
        help=read_docstring(function.__doc__).text,
        version=1,
        inputs=inputs,
        outputs=outputs,
        module=function.__module__,
        function=function.__qualname__,
        effect=not outputs,
        is_async=inspect.iscoroutinefunction(function),
        fingerprinted=fingerprint is not None,
        context=context,
    )


def _check_parameters(what: str, asked: Callable[..., object] | None, names: Sequence[str]) -> None:
    """A function beside the node's own may name nothing but what the node takes."""
    if asked is None:
        return
    strangers = [name for name in inspect.signature(asked).parameters if name not in names]
    if strangers:
        raise SignatureError(
            f"its {what} takes {strangers}, which the node does not take",
            f"It may take {', '.join(names)}.",
        )


def _check_tiled(function: Callable[..., object], tiled: Callable[..., object] | None) -> None:
    if tiled is None:
        return
    wanted, found = (tuple(inspect.signature(each).parameters) for each in (function, tiled))
    if wanted != found:
        raise DeclarationError(
            where_is(tiled),
            f"takes {', '.join(found) or 'nothing'}, but stands for {function.__name__}({', '.join(wanted)})",
            "Give both the same parameters.",
        )


def _camel_case(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _words(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
