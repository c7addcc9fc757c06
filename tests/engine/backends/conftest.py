from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from engine.backends.backend import Backend
from engine.backends.in_process import InProcessBackend
from engine.backends.options import WorkerOptions
from engine.backends.process import ProcessBackend
from engine.backends.settings import Settings
from tests.engine.backends.lab import MEMORY_ONLY, Opening, toy_settings

Make: TypeAlias = Callable[[Settings, WorkerOptions, tuple[Path, ...]], Backend]


@pytest.fixture(params=[ProcessBackend, InProcessBackend], ids=["process", "in process"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    make: Make = request.param

    @asynccontextmanager
    async def open(options: WorkerOptions = MEMORY_ONLY) -> AsyncIterator[Backend]:
        backend = make(toy_settings(tmp_path), options, (tmp_path / "custom_nodes",))
        await backend.open()
        try:
            yield backend
        finally:
            await backend.close(0.0)

    return open
