"""The Python in our documents is run, block after block, so that it cannot go stale."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.sources import ROOT

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: Path) -> list[tuple[int, str]]:
    """The Python blocks of a document, each with the line it begins at."""
    text = document.read_text("utf-8")
    return [(text.count("\n", 0, match.start(1)) + 1, match[1]) for match in BLOCK.finditer(text)]


@pytest.fixture(scope="module")
def page() -> Iterator[ModuleType]:
    """`docs/writing-a-node.md` as a module: its blocks, run one after the other."""
    document = ROOT / "docs" / "writing-a-node.md"
    module = ModuleType("writing_a_node")
    sys.modules[module.__name__] = module
    for line, code in blocks(document):
        # The empty lines in front make a traceback name the document's own lines.
        exec(compile("\n" * (line - 1) + code, document, "exec"), vars(module))
    yield module
    del sys.modules[module.__name__]


def test_the_tests_on_the_page_pass(page: ModuleType) -> None:
    tests = [value for name, value in vars(page).items() if name.startswith("test_")]

    for test in tests:
        test()

    assert len(tests) == 2
