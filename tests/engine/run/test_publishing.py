"""Publishing under bad conditions: many at once, names of all kinds, disks that fail at any operation."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from engine.run.files import Files, Maker, clear_old, clear_unfinished, maker_of
from engine.run.names import BadName
from engine.run.whole_file import take_name
from tests.engine.installation import ROOT
from tests.engine.run.makers import notes_makers


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "output", tmp_path / "temp")


def publish(files: Files, prefix: str, text: str = "x", suffix: str = ".txt") -> Path:
    (file,) = files.publish(prefix, suffix, "text/plain", lambda path: path.write_text(text)).files
    return Path(file.path)


def there(files: Files) -> list[str]:
    return sorted(path.name for path in files.output.iterdir()) if files.output.exists() else []


# ---- many at once


def test_fifty_threads_publish_under_one_name(files: Files) -> None:
    barrier = Barrier(50)
    written: dict[str, Path] = {}

    def one(text: str) -> None:
        barrier.wait(60)
        written[text] = publish(files, "cat", text)

    threads = [Thread(target=one, args=(str(index),)) for index in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert there(files) == [f"cat_{number:05}_.txt" for number in range(1, 51)]
    assert {text: path.read_text() for text, path in written.items()} == {text: text for text in written}
    assert len(set(written.values())) == 50


PUBLISHING = """
import sys
from pathlib import Path
from engine.run.files import Files

files = Files(Path(sys.argv[1]), Path(sys.argv[1]))
sys.stdin.read()
for index in range(25):
    files.publish("cat", ".txt", "text/plain", lambda path: path.write_text(sys.argv[2]))
