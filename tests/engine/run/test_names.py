from pathlib import Path

import pytest

from engine.run.names import BadName, LeavesFolder, relative_name, safe_join

LEADING_OUT = [
    "..",
    "../x",
    "a/../../x",
    "/etc/passwd",
    "\\\\server\\share",
    "..\\x",
    "C:\\x",
    "c:x",
    "",
    ".",
    "./",
]
MISTAKEN = [
    "CON",
    "con.txt",
    "a/NUL",
    "com1.png",
    "LPT9",
    "a.txt:stream",
    "a:b",
    "dot.",
    "space ",
    "a./b",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "\u2028",
    "\ud800",
    "a" * 256,
    "é" * 128,
    "/".join(["a" * 200] * 6),
]


@pytest.mark.parametrize("name", LEADING_OUT)
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(LeavesFolder):
        relative_name("output", name)


@pytest.mark.parametrize("name", MISTAKEN)
def test_a_name_that_means_something_else_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(BadName) as refused:
        relative_name("output", name)

    assert refused.value.hint


@pytest.mark.parametrize(
    "name",
    ["a.png", "sub/a.png", "-rf", "emoji 😀.png", "ﬁ.png", "%2e%2e", "console", "a..b", "...a", "a" * 255],
)
def test_an_unusual_name_is_fine_where_it_means_the_same_everywhere(name: str) -> None:
    assert str(relative_name("output", name)) == name


def test_backslashes_count_as_slashes() -> None:
    assert str(relative_name("output", "sub\\a.png")) == "sub/a.png"


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert safe_join(tmp_path, "link/a.png") == tmp_path.resolve() / "real" / "a.png"


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path)

    with pytest.raises(LeavesFolder):
        safe_join(tmp_path / "inside", "link/secret.txt")
