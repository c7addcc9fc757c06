from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.installation import Installation, use

HELLO = {
    "1": use("Word", "Greeting", text="hello", times=2),
    "2": use("Join", a=["1", "text"], b="world"),
    "3": use("SaveText", text=["2", "text"]),
}


def texts(output: Path) -> list[str]:
    return [path.read_text() for path in sorted(output.glob("**/*.txt"))]


def test_a_graph_is_run_and_its_files_are_named(main: Installation, output: Path) -> None:
    done = main("run", main.graph(HELLO), "--output", str(output))

    assert (done.code, done.err) == (0, "")
    assert texts(output) == ["hello hello world"]
    assert f"saved {output}/text_00001_.txt" in done.out
    assert done.out.splitlines()[-1].startswith("done in ")


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("1.text=bye", "bye bye world"),
        ("Greeting.times=1", "hello world"),
        ("2.b=a = b.c", "hello hello a = b.c"),
        ("2.b=5", "hello hello 5"),
        ("3.filename_prefix=deep/down", "hello hello world"),
    ],
)
def test_set_changes_an_input_by_id_or_title(
    main: Installation, output: Path, setting: str, text: str
) -> None:
    done = main("run", main.graph(HELLO), "--set", setting, "--output", str(output))

    assert (done.code, texts(output)) == (0, [text])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("nonsense", "not of the form NODE.INPUT=VALUE"),
        ("Greetings.text=a", "Did you mean Greeting?"),
    ],
)
def test_a_bad_setting_is_bad_usage(main: Installation, setting: str, message: str) -> None:
    done = main("run", main.graph(HELLO), "--set", setting)

    assert (done.code, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("1.times=lots", "WrongType: input 'times' of node 1 is 'lots', but must be a whole number."),
        ("1.times=90", "OutOfRange: input 'times' of node 1 is 90, but must lie between 1 and 9."),
        ("1.size=3", "UnknownInput: node 1 has the input 'size'"),
    ],
)
def test_a_setting_that_the_node_does_not_take_is_a_problem(
    main: Installation, setting: str, message: str
) -> None:
    done = main("run", main.graph(HELLO), "--set", setting)

    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_json_prints_an_event_per_line(main: Installation, output: Path) -> None:
    done = main("run", main.graph(HELLO), "--json", "--no-cache", "--output", str(output))
    names = [event["event"] for event in done.events]

    assert done.code == 0
    assert names == ["RunStarted", *["NodeStarted", "NodeFinished"] * 3, "RunFinished"]
    assert done.events[-1]["status"] == "done"
    saved: Any = done.events[-2]
    assert saved["published"]["files"][0]["name"] == "text_00001_.txt"


def test_explain_says_why_each_node_runs(main: Installation, output: Path) -> None:
    slow = {
        "a": use("Slow", "Slowly", text="x", steps=2, seconds=0.01),
        "b": use("Slow", text=["a", "text"], seconds=0.01),
        "c": use("SaveText", text=["b", "text"]),
    }
    file = main.graph(slow, "explained.json")

    def lines(*arguments: str) -> list[str]:
        done = main("run", file, "--explain", "--output", str(output), *arguments)
        assert done.code == 0, done.err
        return [line for line in done.out.splitlines() if line[0] in "SabJ" and ": " in line and "(" in line][
            :3
        ]

    assert lines() == [
        "Slowly (a): runs for the first time",
        "Slow (b): runs for the first time",
        "SaveText (c): runs for the first time",
    ]
    assert lines()[:2] == ["Slow (b): comes from the cache", "SaveText (c): runs every time"]
    assert lines("--set", "a.text=y") == [
        """Slowly (a): its input 'text' was "x" and is "y\"""",
        "Slow (b): node a above it has changed",
        "SaveText (c): node a above it has changed (by way of b)",
    ]
    (first, *_) = main(
        "run", file, "--explain", "--json", "--set", "a.text=z", "--output", str(output)
    ).events
    assert (first["event"], first["path"], first["reason"]) == ("NodeExplained", "a", "InputChanged")


def test_what_is_on_disk_is_not_made_again(main: Installation, output: Path) -> None:
    kept = {"a": use("Slow", text="kept", seconds=0.01), "b": use("SaveText", text=["a", "text"])}
    file = main.graph(kept)
    main("run", file, "--output", str(output))
    again = main("run", file, "--json", "--output", str(output))
    afresh = main("run", file, "--json", "--no-cache", "--output", str(output))

    assert (again.events[0]["will_run"], again.events[0]["cached"]) == (["b"], ["a"])
    assert afresh.events[0]["will_run"] == ["a", "b"]
    assert texts(output) == ["kept"] * 3


