"""Data sets as nodes: folders below the input folder, looked at anew when their files have changed."""

from pathlib import Path

import pytest

from engine.graph.graph import Graph, Link, Node
from engine.run.events import NodeFailed
from nodes.port_types import DataSet
from tests.ldm.data.pictures import picture
from tests.nodes.running import House, house

DATA = Link("data", "data")
GRAPH = Graph({"data": Node("PictureFolder", {"folder": "mine/flowers", "side": 16})})


@pytest.fixture
def home(tmp_path: Path) -> House:
    picture(tmp_path / "elsewhere" / "a.png")
    found = house(tmp_path)
    picture(tmp_path / "input" / "mine" / "flowers" / "a.png")
    return found


def count(home: House) -> int:
    found = home.run(GRAPH, DATA).values[DATA]
    assert isinstance(found, DataSet)
    return found.scenes.count


def test_a_folder_is_looked_at_anew_when_its_files_have_changed(home: House) -> None:
    assert count(home) == 1
    picture(home.folder / "input" / "mine" / "flowers" / "deep" / "b.png")
    assert count(home) == 2


@pytest.mark.parametrize("folder", ["mine/flower", "../elsewhere", "/etc"])
def test_a_folder_that_is_not_there_or_outside_is_told(home: House, folder: str) -> None:
    graph = Graph({"data": Node("PictureFolder", {"folder": folder})})
    failed = [event for event in home.run(graph, DATA).events if isinstance(event, NodeFailed)]
    assert len(failed) == 1
    assert folder in failed[0].message
    assert ("Did you mean mine/flowers?" in (failed[0].hint or "")) == (folder == "mine/flower")
