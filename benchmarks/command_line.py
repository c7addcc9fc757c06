"""Whole commands, as a person waits for them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import Row
from benchmarks.timing import side_by_side

TITLE = "Commands"
ROOT = Path(__file__).parents[1]
GRAPH = "workflows/text_to_image.json"
MOST_LIGHT, MOST_DEMO = 0.5, 20  # seconds


def measure() -> list[Row]:
    """The light commands beside a bare Python; then what `make demo` runs."""
    return [*_light(("nodes",), ("validate", GRAPH)), _demo()]


def _light(*commands: tuple[str, ...]) -> list[Row]:
    for command in commands:
        _python("main.py", *command)  # the first call after a change reads the nodes anew
    bare, *times = side_by_side(
        lambda: _python("-c", ""),
        *(lambda command=command: _python("main.py", *command) for command in commands),
    )
    return [
        _light_row(" ".join(command), seconds, bare, with_torch=_imports_torch(command))
        for command, seconds in zip(commands, times, strict=True)
    ]


def _light_row(command: str, seconds: float, bare: float, *, with_torch: bool) -> Row:
    return Row(
        work=f"python main.py {command}",
        measured=f"{seconds:.2f} s (bare Python {bare:.2f} s), {'WITH' if with_torch else 'without'} torch",
        reach=f"under {MOST_LIGHT} s, without torch",
        reached=seconds < MOST_LIGHT and not with_torch,
    )


def _imports_torch(command: tuple[str, ...]) -> bool:
    imports = _python("-X", "importtime", "main.py", *command).stderr
    return any(line.rpartition("|")[2].strip() == "torch" for line in imports.splitlines())


def _demo() -> Row:
    """With no result of an earlier run. The list of nodes is there, as it is after the checks of an installation."""
    with tempfile.TemporaryDirectory() as output:
        (seconds,) = side_by_side(
            lambda: _python("main.py", "run", GRAPH, "--no-cache", "--output", output), rounds=3
        )
        pictures = len(list(Path(output).glob("*.png")))
    return Row(
        work="the command of make demo, without cache",
        measured=f"{seconds:.1f} s",
        reach=f"under {MOST_DEMO} s",
        reached=seconds < MOST_DEMO and pictures == 3,
    )


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
