"""The small parts of carrying runs: the journal, the prompt's shape, disk space, what a history entry is made of."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.server.dispatch.account import Line
from engine.server.dispatch.disk_space import DiskSpace, ran_out_of_room
from engine.server.dispatch.journal import Journal, PlaceError, messages_of, position_of
from engine.server.runs.history_json import entry, history, item
from engine.store.records import EventPage, Finished, Run

RUN = Run(
    "r", 3.0, 0, "poisoned", 2, "", "", ("1",), 5.0, ended=6.5, reason="It died.", node="1", exit_code=9
)


def line(number: int, about: str | None = None) -> Line:
    payload = json.dumps({"type": "t", "data": {"at": f"1.{number}", "n": number}}).encode()
    return Line(number, "t", payload, about)


def numbers(page: EventPage | None) -> list[int]:
    assert page is not None
    return [message["data"]["n"] for message in json.loads(page.events)]


def test_a_page_has_what_the_store_does_not_have_yet() -> None:
    journal = Journal(1)
    journal.say([line(0), line(1), line(2)])
    first = journal.page(2)
    journal.stored = 2
    nothing = journal.page(2)
    journal.say([line(3)])
    second = journal.page(5)

    assert (numbers(first), first and (first.first, first.last)) == ([0, 1, 2], (0, 2))
    assert nothing is None
    assert (numbers(second), second and (second.first, second.last)) == ([3], (3, 5))


def test_of_a_nodes_progress_only_the_newest_is_kept() -> None:
    journal = Journal(1)
    journal.say([line(1), line(2, "a"), line(3, "b"), line(4, "a")])
    journal.say([line(5, "a")])

    assert numbers(journal.page(5)) == [1, 3, 5]
    assert [kept.number for kept in journal.after(0)] == [1, 3, 5]


def test_what_is_not_said_yet_is_written_and_not_repeated_to_anybody() -> None:
    journal = Journal(1)
    journal.say([line(1)])
    journal.note([line(2)])
    before = [kept.number for kept in journal.after(0)]
    page = journal.page(2)
    journal.say_noted()

    assert before == [1]
    assert numbers(page) == [1, 2]
    assert [kept.number for kept in journal.after(0)] == [1, 2]


def test_messages_are_read_back_from_behind_a_place_on() -> None:
    journal = Journal(1)
    journal.say([line(number) for number in range(6)])
    page = journal.page(5)
    assert page is not None

    assert [said.position for said in messages_of([page], (1, 3))] == [(1, 4), (1, 5)]
    assert list(messages_of([page], (2, 0))) == []
    assert len(list(messages_of([page]))) == 6


@pytest.mark.parametrize(("text", "position"), [("1.17", (1, 17)), ("2.0", (2, 0)), ("17", (1, 17))])
def test_a_place_is_an_attempt_and_a_number(text: str, position: tuple[int, int]) -> None:
    assert position_of(text) == position


@pytest.mark.parametrize("text", ["", ".", "a", "1.", ".1", "1.b", "1.2.3"])
def test_anything_else_is_no_place(text: str) -> None:
    with pytest.raises(PlaceError, match=r"attempt\.number"):
        position_of(text)


def test_a_full_disk_is_told_by_its_folder_and_numbers(tmp_path: Path) -> None:
    def space(free: int) -> DiskSpace:
        return DiskSpace((tmp_path,), 2**20, lambda folder: free)

    assert space(2**20).lack() is None
    assert space(2**20).lack(times=2) is not None
    assert (
        space(2**19).lack()
        == f"The disk with {tmp_path} has only 0 MiB left; runs are started from 1 MiB on."
    )


def test_a_folder_that_is_not_there_yet_lacks_nothing(tmp_path: Path) -> None:
    assert DiskSpace((tmp_path / "none",), 2**60).lack() is None
    assert DiskSpace((tmp_path,), 2**60).lack() is not None


@pytest.mark.parametrize(
    ("error", "message", "full"),
    [
        ("OSError", "[Errno 28] No space left on device", True),
        ("OSError", "[Errno 122] Disk quota exceeded: 'x'", True),
        ("OSError", "[Errno 2] No such file", False),
        ("ValueError", "[Errno 28]", False),
    ],
)
def test_a_node_that_found_no_room_is_told_from_others(error: str, message: str, full: bool) -> None:
    assert ran_out_of_room(error, message) is full


def test_an_entry_is_what_was_kept_with_the_prompt_before_it() -> None:
    kept = b'{"outputs":{},"status":{"completed":true},"meta":{}}'
    found: dict[str, Any] = json.loads(history([Finished(RUN, b'{"1": {}}', b'{"x": 1}', kept)]))

    assert list(found["r"]) == ["prompt", "outputs", "status", "meta"]
    assert found["r"]["prompt"] == [3, "r", {"1": {}}, {"x": 1}, ["1"]]


def test_a_run_that_left_nothing_behind_still_has_an_entry_that_clients_can_read() -> None:
    found: dict[str, Any] = json.loads(entry(Finished(RUN, b"{}", b"{}", b"{}")))

    assert found["outputs"] == {}
    assert (found["status"]["status_str"], found["status"]["completed"]) == ("error", False)
    ((kind, error),) = found["status"]["messages"]
    assert (kind, error["node_id"], error["exception_message"]) == ("execution_error", "1", "It died.\n")


def test_a_number_is_whole_where_it_can_be() -> None:
    assert repr(item(RUN, b"{}", b"{}")[0]) == "3"
    assert item(Run("r", -0.5, 0, "done", 1, "", "", (), 0.0), b"{}", b"{}")[0] == -0.5
