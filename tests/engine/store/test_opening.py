import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store.connect import FILE
from engine.store.errors import StoreError, StoreLocked, StoreTooNew, StoreUnusable
from engine.store.lock import LOCK, refuse_network
from engine.store.migrations import MIGRATIONS
from engine.store.opening import open_store
from engine.store.queue import counts, submit
from tests.architecture.sources import ROOT
from tests.engine.store.lab import carried_out, check_invariants, database, new_run

MOUNTS = """\
21 1 8:1 / / rw,relatime - ext4 /dev/vda rw
22 21 0:30 / /tmp rw - tmpfs tmpfs rw
23 21 0:40 / /home rw - nfs4 server:/home rw
24 23 8:2 / /home/here rw - ext4 /dev/vdb rw
25 21 0:41 / /my\\040files rw - cifs //server/files rw
"""


def test_a_new_folder_is_made_and_found_again(tmp_path: Path) -> None:
    async def main() -> None:
        folder = tmp_path / "not" / "there"
        async with open_store(folder) as store:
            assert (store.folder, store.notice) == (folder, "")
            await store.write(submit, new_run("a"))
        async with open_store(folder) as store:
            assert store.notice == ""
            assert await store.read(counts) == (1, 0)

    asyncio.run(main())


def test_a_second_store_is_refused_and_told_who_has_the_folder(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    try:
        with pytest.raises(StoreLocked, match=f"process {os.getpid()}") as caught:
            open_store(tmp_path)
    finally:
        store.close()

    assert caught.value.pid == os.getpid()
    assert "Stop that one first" in caught.value.hint
    open_store(tmp_path).close()


def test_a_second_server_is_refused_until_the_first_is_gone_however_it_went(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.store.child", "hold", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    with pytest.raises(StoreLocked) as caught:
        open_store(tmp_path)
    assert caught.value.pid == child.pid

    child.kill()
    child.wait()
    child.stdout.close()

    assert (tmp_path / LOCK).read_text().startswith(str(child.pid))  # it is still there, and holds nothing
    open_store(tmp_path).close()


def test_a_holder_on_another_machine_is_not_taken_for_a_process_here(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    (tmp_path / LOCK).write_text("77 another-boot\n")
    try:
        with pytest.raises(StoreLocked, match=r"\(process 77\) on another machine"):
            open_store(tmp_path)
        (tmp_path / LOCK).write_text("")
        with pytest.raises(StoreLocked, match=r"^Another server is using"):
            open_store(tmp_path)
    finally:
        store.close()


def test_a_database_of_a_newer_weft_is_left_alone(tmp_path: Path) -> None:
    db = database(tmp_path)
    carried_out(db, "a")
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = (tmp_path / FILE).read_bytes()

    with pytest.raises(StoreTooNew, match="version 99") as caught:
        open_store(tmp_path)

    assert (caught.value.found, caught.value.known) == (99, len(MIGRATIONS))
    assert (tmp_path / FILE).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir() if "damaged" in path.name) == []


def test_a_refused_folder_is_free_for_the_next(tmp_path: Path) -> None:
    db = database(tmp_path)
    db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreTooNew):
        open_store(tmp_path)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.close()

    open_store(tmp_path).close()


@pytest.mark.parametrize("what", ["a file for a folder", "a folder for a file"])
def test_what_cannot_be_used_is_named(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "data"
    if what == "a file for a folder":
        folder.write_text("")
    else:
        (folder / FILE).mkdir(parents=True)

    with pytest.raises(StoreUnusable, match="data") as caught:
        open_store(folder)

    assert caught.value.hint


def test_every_error_says_what_to_do() -> None:
    errors: list[StoreError] = [StoreLocked(Path("x"), 7), StoreTooNew(Path("x"), 2, 1)]

    assert all(str(error) and error.hint for error in errors)


@pytest.mark.parametrize("folder", ["/home/me/weft", "/home", "/my files/weft"])
def test_a_network_file_system_is_refused(tmp_path: Path, folder: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)

    with pytest.raises(StoreUnusable, match="network file system"):
        refuse_network(Path(folder), mounts)


@pytest.mark.parametrize("folder", ["/home/here/weft", "/homes", "/", "/var/weft"])
def test_a_disk_of_the_machine_is_taken(tmp_path: Path, folder: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)

    refuse_network(Path(folder), mounts)
    refuse_network(Path(folder), tmp_path / "there is no such list")


def test_a_log_without_its_index_is_read_all_the_same(tmp_path: Path) -> None:
    # As a crash leaves it: the log not emptied, and its index (-shm) lost.
    db = database(tmp_path / "old")
    carried_out(db, "a", "b")
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in (FILE, f"{FILE}-wal"):
        (crashed / name).write_bytes((tmp_path / "old" / name).read_bytes())
    db.close()

    store = open_store(crashed)
    assert store.notice == ""
    store.close()

    again = database(crashed)
    assert set(check_invariants(again)) == {"a", "b"}
    again.close()
