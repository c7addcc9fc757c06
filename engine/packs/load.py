"""Importing packs, each in isolation: whatever one of them does wrong is named, and the others go on."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from engine.graph.declared import DeclarationError, spec_of
from engine.graph.registry import Registry, collect, registry_of
from engine.graph.spec import NodeSpec
from engine.packs.source import PackFailure, PackSource


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the packs brought: the functions to call by node id, their specs, and what went wrong."""

    functions: Mapping[str, Callable[..., object]]
    registry: Registry
    failures: tuple[PackFailure, ...]


def load_packs(sources: Iterable[PackSource]) -> Loaded:
    """Import every pack. Of two nodes with the same id the first stays, and the later is named as a failure."""
    functions: dict[str, Callable[..., object]] = {}
    specs: dict[str, NodeSpec] = {}
    failures: list[PackFailure] = []
    for source in sources:
        try:
            modules = _import(source)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a pack may do anything, leave by SystemExit included
            _forget(source)
            failures.append(_failure(source, error))
            continue
        for function in _declared(source, modules):
            spec = replace(spec_of(function), pack=source.name)
            other = specs.get(spec.id)
            if other is None:
                functions[spec.id], specs[spec.id] = function, spec
            else:
                failures.append(_duplicate(source, function, other))
    return Loaded(functions, registry_of(specs.values()), tuple(failures))


def _import(source: PackSource) -> list[ModuleType]:
    package = _import_from_file(source)
    if source.name or not source.path.is_dir():
        return [package, *_imported_below(source)]
    # The built-in nodes are one file per stage, and no list of them is kept anywhere.
    names = [f"{source.module}.{found.name}" for found in pkgutil.iter_modules([str(source.path)])]
    return [package, *(importlib.import_module(name) for name in names)]


def _import_from_file(source: PackSource) -> ModuleType:
    known = sys.modules.get(source.module)
    if known is not None and known.__file__ == str(source.file):
        return known
    _forget(source)
    _ensure_parent(source)
    search = [str(source.path)] if source.path.is_dir() else None
    spec = importlib.util.spec_from_file_location(
        source.module, source.file, submodule_search_locations=search
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{source.file} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[source.module] = module
    spec.loader.exec_module(module)
    return module


def _ensure_parent(source: PackSource) -> None:
    # Python imports `custom_nodes` on the way to `custom_nodes.pack.file`, and nothing says that it can find it.
    parent = source.module.rpartition(".")[0]
    if parent and parent not in sys.modules:
        package = ModuleType(parent)
        package.__path__ = [str(source.path.parent)]
        sys.modules[parent] = package


def _names_below(source: PackSource) -> list[str]:
    return [name for name in sys.modules if name.startswith(f"{source.module}.")]


def _imported_below(source: PackSource) -> Iterator[ModuleType]:
    for name in _names_below(source):
        module = sys.modules.get(name)
        if isinstance(module, ModuleType):
            yield module


def _forget(source: PackSource) -> None:
    for name in [source.module, *_names_below(source)]:
        sys.modules.pop(name, None)


def _declared(source: PackSource, modules: list[ModuleType]) -> list[Callable[..., object]]:
    # A pack may import another's node to call it; that does not make it a node of this pack.
    own = (source.module, f"{source.module}.")
    found = {id(function): function for module in modules for function in collect(module)}
    return [
        function
        for function in found.values()
        if function.__module__ == own[0] or function.__module__.startswith(own[1])
    ]


def _failure(source: PackSource, error: BaseException) -> PackFailure:
    match error:
        case DeclarationError(where=where, what=what, write=write):
            message = f"{what}. {write}"
        case SyntaxError(filename=str(file), lineno=line, msg=message):
            where = f"{file}:{line}"
        case _:
            where, message = _place(source, error), str(error)
    return PackFailure(source.name or source.module, where, type(error).__name__, message)


def _place(source: PackSource, error: BaseException) -> str:
    """The deepest line of the pack's own code that led to the error."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(source.path)
    ]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else str(source.file)


def _duplicate(source: PackSource, function: Callable[..., object], other: NodeSpec) -> PackFailure:
    spec = spec_of(function)
    code = function.__code__
    return PackFailure(
        source.name or source.module,
        f"{code.co_filename}:{code.co_firstlineno}",
        "DuplicateNode",
        f"its node '{spec.id}' is left out, since {other.module}.{other.function} has that id already. "
        f'Give it another, e.g.  @node("{source.name}.{spec.id}")',
    )
