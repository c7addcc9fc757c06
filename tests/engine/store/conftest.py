import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.store.lab import database


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A new database, each statement committed at once."""
    db = database(tmp_path)
    yield db
    db.close()
