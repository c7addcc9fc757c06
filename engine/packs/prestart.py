"""`prestartup_script.py`: what some packs want to have run before anything else is imported."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

from engine.packs.comfy.loading import importing
from engine.packs.comfy.pack_code import PackLoader, add_pack
from engine.packs.failures import failure_of
from engine.packs.source import PackFailure, PackSource

SCRIPT = "prestartup_script.py"


def prestart(sources: Iterable[PackSource]) -> tuple[PackFailure, ...]:
    """Run the scripts of these packs. One that fails is named; its pack is imported all the same, as in ComfyUI."""
    failures: list[PackFailure] = []
    for source in sources:
        script = source.path / SCRIPT
        if not source.name or not script.is_file():
            continue
        add_pack(source.path)
        try:
            with importing(source.name):
                _run(f"{source.module}.prestartup_script", str(script))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # it may do anything
            failures.append(failure_of(source, error))
    return tuple(failures)


def _run(name: str, script: str) -> None:
    loader = PackLoader(name, script)
    module = ModuleType(name)
    module.__file__ = script
    loader.exec_module(module)
