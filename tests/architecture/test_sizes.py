import ast

import pytest

from tests.architecture.sources import ROOT, files, functions, functions_of, relative

FILE_LINES = 400
FUNCTION_LINES = 40
MAIN_LINES = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}

# A function may be longer than FUNCTION_LINES for a reason: "folder/file.py:Class.method": "the reason".
LONG_FOR_A_REASON: dict[str, str] = {
    "ldm/training/diffusion.py:train_diffusion": "an optimiser step and what it closes over are read together",
    "ldm/training/first_stage.py:train_first_stage": "the same: the model's step and its critic's",
}


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {relative(path): len(path.read_text("utf-8").splitlines()) for path in files()}

    assert {file: lines for file, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_40_lines_without_a_reason() -> None:
    long = {function.key: function.lines for function in functions() if function.lines > FUNCTION_LINES}

    assert {key: lines for key, lines in long.items() if key not in LONG_FOR_A_REASON} == {}


def test_every_reason_still_belongs_to_a_long_function() -> None:
    long = {function.key for function in functions() if function.lines > FUNCTION_LINES}

    assert set(LONG_FOR_A_REASON) - long == set()


def test_main_only_composes() -> None:
    assert len((ROOT / "main.py").read_text("utf-8").splitlines()) <= MAIN_LINES


def test_no_file_has_a_name_that_says_nothing() -> None:
    vague = [relative(path) for path in files() if VAGUE_NAMES & {path.stem, path.parent.name}]

    assert vague == []


def test_every_public_function_of_ours_says_what_it_gives() -> None:
    silent = [
        function.key
        for function in functions("engine", "ldm", "nodes")
        if function.public and function.outermost and not function.documented
    ]

    assert silent == []


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        relative(path)
        for path in files("engine", "ldm", "nodes")
        if ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None
    ]

    assert silent == []


@pytest.mark.parametrize(
    ("text", "name", "lines", "documented"),
    [
        ("def f():\n    return 1\n", "f", 1, False),
        ("@deco\ndef f():\n    'Gives.'\n", "f", 0, True),
        ("class A:\n    async def get(self):\n        pass\n", "A.get", 1, False),
        ("def outer():\n    def inner():\n        pass\n", "outer.inner", 1, False),
    ],
)
def test_the_measure_sees_every_kind_of_function(text: str, name: str, lines: int, documented: bool) -> None:
    by_name = {function.name: function for function in functions_of("file.py", text)}

    assert (by_name[name].lines, by_name[name].documented) == (lines, documented)
