from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.backends.settings import settings_at
from engine.flow import Flow, RunFailed
from engine.graph.problems import GraphInvalid
from engine.packs.source import PackSource, builtin
from tests.engine.installation import Installation, installed


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose nodes are imported into this process."""
    yield installed(tmp_path_factory.mktemp("flow"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "toy_nodes"]:
        del sys.modules[name]


@pytest.fixture
def flow(here: Installation, tmp_path: Path) -> Flow:
    settings = settings_at(here.folder, tmp_path / "output")
    return Flow(replace(settings, packs=(builtin(here.folder / "toy_nodes"),)), device="cpu")


def test_calling_nodes_builds_a_graph_and_running_gives_values(flow: Flow) -> None:
    hello = flow.Word(text="hello", times=2)
    both = flow.Join(a=hello, b="world")

    assert flow.run(both) == "hello hello world"
    assert flow.run(hello, both) == ("hello hello", "hello hello world")


def test_what_has_not_changed_is_not_computed_again(flow: Flow) -> None:
    hello = flow.Word(text="hello")
    flow.run(hello)
    events = [type(event).__name__ for event in flow.events(flow.Join(a=hello, b="you"))]

    assert events.count("NodeStarted") == 1


def test_without_targets_the_nodes_that_save_are_run(flow: Flow, tmp_path: Path) -> None:
    flow.SaveText(text=flow.Word(text="saved"))

    assert flow.run() is None
    assert [path.read_text() for path in (tmp_path / "output").iterdir()] == ["saved"]


def test_a_graph_is_saved_and_loaded(flow: Flow, here: Installation, tmp_path: Path) -> None:
    flow.SaveText(text=flow.Word(text="kept"), filename_prefix="kept")
    flow.save(tmp_path / "graph.json")

    assert Flow.load(tmp_path / "graph.json").graph == flow.graph
    done = here("run", str(tmp_path / "graph.json"), "--output", str(tmp_path / "elsewhere"))
    assert (done.code, (tmp_path / "elsewhere" / "kept_00001_.txt").read_text()) == (0, "kept")


def test_a_graph_is_saved_as_it_was_drawn(here: Installation, tmp_path: Path) -> None:
    keep = {"title": "k", "inputs": [], "outputs": [], "nodes": {"s": {"class_type": "Word", "inputs": {}}}}
    drawn = {"weft": 2, "nodes": {"1": {"class_type": "@keep", "inputs": {}}}, "subgraphs": {"keep": keep}}
    file = tmp_path / "drawn.json"
    file.write_text(json.dumps(drawn))
    settings = replace(settings_at(here.folder), packs=(builtin(here.folder / "toy_nodes"),))
    loaded = Flow.load(file, settings, "cpu")
    loaded.save(file)

    assert json.loads(file.read_text()) == drawn
    assert list(loaded.graph.nodes) == ["1:s"]


def test_an_unknown_node_is_an_error_at_once(flow: Flow) -> None:
    with pytest.raises(AttributeError, match=r"There is no node Wrod\. Did you mean Word"):
        flow.Wrod()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"txt": "a"}, "Did you mean text?"),
        ({"times": 100}, "must lie between 1 and 9"),
        ({"times": "many"}, "must be a whole number"),
    ],
)
def test_a_wrong_input_is_an_error_at_once(flow: Flow, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(GraphInvalid) as caught:
        flow.Word(**inputs)
    assert message in str(caught.value)
    assert flow.graph.nodes == {}


def test_a_failing_node_raises_with_its_event(flow: Flow) -> None:
    with pytest.raises(RunFailed, match="word is no good") as caught:
        flow.run(flow.Fail(text="word"))
    assert caught.value.event.kind == "Fail"


def test_a_file_that_is_no_graph_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text("{")
    with pytest.raises(GraphInvalid):
        Flow.load(tmp_path / "graph.json")


def test_nodes_are_offered_for_completion(flow: Flow) -> None:
    assert {"Word", "Join", "run"} <= set(dir(flow))


def test_packs_that_cannot_be_imported_are_named(here: Installation, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import not_there_at_all")
    packs = (builtin(here.folder / "toy_nodes"), PackSource("broken", broken, "custom_nodes.broken"))
    flow = Flow(replace(settings_at(here.folder, tmp_path / "output"), packs=packs), device="cpu")

    with pytest.warns(UserWarning, match="pack broken.*not_there_at_all"):
        assert flow.run(flow.Word(text="hello")) == "hello"
    assert [failure.pack for failure in flow.failures] == ["broken"]


def test_a_flow_needs_nothing_but_a_checkout(here: Installation) -> None:
    code = "from engine.flow import Flow; print(type(Flow()).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "Flow", done.stderr
