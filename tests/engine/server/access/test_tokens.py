from __future__ import annotations

from pathlib import Path

import pytest

from engine.server.access.tokens import Door, token_at


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_door_without_a_token_stands_open() -> None:
    door = Door("", 8188)

    assert (door.is_open, door.code, door.is_cookie("")) == (True, "", False)


def test_only_the_token_is_the_token() -> None:
    door = Door("right", 8188)

    assert (door.is_open, door.is_token("right"), door.is_token("wrong"), door.is_token("")) == (
        False,
        True,
        False,
        False,
    )
    assert not door.is_token("ri\udcffght")


def test_the_code_of_the_link_works_once() -> None:
    door = Door("right", 8188)
    code = door.code

    assert (door.use_code("wrong"), door.use_code(code), door.use_code(code), door.use_code("")) == (
        False,
        True,
        False,
        False,
    )


def test_the_cookie_lives_as_long_as_the_token_and_does_not_tell_it() -> None:
    cookie = Door("right", 8188).cookie

    assert Door("right", 8188).is_cookie(cookie)
    assert not Door("another", 8188).is_cookie(cookie)
    assert "right" not in cookie


def test_an_address_that_guesses_is_shut_out_for_a_minute_and_others_are_not() -> None:
    clock = Clock()
    door = Door("right", 8188, clock)
    for _ in range(10):
        assert not door.is_shut_for("10.0.0.1")
        door.failed("10.0.0.1")

    assert (door.is_shut_for("10.0.0.1"), door.is_shut_for("10.0.0.2")) == (True, False)
    clock.now = 61.0
    assert not door.is_shut_for("10.0.0.1")


def test_slow_mistakes_shut_nobody_out() -> None:
    clock = Clock()
    door = Door("right", 8188, clock)
    for _ in range(100):
        clock.now += 7.0
        door.failed("10.0.0.1")

    assert not door.is_shut_for("10.0.0.1")


def test_no_more_addresses_are_remembered_than_fit() -> None:
    door = Door("right", 8188, Clock())
    for number in range(10_010):
        door.failed(str(number))

    assert not door.is_shut_for("0")


def test_a_token_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "token"

    (first, new), (second, again) = token_at(file), token_at(file)

    assert (first, new, again) == (second, True, False)
    assert len(first) >= 43
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["  spaced  \n", "plain"])
def test_a_token_of_ones_own_may_be_written_into_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)

    assert token_at(tmp_path / "token") == (text.strip(), False)
