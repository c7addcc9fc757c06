from collections.abc import Iterator

import pytest

from tests.engine.served import Served, served
from tests.faults.lab import FLAGS, Faults, installed


@pytest.fixture(scope="session")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Faults:
    """What the shared server is made to fail at."""
    return Faults(tmp_path_factory.mktemp("faults") / "order")


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory, faults: Faults) -> Iterator[Served]:
    """A server that all tests share which leave it alive: what one of them does is no reason to fail for the next."""
    with served(installed(tmp_path_factory.mktemp("weft")), *FLAGS, **faults.environment) as server:
        server.wait_until_ready()
        yield server
