"""The Python in our documents is run, block after block, so that it cannot go stale."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from engine.api import Graph, Link, Node
from engine.backends.inline import Inline
from engine.graph.declared import spec_of
from engine.graph.registry import collect, registry_of
from engine.packs.discover import discover
from engine.packs.load import load_packs
from engine.run.cache import MemoryCache
from engine.run.events import Event, NodeBlocked, NodeFinished
from engine.run.files import Files
from engine.run.workers import Workers
from nodes.port_types import Image
from tests.architecture.sources import ROOT

NAMED_FILE = re.compile(r"(?<![\w./])(?:\w+/)+\w+\.(?:py|json)\b")
NOT_WRITTEN_YET: set[str] = set()
OF_AN_AUTHOR = {"custom_nodes/negatives.py"}
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


@dataclass(frozen=True)
class Ran:
    """What came of a graph of the page's nodes."""

    value: object
    events: list[Event]

    @property
    def finished(self) -> set[str]:
        return {event.path for event in self.events if isinstance(event, NodeFinished)}


def ran(
    page: ModuleType, nodes: dict[str, Node], wanted: Link | None = None, home: Path | None = None
) -> Ran:
    functions = {spec_of(function).id: function for function in collect(page)}
    registry = registry_of(spec_of(function) for function in functions.values())
    files = Files(home, home, home) if home else None
    running = Inline(Workers(registry, functions, files=files), MemoryCache()).run(
        Graph(nodes), [wanted] if wanted else []
    )
    events: list[Event] = []
    while True:
        try:
            events.append(next(running))
        except StopIteration as end:
            return Ran(end.value.get(wanted), events)


PICTURE = {"picture": Node("PictureOfTheDay", {"size": 8})}
FROM_PICTURE = Link("picture", "image")


def test_a_lazy_input_of_the_page_that_is_not_asked_for_never_runs(page: ModuleType) -> None:
    choose = Node("Choose", {"condition": True, "yes": FROM_PICTURE, "no": Link("other", "image")})
    nodes = {**PICTURE, "other": Node("Invert", {"image": FROM_PICTURE}), "choose": choose}

    assert ran(page, nodes, Link("choose", "image")).finished == {"picture", "choose"}


def test_a_picture_that_the_page_blocks_is_not_saved(page: ModuleType, tmp_path: Path) -> None:
    nodes = {
        **PICTURE,
        "large": Node("OnlyLarge", {"image": FROM_PICTURE, "width": 9}),
        "save": Node("SaveSize", {"image": Link("large", "image")}),
    }

    blocked = [event for event in ran(page, nodes, home=tmp_path).events if isinstance(event, NodeBlocked)]

    assert [(event.path, event.reason) for event in blocked] == [
        ("save", "The picture is narrower than 9 pixels.")
    ]
    assert not list(tmp_path.iterdir())


def test_the_file_that_the_page_saves_is_there(page: ModuleType, tmp_path: Path) -> None:
    ran(page, {**PICTURE, "save": Node("SaveSize", {"image": FROM_PICTURE})}, home=tmp_path)

    assert (tmp_path / "size_00001_.json").read_text() == '{"width": 8, "height": 8}'


def test_the_graph_that_a_node_of_the_page_becomes_is_run(page: ModuleType) -> None:
    nodes = {**PICTURE, "often": Node("InvertOften", {"image": FROM_PICTURE, "times": 3})}

    often = ran(page, nodes, Link("often", "image"))

    assert {"often/0", "often/1", "often/2", "often"} <= often.finished
    inverted = ran(page, {**PICTURE, "once": Node("Invert", {"image": FROM_PICTURE})}, Link("once", "image"))
    assert torch.allclose(pixels(often.value), pixels(inverted.value))


def test_the_nodes_of_the_page_are_mapped_over_lists(page: ModuleType) -> None:
    nodes = {
        **PICTURE,
        "split": Node("Split", {"image": FROM_PICTURE}),
        "each": Node("EachPicture", {"images": Link("split", "left")}),
        "invert": Node("Invert", {"image": Link("each", "image")}),
        "soft": Node("Soften", {"image": Link("invert", "image"), "times": 1}),
        "brightest": Node("Brightest", {"images": Link("soft", "image")}),
    }

    assert pixels(ran(page, nodes, Link("brightest", "image")).value).shape == (1, 8, 4, 3)


def test_the_python_of_the_readme_paints() -> None:
    (code,) = (code for _, code in blocks(ROOT / "README.md") if "Flow()" in code)
    names: dict[str, Any] = {}

    exec(code, names)

    assert pixels(names["image"]).shape == (1, 64, 64, 3)


def pixels(image: object) -> torch.Tensor:
    assert isinstance(image, Image)
    return image.pixels


def test_a_file_with_the_first_node_of_the_page_is_a_pack(tmp_path: Path) -> None:
    _, code = blocks(ROOT / "docs" / "writing-a-node.md")[0]
    (tmp_path / "negatives.py").write_text(code)

    spec = load_packs(discover(tmp_path)).registry["Invert"]

    assert (spec.title, spec.category, spec.pack) == ("Invert", "image", "negatives")
    assert ([input.name for input in spec.inputs], [output.name for output in spec.outputs]) == (
        ["image"],
        ["image"],
    )


@pytest.mark.parametrize("document", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.stem)
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    named = set(NAMED_FILE.findall(document.read_text("utf-8"))) - NOT_WRITTEN_YET - OF_AN_AUTHOR
    tests = (ROOT / "tests", ROOT / "tests" / "ldm")  # docs/ldm.md names them from there
    homes = (ROOT, ROOT / "engine", ROOT / "ldm" / "diffusion", *tests)

    assert [name for name in sorted(named) if not any((home / name).exists() for home in homes)] == []


def test_what_the_documents_announce_is_not_there_yet() -> None:
    assert [name for name in NOT_WRITTEN_YET if (ROOT / name).exists()] == []
