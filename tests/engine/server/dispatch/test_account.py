"""From events to ComfyUI's messages, and to what the history keeps, without a server."""

import json
from typing import Any

from engine.backends.backend import Told
from engine.graph.problems import UnknownNode
from engine.graph.spec import Literal_
from engine.graph.values import Published, PublishedFile
from engine.run.events import (
    Event,
    NodeBlocked,
    NodeExpanded,
    NodeFailed,
    NodeFinished,
    NodeProgressed,
    NodesExplained,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from engine.server.dispatch.account import Account
from engine.store.records import Claimed, Run
from tests.engine.server.runs_lab import chain, kinds

RUN = Run("r", 0, 0, "running", 1, "me", "", ("3",), 0.0)
DONE = RunFinished("done", 1.5, 3, 0)
SHOWN = Published(shown={"text": ("7",)})


def account(prompt: object = None, run: Run = RUN) -> Account:
    return Account(Claimed(run, json.dumps(prompt or chain(3)).encode(), b"{}"))


def told(account: Account, *events: Event) -> list[dict[str, Any]]:
    """The messages of these events, as they go out."""
    first = account.number + 1
    lines = [
        line
        for number, event in enumerate(events, first)
        for line in account.hear(Told("r", 1, number, event))
    ]
    return [json.loads(line.payload) for line in lines]


def closed(account: Account) -> list[dict[str, Any]]:
    return [json.loads(line.payload) for line in account.close()]


def document(account: Account) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(account.document())
    return found


def test_a_run_that_is_done_ends_with_success_and_with_nothing_executing() -> None:
    one = account()
    told(one, RunStarted(("1",), ()), NodeStarted("1", "PValue"), NodeFinished("1", 0.5), DONE)
    success, nothing = closed(one)

    assert success["type"] == "execution_success"
    assert nothing == {"type": "executing", "data": {"node": None, "prompt_id": "r", "at": "1.5"}}
    assert document(one)["status"]["status_str"] == "success"


def test_every_message_has_its_place_and_none_is_used_twice() -> None:
    one = account()
    messages = told(
        one, RunStarted(("1",), ()), NodeStarted("3", "PShow"), NodeFinished("3", 0.1, SHOWN), DONE
    )
    places = [message["data"]["at"] for message in (*messages, *closed(one))]

    assert places == ["1.1", "1.2", "1.3", "1.4", "1.5"]


def test_what_a_node_shows_is_said_and_kept() -> None:
    one = account()
    (executed,) = told(one, NodeFinished("3", 0.1, SHOWN))
    kept = document(one)

    assert executed["data"] == {
        "node": "3",
        "display_node": "3",
        "output": {"text": ["7"]},
        "prompt_id": "r",
        "at": "1.1",
    }
    assert kept["outputs"] == {"3": {"text": ["7"]}}
    assert kept["meta"] == {
        "3": {"node_id": "3", "display_node": "3", "parent_node": None, "real_node_id": "3"}
    }


def test_a_file_is_shown_by_its_folder_and_kept_as_an_artifact() -> None:
    one = account()
    file = PublishedFile("cats/a_1.png", "output", "/somewhere/cats/a_1.png", "image/png")
    (executed,) = told(one, NodeFinished("3", 0.1, Published((file,))))

    assert executed["data"]["output"] == {
        "images": [{"filename": "a_1.png", "subfolder": "cats", "type": "output"}]
    }
    assert one.files == [("3", file)]


def test_files_of_other_kinds_have_names_of_their_own() -> None:
    files = tuple(
        PublishedFile(f"f.{name}", "temp", "", media)
        for name, media in [
            ("mp4", "video/mp4"),
            ("ogg", "audio/ogg"),
            ("glb", "model/gltf"),
            ("txt", "text/plain"),
        ]
    )
    (executed,) = told(account(), NodeFinished("3", 0.1, Published(files)))

    assert {
        key: [file["filename"] for file in files] for key, files in executed["data"]["output"].items()
    } == {
        "images": ["f.mp4"],
        "audio": ["f.ogg"],
        "3d": ["f.glb"],
        "files": ["f.txt"],
    }


def test_what_a_node_says_of_its_files_itself_stands_instead_of_them() -> None:
    file = PublishedFile("a.png", "temp", "", "image/png")
    shown: dict[str, tuple[Literal_, ...]] = {"images": ({"filename": "mine.png"},), "animated": (True,)}
    (executed,) = told(account(), NodeFinished("3", 0.1, Published((file,), shown)))

    assert executed["data"]["output"] == {"images": [{"filename": "mine.png"}], "animated": [True]}


def test_a_cached_output_that_shows_nothing_is_said_as_null() -> None:
    (executed,) = told(account(), NodeFinished("3", 0.0, None, from_cache=True))

    assert executed["data"]["output"] is None


def test_a_cached_value_is_nobodys_news() -> None:
    one = account()

    assert told(one, NodeFinished("2", 0.0, None, from_cache=True)) == []
    assert not one.board.changed


def test_a_fresh_output_that_shows_nothing_is_not_said() -> None:
    assert told(account(), NodeStarted("3", "PQuiet"), NodeFinished("3", 0.1, Published()))[1:] == []


def test_what_need_not_run_is_said_and_kept() -> None:
    one = account()
    (cached,) = told(one, RunStarted((), ("1", "2", "3")))

    assert cached["data"]["nodes"] == ["1", "2", "3"]
    assert all(node["cached"] for node in json.loads(one.document())["weft"]["nodes"].values())


def test_progress_is_not_said_before_the_first_step() -> None:
    messages = told(account(), NodeProgressed("1", 0, 4), NodeProgressed("1", 1, 4))

    assert [(message["data"]["value"], message["data"]["max"]) for message in messages] == [(1, 4)]


def test_a_failure_is_said_once_and_last_with_what_it_was_given() -> None:
    one = account()
    failure = NodeFailed(
        *("2", "PAdd", "IndexError", "out of range", (("a", "5"),), ("/packs/a.py:3 add",), "Give more."),
        'Traceback (most recent call last):\n  File "/weft/engine/run/call.py", line 9, in call\n    return f()\n'
        '  File "/packs/a.py", line 3, in add\n    return [][a]\n           ~~^^^\nIndexError: out of range\n',
    )
    other = NodeFailed("1", "PValue", "ValueError", "also")
    said = told(one, NodeStarted("2", "PAdd"), failure, other, RunFinished("failed", 0.1, 0, 0))
    error, nothing = closed(one)

    assert kinds(said) == ["executing"]
    data = error["data"]
    assert (error["type"], data["node_id"], data["node_type"]) == ("execution_error", "2", "PAdd")
    assert (data["exception_type"], data["exception_message"]) == ("IndexError", "out of range\nGive more.\n")
    assert data["current_inputs"] == {"a": ["5"]}
    assert data["traceback"] == ['  File "/packs/a.py", line 3, in add\n    return [][a]\n           ~~^^^\n']
    assert data["error_id"]
    assert nothing["data"]["node"] is None
    kept = document(one)
    assert (kept["status"]["status_str"], kept["status"]["completed"]) == ("error", False)
    assert kept["weft"]["nodes"]["1"]["error"] == "ValueError: also"
    assert one.reason == "IndexError: out of range"


def test_an_error_within_an_expansion_is_blamed_on_the_node_that_people_see() -> None:
    one = account()
    told(
        one,
        NodeExpanded("1", ("1/a", "1/b")),
        NodeExpanded("1/a", ("1/a/0/x",)),
        NodeStarted("1/a/0/x", "PAdd"),
    )
    told(one, NodeFailed("1/a/0/x", "PAdd", "ValueError", "no"), RunFinished("failed", 0.1, 0, 0))
    error, _ = closed(one)

    assert (error["data"]["node_id"], error["data"]["node_path"]) == ("1", "1/a/0/x")


def test_an_inner_node_is_shown_at_the_outermost_and_knows_its_parent() -> None:
    one = account()
    _, executing, executed = told(
        one,
        RunStarted(("1",), ()),
        NodeExpanded("1", ("1/0/a",)),
        NodeStarted("1/0/a", "PShow"),
        NodeFinished("1/0/a", 0.1, SHOWN),
    )

    assert (executing["data"]["node"], executing["data"]["display_node"]) == ("1/0/a", "1")
    assert (executed["data"]["node"], executed["data"]["display_node"]) == ("1/0/a", "1")
    assert document(one)["meta"]["1/0/a"] == {
        "node_id": "1/0/a",
        "display_node": "1",
        "parent_node": "1",
        "real_node_id": "1",
    }


def test_a_node_whose_id_has_a_slash_is_no_inner_node() -> None:
    (executing,) = told(account(), NodeStarted("a/b", "PValue"))

    assert executing["data"]["display_node"] == "a/b"


def test_whoever_blocks_is_named_once_and_the_history_keeps_it() -> None:
    one = account()
    first, *more = told(
        one,
        NodeBlocked("2", "not today", kind="PAdd"),
        NodeBlocked("3", "not today", first=False),
        NodeBlocked("4", ""),
    )
    told(one, DONE)
    closed(one)

    assert (first["type"], first["data"]["exception_type"]) == ("execution_error", "ExecutionBlocked")
    assert (first["data"]["exception_message"], first["data"]["node_type"]) == (
        "Execution Blocked: not today\n",
        "PAdd",
    )
    assert first["data"]["timestamp"] > 0
    assert more == []
    status = document(one)["status"]
    assert status["status_str"] == "success"
    assert [kind for kind, _ in status["messages"]] == ["execution_error", "execution_success"]


def test_an_interrupted_run_names_the_node_that_was_at_work() -> None:
    one = account()
    told(one, NodeStarted("1", "PValue"), NodeFinished("1", 0.1), NodeStarted("2", "PProgress"))
    told(one, RunFinished("cancelled", 0.1, 1, 0))
    interrupted, _ = closed(one)

    data = interrupted["data"]
    assert (interrupted["type"], data["node_id"], data["node_type"]) == (
        "execution_interrupted",
        "2",
        "PProgress",
    )
    assert data["executed"] == ["1"]
    assert document(one)["status"]["completed"] is False


def test_a_run_whose_nodes_are_gone_says_what_is_wrong_with_it() -> None:
    one = account()
    one.refuse([UnknownNode("2", "PAdd")])
    error, _ = closed(one)

    assert error["data"]["exception_type"] == "GraphInvalid"
    assert "not installed" in error["data"]["exception_message"]
    assert (error["data"]["node_id"], error["data"]["node_type"]) == ("2", "PAdd")


def test_the_history_keeps_what_each_node_took_and_why_it_ran() -> None:
    one = account()
    told(
        one,
        RunStarted(("1", "3"), ("2",)),
        NodesExplained((("1", "It is new."),)),
        NodeStarted("1", "PValue"),
        NodeFinished("1", 0.25, size=32),
        DONE,
    )
    weft = document(one)["weft"]

    assert weft["nodes"]["1"] == {"seconds": 0.25, "size": 32, "why": "It is new."}
    assert weft["nodes"]["2"] == {"cached": True}
    assert (weft["attempt"], weft["seconds"]) == (1, 1.5)


def test_a_lost_worker_is_said_behind_all_that_came_before_it() -> None:
    one = account()
    told(one, NodeStarted("1", "PValue"))
    line = one.lost("1", 7, "The worker ended.", again=True)

    assert (line.number, line.kind) == (2, "worker_lost")
    assert json.loads(line.payload)["data"]["again"] is True
