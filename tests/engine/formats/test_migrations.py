import pytest

from engine.formats.migrations import STEPS, VERSION, Document, migrate
from engine.graph.problems import Unreadable


def rename(document: Document) -> Document:
    return {"weft": 2, "nodes": document["boxes"]}


def add(document: Document) -> Document:
    return {**document, "groups": []}


def test_each_step_brings_a_document_one_version_on() -> None:
    assert migrate({"weft": 1, "boxes": {}}, [rename, add]) == {"weft": 3, "nodes": {}, "groups": []}
    assert migrate({"weft": 2, "nodes": {}}, [rename, add]) == {"weft": 3, "nodes": {}, "groups": []}
    assert migrate({"weft": 3, "nodes": {}}, [rename, add]) == {"weft": 3, "nodes": {}}


def test_version_2_has_bounds_and_the_control_of_seeds() -> None:
    old = {
        "weft": 1,
        "nodes": {
            "1": {"class_type": "N", "inputs": {}, "_meta": {"controls": {"seed": "fixed"}, "title": "t"}},
            "2": {"class_type": "N", "inputs": {}},
        },
        "groups": [{"title": "g", "position": [1, 2], "size": [3, 4]}, {"title": "odd"}, 7],
        "notes": [{"text": "n", "markdown": True, "position": [1, 2], "size": [3, 4]}],
        "exposed": {"kept": 1},
    }

    assert migrate(old) == {
        "weft": 2,
        "nodes": {
            "1": {"class_type": "N", "inputs": {}, "_meta": {"control": {"seed": "fixed"}, "title": "t"}},
            "2": {"class_type": "N", "inputs": {}},
        },
        "groups": [{"id": "1", "title": "g", "bounds": [1, 2, 3, 4]}, {"id": "2", "title": "odd"}, 7],
        "notes": [{"id": "1", "text": "n", "markdown": True, "bounds": [1, 2, 3, 4]}],
        "exposed": {"kept": 1},
    }


def test_the_version_written_is_the_one_that_the_steps_lead_to() -> None:
    assert len(STEPS) + 1 == VERSION


@pytest.mark.parametrize(
    ("version", "found"),
    [
        (4, "version 4; a newer Weft wrote it"),
        (0, "the number 0"),
        ("1", "the text '1'"),
        (True, "true"),
        (None, "null"),
        (1.0, "the number 1.0"),
    ],
)
def test_a_version_that_nobody_knows_is_a_problem(version: object, found: str) -> None:
    problem = migrate({"weft": version}, [rename, add])

    assert isinstance(problem, Unreadable)
    assert (problem.where, problem.found) == ("weft", found)
