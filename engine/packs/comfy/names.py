"""Which Python modules packs find under ComfyUI's names, and nobody else does.

Code of a pack has its own `__import__` among its builtins (`pack_code`). It answers the names below with our adapters
and leaves all others to Python. So a pack's `import nodes` gives the adapter while ours gives our package, and nothing
of it stands in `sys.modules` under ComfyUI's names.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

SURFACE = "engine.packs.comfy.surface"

# What a name stands for: modules whose public names it has; the first that has a name counts. "" has submodules only.
MODULES: dict[str, tuple[str, ...]] = {
    "comfy": (),
    "comfy.cli_args": (f"{SURFACE}.cli_args",),
    "comfy.comfy_types": (f"{SURFACE}.node_typing",),
    "comfy.comfy_types.node_typing": (f"{SURFACE}.node_typing",),
    "comfy.model_management": (f"{SURFACE}.model_management",),
    "comfy.options": (f"{SURFACE}.cli_args",),
    "comfy.utils": (f"{SURFACE}.progress_bar",),
    "comfy_api": (f"{SURFACE}.api",),
    "comfy_api.input": (f"{SURFACE}.api_inputs",),
    "comfy_api.input.basic_types": (f"{SURFACE}.api_inputs",),
    "comfy_api.input.video_types": (f"{SURFACE}.api_inputs",),
    "comfy_api.input_impl": (f"{SURFACE}.api_inputs",),
    "comfy_api.input_impl.video_types": (f"{SURFACE}.api_inputs",),
    "comfy_api.util": (f"{SURFACE}.api_inputs",),
    "comfy_api.util.video_types": (f"{SURFACE}.api_inputs",),
    "comfy_api.latest": (f"{SURFACE}.api",),
    "comfy_api.latest._input": (f"{SURFACE}.api_inputs",),
    "comfy_api.latest._input_impl": (f"{SURFACE}.api_inputs",),
    "comfy_api.latest._io": (f"{SURFACE}.io",),
    "comfy_api.latest._util": (f"{SURFACE}.api_inputs",),
    "comfy_api.latest.io": (f"{SURFACE}.io",),
    "comfy_api.v0_0_1": (f"{SURFACE}.api",),
    "comfy_api.v0_0_2": (f"{SURFACE}.api",),
    "comfy_execution": (),
    "comfy_execution.graph": (f"{SURFACE}.execution_graph",),
    "comfy_execution.graph_utils": (f"{SURFACE}.graph_builder",),
    "comfy_execution.progress": (f"{SURFACE}.progress_bar",),
    "comfy_execution.utils": (f"{SURFACE}.executing",),
    "comfy_execution.validation": (f"{SURFACE}.execution_graph",),
    "execution": (f"{SURFACE}.execution_graph",),
    "folder_paths": (f"{SURFACE}.folder_paths",),
    "nodes": (f"{SURFACE}.core_nodes",),
    "server": (f"{SURFACE}.prompt_server",),
}
TOPS = {name.partition(".")[0] for name in MODULES}

# Modules of the standard library that import by name themselves.
WRAPPED = {"importlib": "importlib", "importlib.util": "importlib.util"}

_REAL_IMPORT = builtins.__import__
_MADE: dict[str, ModuleType] = {}


def offer_module(name: str, module: str) -> None:
    """Let packs find a module of ours under one of ComfyUI's names, beside what they find there already."""
    there = MODULES.get(name, ())
    if module not in there:
        MODULES[name] = (*there, module)
        parent = name.rpartition(".")[0]
        if parent and parent not in MODULES:
            MODULES[parent] = ()
        TOPS.add(name.partition(".")[0])
        _MADE.clear()


class AdapterModule(ModuleType):
    """What a pack gets for a name. It looks its attributes up in the modules behind it, so that they stay live."""

    def __init__(self, name: str, behind: Sequence[str]) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__dict__["_behind"] = tuple(behind)

    def __getattr__(self, name: str) -> Any:
        for module in self.__dict__["_behind"]:
            try:
                return getattr(importlib.import_module(module), name)
            except AttributeError:
                continue
        full = f"{self.__name__}.{name}"
        if full in MODULES:
            return find(full)
        raise AttributeError(f"Weft's adapter of '{self.__name__}' has no '{name}'", name=name, obj=self)

    def __dir__(self) -> list[str]:
        names = {
            name for module in self.__dict__["_behind"] for name in vars(importlib.import_module(module))
        }
        return sorted({*super().__dir__(), *names})


def find(name: str) -> ModuleType:
    """The adapter of a name. Raises ModuleNotFoundError for what Weft has none of."""
    known = _MADE.get(name)
    if known is not None:
        return known
    behind = MODULES.get(name)
    if behind is None:
        raise ModuleNotFoundError(
            f"No module named '{name}': Weft has no adapter for this part of ComfyUI", name=name
        )
    made = _MADE[name] = AdapterModule(name, behind)
    public = [key for key in dir(made) if not key.startswith("_")]
    made.__dict__["__all__"] = public
    return made


def pack_import(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """`__import__` as the code of packs sees it."""
    top = name.partition(".")[0]
    if level == 0 and top in TOPS and not _is_ours(name):
        return _adapter(name, top, fromlist)
    if level == 0 and top == "importlib":
        return _importing(name, fromlist)
    return _REAL_IMPORT(name, globals, locals, fromlist or (), level)


def import_module(name: str, package: str | None = None) -> ModuleType:
    """`importlib.import_module` as packs see it."""
    if not name.startswith(".") and name.partition(".")[0] in TOPS and not _is_ours(name):
        return find(name)
    return importlib.import_module(name, package)


def _is_ours(name: str) -> bool:
    """Whether it is a module of our own nodes (`nodes.port_types`), which ComfyUI has none of."""
    return name.startswith("nodes.") and name not in MODULES


def _adapter(name: str, top: str, fromlist: Sequence[str] | None) -> ModuleType:
    found = find(name)
    if not fromlist:
        return find(top)
    for wanted in fromlist:  # `from comfy import utils`
        if f"{name}.{wanted}" in MODULES and wanted not in vars(found):
            setattr(found, wanted, find(f"{name}.{wanted}"))
    return found


def _importing(name: str, fromlist: Sequence[str] | None) -> ModuleType:
    real = _REAL_IMPORT(name, None, None, fromlist or (), 0)
    if name in WRAPPED and fromlist:
        return _wrapped(name)
    return real if fromlist else _wrapped("importlib")


def _wrapped(name: str) -> ModuleType:
    known = _MADE.get(name)
    if known is None:
        known = _MADE[name] = ModuleType(name)
        known.__dict__.update(vars(importlib.import_module(name)))
        if name == "importlib":
            known.__dict__.update(import_module=import_module, util=_wrapped("importlib.util"))
        else:
            known.__dict__["spec_from_file_location"] = spec_from_file_location
    return known


def spec_from_file_location(name: str, location: Any = None, *, loader: Any = None, **more: Any) -> Any:
    """`importlib.util.spec_from_file_location` as packs see it: a pack's file is loaded as a pack's."""
    from engine.packs.comfy.pack_code import PackLoader, is_pack_file  # noqa: PLC0415  (it needs this module's import)

    file = str(location) if location is not None else ""
    if loader is None and file.endswith(".py") and is_pack_file(Path(file)):
        loader = PackLoader(name, file)
    return importlib.util.spec_from_file_location(name, location, loader=loader, **more)


PACK_BUILTINS: dict[str, Any] = {**vars(builtins), "__import__": pack_import}
