from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.engine.server.standing import Standing


def test_settings_that_are_saved_at_once_are_all_kept(server: Standing) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: server.post(f"/settings/S{n}", n), range(40)))

    assert server.get("/settings").json == {f"S{n}": n for n in range(40)}


def test_damaged_settings_are_told_and_not_overwritten(server: Standing) -> None:
    file = server.home / "user" / "default" / "comfy.settings.json"
    file.parent.mkdir(parents=True)
    file.write_text("{damaged")

    answers = [server.get("/settings"), server.post("/settings/a", 1)]

    assert [(answer.status, answer.error) for answer in answers] == [(500, "settings_damaged")] * 2
    assert file.read_text() == "{damaged"


def test_a_user_is_noted_down_once(server: Standing) -> None:
    first, second = (server.post("/users", {"username": "bob"}) for _ in range(2))

    assert str(first.json).startswith("bob_")
    assert (second.status, second.json) == (400, {"error": "Duplicate username."})


@pytest.mark.parametrize("body", [{}, {"username": ""}, {"username": 7}, {"username": "x" * 200}])
def test_a_user_has_a_name(server: Standing, body: object) -> None:
    assert server.post("/users", body).status == 400


@pytest.mark.parametrize(
    "name",
    [
        "workflows/.index.json",
        "workflows/emoji 😀 ü.json",
        "-rf.json",
        "100%.json",
        "a#b?c&d.json",
        "a+b.json",
    ],
)
def test_a_file_of_any_safe_name_comes_back_as_it_was(server: Standing, name: str) -> None:
    path = "/userdata/" + quote(name, safe="")

    posted = server.ask("POST", path, b'{"nodes": []}')

    assert (posted.status, posted.json) == (200, name)
    assert server.get(path).body == b'{"nodes": []}'
    assert server.get("/userdata?dir=.&recurse=true").json == [name]


@pytest.mark.parametrize("name", ["CON", "a:b", "dot.", "new\nline", "a" * 300, "a\u2028b"])
def test_a_name_that_means_something_else_elsewhere_is_refused(server: Standing, name: str) -> None:
    answer = server.ask("POST", "/userdata/" + quote(name, safe=""), b"x")

    assert (answer.status, answer.error) == (403, "bad_name")


def test_a_folder_is_listed_alone_or_with_those_below(server: Standing) -> None:
    for name in ("w%2Fa.json", "w%2Fdeep%2Fb.json"):
        server.ask("POST", f"/userdata/{name}", b"{}")

    assert server.get("/userdata?dir=w").json == ["a.json"]
    assert server.get("/userdata?dir=w&recurse=true").json == ["a.json", "deep/b.json"]
    every = server.get("/v2/userdata?path=").json
    assert isinstance(every, list)
    assert [(entry["path"], entry["type"]) for entry in every] == [
        ("w", "directory"),
        ("w/deep", "directory"),
        ("w/a.json", "file"),
        ("w/deep/b.json", "file"),
    ]


def test_a_file_is_not_moved_over_another_against_ones_will(server: Standing) -> None:
    server.ask("POST", "/userdata/a.json", b"a")
    server.ask("POST", "/userdata/b.json", b"b")

    kept = server.post("/userdata/a.json/move/b.json?overwrite=false")
    there = (server.get("/userdata/a.json").body, server.get("/userdata/b.json").body)
    moved = server.post("/userdata/a.json/move/b.json")

    assert (kept.status, there) == (409, (b"a", b"b"))
    assert (moved.status, server.get("/userdata/b.json").body) == (200, b"a")
    assert server.get("/userdata/a.json").status == 404


def test_our_own_folder_is_not_among_the_users_files(server: Standing) -> None:
    assert server.get("/userdata/..%2F..%2F.weft%2Fmanifest.json").status == 403
