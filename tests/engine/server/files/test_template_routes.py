"""`GET /templates`: the graphs in `workflows/`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.formats.json_text import one_line
from tests.engine.formats.comfy_nodes import NODES, workflow
from tests.engine.formats.drawings import document, use
from tests.engine.server.pictures import png
from tests.engine.server.standing import Standing, Still, standing

SAVE = document({"1": use("LoadImage", image="x.png"), "2": use("SaveImage", images=["1", "IMAGE"])})
ROOT = Path(__file__).parents[4]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Standing]:
    """A server with a few templates."""
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "copy.json").write_text(one_line({**SAVE, "title": "Copy", "description": "A picture again."}))
    (folder / "copy.png").write_bytes(png())
    (folder / "comfy-1.json").write_text(one_line(workflow("subgraphs")))
    (folder / "broken.json").write_text("{")
    (folder / "bad name.json").write_text(one_line(SAVE))
    (tmp_path / "secret.json").write_text(one_line(SAVE))
    with standing(tmp_path, backend=Still(NODES)) as server:
        yield server


def test_templates_are_listed_by_their_titles(server: Standing) -> None:
    assert server.ask("GET", "/api/templates").json == [
        {"name": "comfy-1", "title": "comfy-1", "description": "", "nodes": 7, "picture": None},
        {
            "name": "copy",
            "title": "Copy",
            "description": "A picture again.",
            "nodes": 2,
            "picture": "/templates/copy.png",
        },
    ]


def test_a_template_is_a_document_with_a_place_for_every_node(server: Standing) -> None:
    answer = server.ask("GET", "/templates/copy")
    found = answer.json
    assert isinstance(found, dict)

    assert (found["weft"], found["title"]) == (2, "Copy")
    assert all("position" in node["_meta"] for node in found["nodes"].values())


def test_the_picture_of_a_template_is_served(server: Standing) -> None:
    answer = server.ask("GET", "/templates/copy.png")

    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "image/png", png())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/templates/gone", 404),
        ("/templates/comfy-1.png", 404),
        ("/templates/broken", 500),
        ("/templates/..%2fsecret", 404),
        ("/templates/../secret", 404),
        ("/templates/bad%20name", 404),
    ],
)
def test_nothing_else_is_a_template(server: Standing, path: str, status: int) -> None:
    assert server.ask("GET", path).status == status


def test_the_stock_front_end_s_list_of_templates_is_still_there(server: Standing) -> None:
    assert server.ask("GET", "/templates/index.json").json == []


@pytest.mark.parametrize("file", sorted((ROOT / "workflows").glob("*.json")), ids=lambda file: file.stem)
def test_every_template_of_ours_says_what_it_is_for(file: Path) -> None:
    text = file.read_text("utf-8")

    assert '"title": "' in text
    assert '"description": "' in text
