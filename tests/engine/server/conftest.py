from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.server.standing import Standing, standing


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Standing]:
    """A server with empty folders."""
    with standing(tmp_path) as server:
        yield server