"""


def test_two_processes_publish_under_one_name(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISHING, str(tmp_path), name], cwd=ROOT, stdin=subprocess.PIPE
        )
        for name in ("one", "other")
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()  # off they go
    assert [process.wait(60) for process in processes] == [0, 0]
    texts = [path.read_text() for path in tmp_path.iterdir()]

    assert (texts.count("one"), texts.count("other")) == (25, 25)


# ---- names


@pytest.mark.parametrize(
    "prefix", ["🐈", "-rf", "100%", "שלום", "a b", "é" * 120, "x" * 240, "concert", "con-1"]
)
def test_names_that_are_safe_are_kept(files: Files, prefix: str) -> None:
    path = publish(files, prefix)

    assert path.name == f"{prefix}_00001_.txt"
    assert path.read_text() == "x"


@pytest.mark.parametrize(
    "prefix",
    ["CON", "nul.txt", "a/COM1", "dot.", "space ", "a\nb", "a\0b", "a:b", "x" * 250, "🐈" * 62, "\ud800", ""],
)
def test_names_that_are_not_are_refused_and_say_what_to_do(files: Files, prefix: str) -> None:
    with pytest.raises(BadName) as caught:
        publish(files, prefix)

    assert caught.value.hint
    assert there(files) == []


def test_accents_written_in_two_ways_are_one_name(files: Files) -> None:
    paths = [publish(files, unicodedata.normalize(form, "café")) for form in ("NFC", "NFD")]

    assert [path.name for path in paths] == ["café_00001_.txt", "café_00002_.txt"]


# ---- disks that fail


class Failing:
    """An operation of the system that fails at its n-th call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, number: int, error: int) -> None:
        self.calls = 0
        real: Callable[..., Any] = getattr(os, name)

        def operation(*args: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls == number:
                raise OSError(error, os.strerror(error))
            return real(*args, **options)

        monkeypatch.setattr(os, name, operation)
        self.number = number

    @property
    def failed(self) -> bool:
        return self.calls >= self.number


@pytest.mark.parametrize("operation", ["open", "fsync", "link", "close", "mkdir"])
@pytest.mark.parametrize("error", [errno.EIO, errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_an_operation_that_fails_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str, error: int
) -> None:
    number = 0
    while True:
        number += 1
        files = Files(tmp_path / str(number), tmp_path / "temp")
        with monkeypatch.context() as patch:
            failing = Failing(patch, operation, number, error)
            try:
                publish(files, "cat")
            except OSError as failure:
                assert failure.errno == error  # noqa: PT017  (whether it is raised depends on the number)
                published = False
            else:
                published = True
        left = there(files)
        assert left == (["cat_00001_.txt"] if published else [])
        if not failing.failed:
            break
        assert not published

    assert number > 1
    assert there(files) == ["cat_00001_.txt"]


def test_a_disk_without_links_is_published_to_all_the_same(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*paths: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    publish(files, "cat", "first")
    publish(files, "cat", "second")

    assert there(files) == ["cat_00001_.txt", "cat_00002_.txt"]
    assert [path.read_text() for path in sorted(files.output.iterdir())] == ["first", "second"]


def test_without_links_nothing_is_replaced_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*paths: object) -> None:
        raise OSError(errno.ENOTSUP, "Not supported")

    monkeypatch.setattr(os, "link", no_links)
    mine, new = tmp_path / "mine", tmp_path / "new"
    mine.write_text("mine")
    new.write_text("new")

    with pytest.raises(FileExistsError):
        take_name(new, mine)
    assert (mine.read_text(), new.read_text()) == ("mine", "new")


def test_without_links_a_move_that_fails_leaves_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*paths: object) -> None:
        raise OSError(errno.ENOSYS, "Not there")

    monkeypatch.setattr(os, "link", no_links)

    with pytest.raises(FileNotFoundError):
        take_name(tmp_path / "missing", tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


# ---- temporary files


def test_temporary_files_are_cleared_after_a_day(tmp_path: Path) -> None:
    old, new, below = tmp_path / "old.png", tmp_path / "new.png", tmp_path / "a" / "b" / "old.png"
    below.parent.mkdir(parents=True)
    for path in (old, new, below):
        path.write_text("x")
    for path in (old, below):
        os.utime(path, (0, 0))
    clear_old(tmp_path)

    assert list(tmp_path.rglob("*")) == [new]


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    mine, temp = tmp_path / "mine", tmp_path / "temp"
    mine.mkdir()
    temp.mkdir()
    (mine / "old.txt").write_text("mine")
    os.utime(mine / "old.txt", (0, 0))
    (temp / "link").symlink_to(mine)
    clear_old(temp)

    assert (mine / "old.txt").read_text() == "mine"


def test_a_folder_that_is_not_there_needs_no_clearing(tmp_path: Path) -> None:
    clear_old(tmp_path / "none")


# ---- what attempts that were killed have left


@pytest.fixture
def attempts(tmp_path: Path) -> Callable[[int, str], Files]:
    """The files as an attempt at a run has them, with the node that makes some."""
    if not notes_makers(tmp_path / "probe"):
        pytest.skip("this file system has no extended attributes")
    return lambda attempt, node: Files(tmp_path / "out", tmp_path / "temp", None, Maker("run", attempt, node))


def test_what_an_attempt_has_published_is_found_by_the_next(attempts: Callable[[int, str], Files]) -> None:
    first, second = attempts(1, "9"), attempts(2, "9")
    paths = [publish(first, "a/x", text) for text in ("one", "two")]
    again = [publish(second, "a/x", text) for text in ("one", "two", "three")]

    assert again[:2] == paths
    assert again[2].name == "x_00003_.txt"
    assert maker_of(paths[0]) == Maker("run", 2, "9")
    assert sorted(path.name for path in paths[0].parent.iterdir()) == [f"x_0000{n}_.txt" for n in (1, 2, 3)]


def test_equal_files_of_one_attempt_are_as_many_files(attempts: Callable[[int, str], Files]) -> None:
    before = publish(attempts(1, "9"), "x", "same")
    again = [publish(attempts(2, "9"), "x", "same") for _ in range(2)]

    assert again[0] == before
    assert again[1] != before


def test_what_others_have_made_is_not_taken_for_it(
    attempts: Callable[[int, str], Files], tmp_path: Path
) -> None:
    theirs = [
        publish(attempts(1, "8"), "x", "same"),
        publish(attempts(2, "9"), "x", "same"),
        publish(Files(tmp_path / "out", tmp_path / "temp", None, Maker("other", 1, "9")), "x", "same"),
        publish(Files(tmp_path / "out", tmp_path / "temp"), "x", "same"),
    ]
    changed = publish(attempts(1, "9"), "x", "same")
    changed.write_text("somebody has changed it")

    assert publish(attempts(2, "9"), "x", "same") not in {*theirs, changed}


def test_without_extended_attributes_a_file_is_made_anew(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOTSUP, "not here")

    monkeypatch.setattr(os, "setxattr", refuse)
    makers = [Files(files.output, files.temp, None, Maker("run", attempt, "9")) for attempt in (1, 2)]

    assert [publish(each, "x").name for each in makers] == ["x_00001_.txt", "x_00002_.txt"]


def test_what_was_left_unfinished_long_ago_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    ours = [tmp_path / ".0123456789abcdef.png", tmp_path / "a" / ".fedcba9876543210.unfinished"]
    young = tmp_path / ".00000000000000aa.png"
    others = [
        tmp_path / name
        for name in ("x_00001_.png", ".hidden.png", ".0123456789ABCDEF.png", ".0123456789abcdef", ".config")
    ]
    folder = tmp_path / ".1111111111111111.dir"
    folder.mkdir()
    ours[1].parent.mkdir()
    for path in (*ours, young, *others):
        path.write_text("x")
    for path in (*ours, *others, folder):
        os.utime(path, (0, 0))
    clear_unfinished(tmp_path)

    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in (young, *others, folder))
