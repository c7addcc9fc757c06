import sys
from pathlib import Path

import pytest

from engine.packs.discover import discover
from engine.packs.load import Loaded, load_packs
from engine.packs.source import builtin
from tests.engine.packs.toys import HEAD, declares, write_packs


def load(root: Path, **files: str) -> Loaded:
    """`load(tmp_path, a=code)` loads a pack of a single file."""
    return load_packs(discover(write_packs(root, {f"{name}.py": text for name, text in files.items()})))


def test_the_functions_and_specs_of_packs_are_found(tmp_path: Path) -> None:
    loaded = load(tmp_path, a=declares("One"), b=declares("Two", "return 2"))

    assert list(loaded.registry) == ["One", "Two"]
    assert (loaded.registry["Two"].pack, loaded.registry["Two"].module) == ("b", "custom_nodes.b")
    assert loaded.functions["Two"]() == 2
    assert loaded.failures == ()


def test_a_pack_of_several_files_imports_its_own_modules(tmp_path: Path) -> None:
    folder = write_packs(
        tmp_path,
        {
            "big pack/__init__.py": "from . import nodes\n",
            "big pack/nodes.py": declares("Deep", "from .inner.code import VALUE; return VALUE"),
            "big pack/inner/code.py": "VALUE = 7\n",
            "big pack/test_it.py": "raise RuntimeError('nobody imports the tests')\n",
        },
    )

    loaded = load_packs(discover(folder))

    assert loaded.functions["Deep"]() == 7
    assert loaded.failures == ()


def test_the_built_in_nodes_are_all_modules_of_a_package(tmp_path: Path) -> None:
    package = write_packs(
        tmp_path,
        {
            "toy_nodes/__init__.py": "",
            "toy_nodes/values.py": "VALUE = 3\n",
            "toy_nodes/first.py": "from toy_nodes.values import VALUE\n" + declares("First", "return VALUE"),
            "toy_nodes/second.py": "from toy_nodes.first import first\n"
            + declares("Second", "return first()"),
        },
    )

    loaded = load_packs([builtin(package / "toy_nodes")])

    assert list(loaded.registry) == ["First", "Second"]
    assert loaded.functions["Second"]() == 3
    assert loaded.registry["First"].pack == ""


@pytest.mark.parametrize(
    ("code", "line", "error", "message"),
    [
        ("x = 1\nraise ValueError('no luck')\n", 2, "ValueError", "no luck"),
        ("import nothing_of_that_name\n", 1, "ModuleNotFoundError", "No module named 'nothing_of_that_name'"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit", "3"),
        ("x = 1\ny = (\n", 2, "SyntaxError", "'(' was never closed"),
        ("import json\n\njson.loads('{')\n", 3, "JSONDecodeError", "Expecting property name"),
        (
            HEAD + "@node()\ndef f(x) -> int: ...\n",
            2,
            "DeclarationError",
            "parameter 'x' has no type hint. Give it",
        ),
        ("raise BaseException('odd')\n", 1, "BaseException", "odd"),
    ],
    ids=["raises", "import", "exit", "syntax", "in a library", "declaration", "no exception"],
)
def test_a_broken_pack_is_named_and_the_others_go_on(
    tmp_path: Path, code: str, line: int, error: str, message: str
) -> None:
    loaded = load(tmp_path, a=declares("One"), broken=code, c=declares("Three"))

    assert list(loaded.registry) == ["One", "Three"]
    (failure,) = loaded.failures
    assert (failure.pack, failure.error) == ("broken", error)
    assert failure.where.startswith(f"{tmp_path}/custom_nodes/broken.py:{line}")
    assert failure.message.startswith(message)
    assert "custom_nodes.broken" not in sys.modules


def test_a_failure_reads_as_a_sentence(tmp_path: Path) -> None:
    (failure,) = load(tmp_path, broken="1 / 0\n").failures

    assert failure.describe() == (
        f"pack broken ({tmp_path}/custom_nodes/broken.py:1): ZeroDivisionError: division by zero"
    )


def test_of_two_nodes_with_one_id_the_later_is_left_out(tmp_path: Path) -> None:
    loaded = load(tmp_path, a=declares("One"), b=declares("One", "return 2") + declares("Two"))

    assert list(loaded.registry) == ["One", "Two"]
    assert loaded.functions["One"]() == 1
    (failure,) = loaded.failures
    assert (failure.pack, failure.error) == ("b", "DuplicateNode")
    assert failure.where == f"{tmp_path}/custom_nodes/b.py:2"
    assert "its node 'One' is left out, since custom_nodes.a.one has that id already" in failure.message


def test_a_node_that_a_pack_imports_from_another_is_not_its_own(tmp_path: Path) -> None:
    loaded = load(tmp_path, a=declares("One"), b="from custom_nodes.a import one\n" + declares("Two"))

    assert {id: spec.pack for id, spec in loaded.registry.items()} == {"One": "a", "Two": "b"}
    assert loaded.failures == ()


def test_loading_again_imports_nothing_twice(tmp_path: Path) -> None:
    first = load(tmp_path, a=declares("One"))
    second = load(tmp_path, a=declares("One"))

    assert first.functions["One"] is second.functions["One"]
