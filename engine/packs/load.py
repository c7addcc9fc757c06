"""Importing packs, each in isolation: whatever one of them does wrong is named, and the others go on."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType

from engine.graph.declared import SPEC, spec_of
from engine.graph.registry import Registry, collect, registry_of
from engine.graph.spec import NodeSpec
from engine.packs.comfy import instances
from engine.packs.comfy.known import learn, unlearn
from engine.packs.comfy.loading import importing
from engine.packs.comfy.pack import comfy_nodes
from engine.packs.comfy.pack_code import PackLoader, add_pack
from engine.packs.comfy.places import Places, use
from engine.packs.failures import duplicate, failure_of
from engine.packs.manifest import current_digest
from engine.packs.source import PackFailure, PackSource


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the packs brought: the functions to call by node id, their specs, and what went wrong."""

    functions: Mapping[str, Callable[..., object]]
    registry: Registry
    failures: tuple[PackFailure, ...]


def load_packs(sources: Iterable[PackSource], places: Places | None = None) -> Loaded:
    """Import every pack. Of two nodes with the same id the first stays, and the later is named as a failure.

    Args:
        sources: The packs, the built-in nodes first.
        places: Where things lie, for packs that ask while they are imported.
    """
    if places is not None:
        use(places)
    functions: dict[str, Callable[..., object]] = {}
    specs: dict[str, NodeSpec] = {}
    failures: list[PackFailure] = []
    for source in sources:
        for found in _brought(source):
            if isinstance(found, PackFailure):
                failures.append(found)
                continue
            spec = replace(spec_of(found), pack=source.name)
            other = specs.get(spec.id)
            if other is None:
                functions[spec.id], specs[spec.id] = found, spec
                learn(spec, found)
            else:
                failures.append(duplicate(source, found, other))
    return Loaded(functions, registry_of(specs.values()), tuple(failures))


def _brought(source: PackSource) -> Iterator[Callable[..., object] | PackFailure]:
    """The nodes of a pack, and what went wrong with it or with some of them."""
    try:
        with importing(source.name):
            modules = _import(source)
            foreign = list(comfy_nodes(modules[0])) if source.name else []
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a pack may do anything, leave by SystemExit included
        _forget(source)
        yield failure_of(source, error)
        return
    yield from _declared(source, modules)
    version = int(current_digest([source])[:12], 16) if foreign else 1
    for found in foreign:
        if isinstance(found, tuple):
            name, wrong = found
            yield failure_of(source, wrong, f"its node '{name}' is left out: ")
        else:
            # Packs of ComfyUI's say no version: results on disk are those of the code as it is.
            setattr(found, SPEC, replace(spec_of(found), version=version))
            yield found


def load_again(source: PackSource, before: Loaded) -> Loaded:
    """The same as before, with one pack imported anew, or for the first time; what it brought before is gone."""
    _forget(source)
    importlib.invalidate_caches()
    fresh = load_packs([source])
    others = {id: spec for id, spec in before.registry.items() if spec.pack != source.name}
    doubles = [duplicate(source, fresh.functions[id], others[id]) for id in fresh.registry if id in others]
    specs = {**fresh.registry, **others}
    failures = [failure for failure in before.failures if failure.pack != (source.name or source.module)]
    return Loaded(
        {id: (before if id in others else fresh).functions[id] for id in specs},
        registry_of(specs.values()),
        (*failures, *fresh.failures, *doubles),
    )


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
    loader = None
    if source.name:
        add_pack(source.path)
        loader = PackLoader(source.module, str(source.file))
    spec = importlib.util.spec_from_file_location(
        source.module, source.file, loader=loader, submodule_search_locations=search
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
    if not parent:
        return
    package = sys.modules.get(parent)
    if package is None:
        package = sys.modules[parent] = ModuleType(parent)
        package.__path__ = []
    home = str(source.path.parent)
    if isinstance(package.__path__, list) and home not in package.__path__:
        package.__path__.append(home)


def _names_below(source: PackSource) -> list[str]:
    return [name for name in sys.modules if name.startswith(f"{source.module}.")]


def _imported_below(source: PackSource) -> Iterator[ModuleType]:
    for name in _names_below(source):
        module = sys.modules.get(name)
        if isinstance(module, ModuleType):
            yield module


def _forget(source: PackSource) -> None:
    for name in [source.module, *_names_below(source), *_own_elsewhere(source)]:
        sys.modules.pop(name, None)
    if source.name:
        instances.forget(source.module)
        unlearn(source.name)


def _own_elsewhere(source: PackSource) -> list[str]:
    """Modules of a pack that it has imported from its folder under names of their own."""
    home = f"{source.path}/"
    files = ((name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items()))
    return [name for name, file in files if source.name and isinstance(file, str) and file.startswith(home)]


def _declared(source: PackSource, modules: list[ModuleType]) -> list[Callable[..., object]]:
    # A pack may import another's node to call it; that does not make it a node of this pack.
    own = (source.module, f"{source.module}.")
    found = {id(function): function for module in modules for function in collect(module)}
    return [
        function
        for function in found.values()
        if function.__module__ == own[0] or function.__module__.startswith(own[1])
    ]
