from pathlib import Path

import pytest

from tests.engine.installation import Installation, installed


@pytest.fixture(scope="module")
def main(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation, shared by a file's tests: importing packs anew takes time."""
    return installed(tmp_path_factory.mktemp("installation"))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output folder of the test's own."""
    return tmp_path / "output"