@pytest.mark.parametrize(
    ("how", "error", "hint"),
    [
        ("raise", "ValueError: word is no good", "text = 'word'"),
        ("exit", "SystemExit: It called sys.exit(3).", "A node must not end the program"),
        ("wrong", "WrongResult: It returned 5 (int), but declares str.", "correct the hint"),
        ("none", "WrongResult: It returned None, but declares str.", "A `return` may be missing"),
    ],
)
def test_a_failing_node_is_told_in_plain_words(
    main: Installation, output: Path, how: str, error: str, hint: str
) -> None:
    failing = {"1": use("Fail", "Risky", text="word", how=how), "2": use("SaveText", text=["1", "text"])}
    done = main("run", main.graph(failing), "--output", str(output))

    assert done.code == 1
    assert f"Risky (1) failed: {error}" in done.err
    assert hint in done.err
    assert "Traceback" not in done.out + done.err
    assert texts(output) == []


def test_debug_shows_the_traceback(main: Installation) -> None:
    failing = {"1": use("Fail", text="word"), "2": use("SaveText", text=["1", "text"])}

    assert "Traceback" in main("run", main.graph(failing), "--debug").err


def test_a_cycle_made_by_an_expansion_is_a_failed_run(main: Installation) -> None:
    growing = {"1": use("Grow", text="x", bad=True), "2": use("SaveText", text=["1", "text"])}
    done = main("run", main.graph(growing))

    assert done.code == 1
    assert "Grow (1) failed: GraphInvalid" in done.err


def test_a_file_that_is_missing_is_named_before_anything_runs(main: Installation) -> None:
    reading = {"1": use("Read", name="peom.txt"), "2": use("SaveText", text=["1", "text"])}
    done = main("run", main.graph(reading))

    assert done.code == 2
    assert "MissingFile: input 'name' of node 1 is 'peom.txt'" in done.err
    assert "Did you mean poem.txt?" in done.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Unreadable"),
        (b"{not json", "Unreadable: line 1, column 2"),
        (b"\x89PNG\r\n\x1a\n broken", "Unreadable: the picture: expected a PNG"),
        (b"[]", "Unreadable: the file: expected a graph"),
    ],
)
def test_a_file_that_is_no_graph_is_told_so(
    main: Installation, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "graph.json"
    if content is not None:
        path.write_bytes(content)
    done = main("run", str(path))

    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_full_disk_fails_the_run_and_leaves_no_file(main: Installation, output: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    big = {"1": use("Word", text="word" * 5000), "2": use("SaveText", text=["1", "text"])}
    file = main.graph(big)
    main("nodes")  # so that the manifest is there, which is larger than that too
    done = subprocess.run(
        main.command("run", file, "--output", str(output)),
        cwd=main.folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=small_files,
    )

    assert done.returncode == 1
    assert "failed: DiskFull: The disk is full" in done.stderr
    assert [path for path in output.rglob("*") if path.is_file()] == []


def test_ctrl_c_cancels_and_keeps_what_had_finished(main: Installation, output: Path) -> None:
    endless = {
        "1": use("Slow", text="kept before", seconds=0.01),
        "2": use("Slow", text=["1", "text"], steps=100_000, seconds=0.01),
        "3": use("SaveText", text=["2", "text"]),
    }
    command = main.command("run", main.graph(endless), "--json", "--output", str(output))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if '"path":"2"' in line and "NodeProgressed" in line:
                break
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        assert running.stderr is not None
        errors = running.stderr.read()
    again = main("run", main.graph(endless), "--set", "2.steps=1", "--json", "--output", str(output))

    assert running.returncode == 130
    assert '"status":"cancelled"' in rest
    assert "Traceback" not in errors
    assert again.events[0]["cached"] == ["1"]


def test_on_a_terminal_a_long_node_has_a_bar(main: Installation, output: Path) -> None:
    slow = {
        "1": use("Slow", "Long one", text="bar", steps=20, seconds=0.02),
        "2": use("SaveText", text=["1", "text"]),
    }
    ours, theirs = pty.openpty()
    command = main.command("run", main.graph(slow), "--no-cache", "--output", str(output))
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, cwd=main.folder, env=environment) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(ours)

    assert running.returncode == 0
    assert "Long one (1)" in shown.decode()
    assert "━" in shown.decode()


def test_literals_are_taken_as_the_server_takes_them(main: Installation, output: Path) -> None:
    nodes = {"1": use("Word", text=5, times="2"), "2": use("SaveText", text=["1", 0])}
    path = main.folder / "prompt.json"
    path.write_text(json.dumps(nodes))
    done = main("run", str(path), "--output", str(output))

    assert (done.code, texts(output)) == (0, ["5 5"])


def test_what_a_node_says_is_printed_each_time(main: Installation) -> None:
    path = main.graph({"1": use("Word", text="hello"), "2": use("ShowText", "Told", text=["1", "text"])})
    twice = [main("run", path) for _ in range(2)]

    assert [done.code for done in twice] == [0, 0]
    assert all("Told (2) says: hello" in done.out for done in twice)


def test_the_memory_for_results_can_be_chosen(main: Installation, output: Path) -> None:
    done = main("run", main.graph(HELLO), "--memory", "1.5 GiB", "--output", str(output))
    wrong = [main("run", main.graph(HELLO), "--memory", size) for size in ("much", "0", "-1G")]

    assert (done.code, texts(output)) == (0, ["hello hello world"])
    assert [(each.code, "6GiB" in each.err) for each in wrong] == [(2, True)] * 3
