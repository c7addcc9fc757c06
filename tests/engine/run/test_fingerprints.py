from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated, Any

import pytest

from engine.api import Context, ModelFile, Output, node
from engine.graph.problems import GraphInvalid
from engine.graph.spec import TextWidget
from engine.run.cache import MemoryCache
from engine.run.folders import Folders
from tests.engine.run.lab import Lab, graph, use, workers

Text = Annotated[str, Output("text")]


@node("Read")
def read(name: Annotated[str, ModelFile("texts")]) -> Text:
    """A text from a file."""
    return name


@node("Name")
def name(value: str) -> Text:
    """A file's name."""
    return value


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    for each in ("a", "b"):
        (tmp_path / "texts" / each).write_text(each)
    return tmp_path / "texts"


def lab(texts: Path, *functions: Any) -> Lab:
    return Lab([read, name, *functions], workers=workers(folders=Folders(texts.parent, texts.parent)))


def change(path: Path) -> None:
    path.write_text("something longer")


READ = graph(r=use("Read", name="a"))


def names_of(folder: str, ctx: Context) -> list[str]:
    return sorted(path.name for path in ctx.input_folder(folder).iterdir())


@node("List", fingerprint=names_of)
def names(folder: str, *, ctx: Context) -> Text:
    """The names of a folder's files."""
    return " ".join(names_of(folder, ctx))


def test_a_fingerprint_that_names_the_context_may_look_at_files(texts: Path) -> None:
    here, listing = lab(texts, names), graph(l=use("List", folder="texts"))
    first = here.run(listing, "l.text").started
    again = here.run(listing, "l.text").started
    (texts / "c").write_text("c")

    assert (first, again, here.run(listing, "l.text").started) == (["l"], [], ["l"])


def test_a_file_that_changes_runs_its_reader_again(texts: Path) -> None:
    here = lab(texts)
    first = here.run(READ, "r.text").started
    again = here.run(READ, "r.text").started
    change(texts / "a")

    assert (first, again, here.run(READ, "r.text").started) == (["r"], [], ["r"])


def test_another_file_that_changes_does_not(texts: Path) -> None:
    here = lab(texts)
    here.run(READ, "r.text")
    change(texts / "b")

    assert here.run(READ, "r.text").started == []


def test_a_file_of_the_same_size_counts_by_its_date(texts: Path) -> None:
    here = lab(texts)
    here.run(READ, "r.text")
    (texts / "a").write_text("b")
    os.utime(texts / "a", ns=(1, 1))

    assert here.run(READ, "r.text").started == ["r"]


def test_where_the_name_comes_through_a_link_every_file_counts(texts: Path) -> None:
    here = lab(texts)
    linked = graph(n=use("Name", value="a"), r=use("Read", name="@n.text"))
    here.run(linked, "r.text")
    unchanged = here.run(linked, "r.text").started
    change(texts / "b")

    assert (unchanged, here.run(linked, "r.text").started) == ([], ["r"])


def asking(answers: list[Any], texts: Path) -> Lab:
    def ask(place: str) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @node("Weather", fingerprint=ask)
    def weather(place: str, unit: str = "C") -> Text:
        """The weather."""
        return f"fine in {place}"

    return lab(texts, weather)


WEATHER = graph(w=use("Weather", place="Rome"))


@pytest.mark.parametrize(
    ("answers", "runs"),
    [
        (["sunny", "sunny", "rain"], [True, False, True]),
        ([1, 1, 1.0], [True, False, True]),
        ([["a", 1], ["a", 1], ["a", 2]], [True, False, True]),
        ([math.nan, math.nan, math.nan], [True, True, True]),
    ],
)
def test_a_node_runs_again_when_its_fingerprint_says_so(
    texts: Path, answers: list[Any], runs: list[bool]
) -> None:
    here = asking(answers, texts)

    assert [here.run(WEATHER, "w.text").started == ["w"] for _ in range(3)] == runs


def test_a_fingerprint_that_would_need_a_linked_input_runs_every_time(texts: Path) -> None:
    here = asking([], texts)
    linked = graph(n=use("Name", value="Rome"), w=use("Weather", place="@n.text"))
    here.run(linked, "w.text")

    assert here.run(linked, "w.text").started == ["w"]


def test_a_fingerprint_that_fails_fails_the_run_and_names_the_node(texts: Path) -> None:
    outcome = asking([OSError("no network")], texts).run(WEATHER, "w.text")

    assert (outcome.status, outcome.failure.path, outcome.failure.error) == ("failed", "w", "OSError")


def test_the_fingerprint_of_a_node_that_is_not_needed_is_not_asked_for(texts: Path) -> None:
    here = asking([OSError("no network")], texts)

    assert here.run(graph(n=use("Name", value="a"), **WEATHER.nodes), "n.text").status == "done"


def test_a_missing_file_is_a_problem_before_anything_runs(texts: Path) -> None:
    with pytest.raises(GraphInvalid, match="Did you mean"):
        Lab([read], MemoryCache(), workers(folders=Folders(texts.parent, texts))).run(
            graph(r=use("Read", name="A")), "r.text"
        )


def test_files_that_a_text_names_behind_a_mark_count_and_others_do_not(texts: Path) -> None:
    @node("Say")
    def say(value: Annotated[str, TextWidget(mark="file:", folder="texts")]) -> Text:
        """A text that may name files."""
        return value

    here = lab(texts, say)
    plain, names = graph(s=use("Say", value="no a")), graph(s=use("Say", value="so (file:a:1.2), file:a.txt"))
    linked = graph(n=use("Name", value="file:a"), s=use("Say", value="@n.text"))

    def started() -> list[list[str]]:
        return [here.run(one, "s.text").started for one in (plain, names, linked)]

    first, again = started(), started()
    change(texts / "b")
    other = started()
    (texts / "a.txt").write_text("new")

    assert first == [["s"], ["s"], ["n", "s"]]
    assert again == [[], [], []]
    assert other == [[], [], ["s"]]
    assert started() == [[], ["s"], ["s"]]
