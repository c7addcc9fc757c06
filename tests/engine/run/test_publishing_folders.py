"""Publishing whole folders: all of it or nothing, under a number of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.run.files import Files, clear_unfinished
from engine.run.names import BadName


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "output", tmp_path / "temp")


def two_files(folder: Path) -> None:
    (folder / "unet").mkdir()
    (folder / "unet" / "weights.bin").write_bytes(b"123")
    (folder / "index.json").write_text("{}")


def test_a_folder_is_published_with_all_its_files(files: Files) -> None:
    published = files.publish_folder("models/cat", two_files)

    assert [(file.name, file.folder, file.media_type) for file in published.files] == [
        ("models/cat_00001_/index.json", "output", "application/json"),
        ("models/cat_00001_/unet/weights.bin", "output", "application/octet-stream"),
    ]
    assert (files.output / "models" / "cat_00001_" / "unet" / "weights.bin").read_bytes() == b"123"


def test_a_folder_never_takes_the_place_of_another(files: Files) -> None:
    for _ in range(2):
        files.publish_folder("cat", two_files)
    (files.output / "cat_00003_").mkdir()
    files.publish_folder("cat", two_files)

    assert sorted(path.name for path in files.output.iterdir()) == [
        "cat_00001_",
        "cat_00002_",
        "cat_00003_",
        "cat_00004_",
    ]
    assert list((files.output / "cat_00003_").iterdir()) == []


def test_of_a_folder_that_fails_nothing_is_left(files: Files) -> None:
    def fails(folder: Path) -> None:
        two_files(folder)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        files.publish_folder("cat", fails)
    assert list(files.output.iterdir()) == []
    with pytest.raises(BadName):
        files.publish_folder("../cat", two_files)


def test_a_folder_that_was_left_unfinished_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, new = tmp_path / ".0123456789abcdef.unfinished", tmp_path / ".fedcba9876543210.unfinished"
    for folder in (old, new):
        folder.mkdir()
        two_files(folder)
    os.utime(old, (1, 1))

    clear_unfinished(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [new.name]
