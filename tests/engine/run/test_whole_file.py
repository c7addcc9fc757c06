from __future__ import annotations

from pathlib import Path

import pytest

from engine.run.whole_file import move_new, move_over, replace_file, write_new


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.json"

    replace_file(path, b"one")
    replace_file(path, b"two")

    assert path.read_bytes() == b"two"


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    write_new(tmp_path / "a", b"one")

    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"two")

    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_secret_is_for_its_owner_alone_from_the_first_byte(tmp_path: Path) -> None:
    write_new(tmp_path / "token", b"secret", mode=0o600)

    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_a_finished_file_moves_to_where_nothing_is(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"new")
    (tmp_path / "taken").write_bytes(b"old")

    with pytest.raises(FileExistsError):
        move_new(source, tmp_path / "taken")
    move_new(source, tmp_path / "free")

    assert not source.exists()
    assert ((tmp_path / "taken").read_bytes(), (tmp_path / "free").read_bytes()) == (b"old", b"new")


def test_a_finished_file_moves_over_another(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"new")
    (tmp_path / "taken").write_bytes(b"old")

    move_over(tmp_path / "source", tmp_path / "taken")

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("taken", b"new")]


@pytest.mark.parametrize("write", [replace_file, write_new])
def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object
) -> None:
    (tmp_path / "old").write_bytes(b"old")

    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    for name in ("old", "new"):
        with pytest.raises(OSError, match="No space"):
            write(tmp_path / name, b"new")  # type: ignore[operator]

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("old", b"old")]
