import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _forget_toy_packs() -> Iterator[None]:
    """Toy packs of different tests share their names."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("custom_nodes", "toy_nodes")):
            del sys.modules[name]
