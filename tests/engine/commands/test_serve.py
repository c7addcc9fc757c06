"""The server as a process: how it starts, what it refuses, and how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from engine.commands.serve_flags import serve as serve_command
from tests.architecture.test_start_up import HEAVY, modules_imported_by
from tests.engine.installation import Installation, use
from tests.engine.served import Served, served

SLOW_IMPORT = "import time\ntime.sleep(600)\n"


def rss(process: int) -> int:
    """Its memory in MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) // 1024


def children(process: int) -> list[int]:
    return [int(id) for id in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def prompt(**slow: object) -> dict[str, object]:
    nodes = {"1": use("Slow", text="hello", **slow), "2": use("SaveText", text=["1", 0])}
    return {"prompt": nodes, "prompt_id": "the-run"}


def test_the_server_imports_nothing_heavy() -> None:
    assert modules_imported_by("-c", "import engine.commands.serve") & HEAVY == {"aiohttp"}


def test_without_a_command_the_server_starts_and_answers_while_the_worker_imports(main: Installation) -> None:
    (main.folder / "custom_nodes").mkdir(exist_ok=True)
    slow = main.folder / "custom_nodes" / "slow.py"
    slow.write_text(SLOW_IMPORT)
    try:
        with served(main) as server:
            status, stats = server.get("/system_stats")
            ready, _ = server.get("/ready")
            workers = children(server.process.pid)
            size = rss(server.process.pid)
            code = server.stop()
    finally:
        slow.unlink()

    assert (status, ready, code) == (200, 503, 0)
    assert b"comfyui_version" in stats
    assert size < 150
    assert workers
    assert not any(alive(worker) for worker in workers)


def test_once_told_the_server_lets_a_run_end(main: Installation) -> None:
    with served(main, "serve") as server:
        server.wait_until_ready()
        server.post("/prompt", prompt(steps=10, seconds=0.1))
        wait_until_running(server)
        code = server.stop()

    assert code == 0
    with served(main) as server:
        assert status_of(server, "the-run") == "success"


def test_told_twice_it_ends_at_once_and_the_run_is_done_by_the_next_server(
    tmp_path: Path, main: Installation
) -> None:
    flags = ["--base-directory", str(tmp_path)]
    with served(main, *flags) as server:
        server.wait_until_ready()
        server.post("/prompt", prompt(steps=40, seconds=0.1))
        wait_until_running(server)
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        began = time.monotonic()
        code = server.stop(signal.SIGINT)
        took = time.monotonic() - began

    assert (code, took < 3) == (0, True)
    with served(main, *flags) as server:
        assert status_of(server, "the-run") == "success"


def test_when_the_server_is_killed_its_worker_goes_too(main: Installation) -> None:
    with served(main) as server:
        server.wait_until_ready()
        workers = children(server.process.pid)
        server.process.kill()
        server.process.wait()
        deadline = time.monotonic() + 10
        while any(map(alive, workers)) and time.monotonic() < deadline:
            time.sleep(0.05)

    assert workers
    assert not any(map(alive, workers))


def test_a_second_server_on_the_same_folder_is_refused(main: Installation) -> None:
    with served(main) as server:
        second = main("--port", "0")

    assert second.code == 2
    assert str(server.process.pid) in second.err


def test_a_port_in_use_is_named(main: Installation, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = main("--port", port, "--base-directory", str(tmp_path))

    assert (done.code, port in done.err, "--port" in done.err) == (2, True, True)


@pytest.mark.parametrize(
    "arguments", [("--listen",), ("--listen", "0.0.0.0"), ("--listen", "127.0.0.1,192.168.7.7")]
)
def test_others_are_let_in_with_a_token_only(main: Installation, arguments: tuple[str, ...]) -> None:
    done = main(*arguments, "--port", "0")

    assert (done.code, done.out) == (2, "")
    assert "--token" in done.err


def test_the_token_is_shown_once_and_kept_for_the_owner_alone(main: Installation, tmp_path: Path) -> None:
    flags = ["--port", "0", "--listen", "--token", "--base-directory", str(tmp_path)]
    shown = []
    for _ in range(2):
        process = subprocess.Popen(main.command(*flags), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = ""
        while "works once" not in lines:
            lines += process.stdout.readline()
        shown.append(lines)
        process.terminate()
        process.communicate()
    file = tmp_path / ".weft" / "token"

    assert [file.read_text() in lines for lines in shown] == [True, False]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_chosen_token_opens_the_server(main: Installation) -> None:
    with served(main, WEFT_TOKEN="chosen") as server:
        without, _ = server.get("/queue")
        with_it, _ = server.get("/queue", Authorization="Bearer chosen")

    assert (without, with_it) == (401, 200)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("--prot", "--port"), ("--output-dir", "--output-directory"), ("--cache-non", "--cache-none")],
)
def test_an_unknown_flag_is_an_error_that_names_the_nearest(
    main: Installation, wrong: str, right: str
) -> None:
    done = main(wrong, "1")

    assert (done.code, right in done.err) == (2, True)


def test_comfyuis_flags_are_all_known() -> None:
    flags = """--listen --port --output-directory --input-directory --temp-directory --user-directory --base-directory
        --extra-model-paths-config --cache-classic --cache-lru --cache-none --cpu --preview-method --preview-size
        --disable-metadata --max-upload-size --tls-keyfile --tls-certfile --front-end-root --disable-all-custom-nodes
        --whitelist-custom-nodes --verbose"""
    known = {name for parameter in serve_command.params for name in parameter.opts}

    assert set(flags.split()) - known == set()


def test_contradicting_flags_are_refused(main: Installation) -> None:
    assert "--cache-lru" in main("--cache-none", "--cache-lru", "5", "--port", "0").err
    assert "--tls-keyfile" in main("--tls-certfile", "x", "--port", "0").err


def test_a_served_folder_over_our_own_keeps_the_server_from_starting(main: Installation) -> None:
    done = main("--port", "0", "--output-directory", str(main.folder))

    assert (done.code, "overlaps" in done.err) == (2, True)


def test_only_packs_that_are_named_are_loaded(main: Installation, tmp_path: Path) -> None:
    packs = tmp_path / "custom_nodes"
    packs.mkdir()
    for name in ("one", "two", "three"):
        (packs / f"{name}.py").write_text(
            f'from engine.api import node\n@node("{name}")\ndef f(x: int) -> int:\n    """A node."""\n    return x\n'
        )
    flags = [
        "--base-directory",
        str(tmp_path),
        "--disable-all-custom-nodes",
        "--whitelist-custom-nodes",
        "one",
        "two",
    ]
    with served(main, *flags) as server:
        nodes = server.json("/object_info")

    assert isinstance(nodes, dict)
    assert {"one", "two"} == {"one", "two", "three"} & nodes.keys()


def test_pictures_and_models_lie_where_the_flags_say(main: Installation, tmp_path: Path) -> None:
    more = tmp_path / "more"
    (more / "texts").mkdir(parents=True)
    (more / "texts" / "verse.txt").write_text("a verse")
    config = tmp_path / "extra.yaml"
    config.write_text(f"more:\n    base_path: {more}\n    texts: texts\n")
    flags = ["--output-directory", str(tmp_path / "out"), "--extra-model-paths-config", str(config)]
    nodes = {"1": use("Read", name="verse.txt"), "2": use("SaveText", text=["1", 0])}
    with served(main, *flags) as server:
        status, body = server.post("/prompt", {"prompt": nodes, "prompt_id": "verse"})
        server.wait_for("verse")

    assert (status, body and (tmp_path / "out" / "text_00001_.txt").read_text()) == (200, "a verse")


def wait_until_running(server: Served) -> None:
    while not (queue := server.json("/queue")) or not isinstance(queue, dict) or not queue["queue_running"]:
        time.sleep(0.02)


def status_of(server: Served, run: str) -> object:
    status = server.wait_for(run)["status"]
    assert isinstance(status, dict)
    return status["status_str"]
