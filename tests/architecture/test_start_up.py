"""What the light commands may load: a list of nodes must not wait for torch."""

import re
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

HEAVY = {"torch", "transformers", "numpy", "aiohttp", "ray"}
IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)


def modules_imported_by(*arguments: str) -> set[str]:
    """The top-level packages that a fresh interpreter loads for this command, which must succeed."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode == 0, "\n".join(said)
    return {name.partition(".")[0] for name in IMPORTED.findall(done.stderr)}


@pytest.mark.parametrize(
    "command",
    [("nodes",), ("nodes", "--json"), ("nodes", "KSampler"), ("validate", "workflows/text_to_image.json")],
    ids=" ".join,
)
def test_a_light_command_loads_nothing_heavy(command: tuple[str, ...]) -> None:
    assert modules_imported_by("main.py", *command) & HEAVY == set()


def test_the_measure_sees_a_heavy_import() -> None:
    assert "numpy" in modules_imported_by("-c", "import numpy.linalg")
