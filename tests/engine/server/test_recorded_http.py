"""What a real ComfyUI answered to the same requests: where nothing else is said, Weft answers the same."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.engine.server.comfy_traffic import recorded
from tests.engine.server.standing import Answer, Standing, standing

RECORDED = recorded("http")
PLACE = "<comfyui>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("recorded")) as server:
        yield server


def picture(color: tuple[int, int, int, int] = (255, 0, 0, 128)) -> bytes:
    into = io.BytesIO()
    Image.new("RGBA", (8, 8), color).save(into, "png")
    return into.getvalue()


def told(answer: Answer) -> object:
    try:
        return answer.json
    except ValueError:
        return answer.body.decode()


@pytest.mark.parametrize("request_", [key for key in RECORDED if key.startswith("GET ")])
def test_a_get_is_answered_as_recorded(server: Standing, request_: str) -> None:
    status, body = RECORDED[request_]

    answer = server.get(request_.removeprefix("GET "))

    assert answer.status == status
    if status == 200:
        assert paths_cut(told(answer), server.home) == paths_of_tests_cut(body)
    elif body and isinstance(body, str):
        assert told(answer) == body


def paths_cut(value: object, home: Path) -> object:
    return json.loads(json.dumps(value).replace(str(home), PLACE))


def paths_of_tests_cut(value: object) -> object:
    """The recorded server had another folder of packs beside its own, and wrote no folders of diffusers."""
    text = json.dumps(value).replace(f', "{PLACE}/tests/execution/testing_nodes"', "")
    read = f'"{PLACE}/models/diffusers"'
    return json.loads(text.replace(read, f'{read}, "{PLACE}/output/diffusers"'))


def test_the_system_is_told_with_the_same_fields(server: Standing) -> None:
    _, body = RECORDED["system_stats"]

    answer = server.get("/system_stats").json

    assert isinstance(answer, dict)
    assert list(answer["system"]) == list(body["system"])
    assert [list(device) for device in answer["devices"]] == [list(device) for device in body["devices"]]
    assert answer["system"]["comfyui_version"] == body["system"]["comfyui_version"]


def test_features_are_those_of_comfyui(server: Standing) -> None:
    assert [200, server.get("/features").json] == RECORDED["features"]


def test_any_path_answers_to_options(server: Standing) -> None:
    answer = server.ask("OPTIONS", "/whatever")

    assert [answer.status, answer.body.decode()] == RECORDED["options"]


def test_uploads_are_named_as_recorded(server: Standing) -> None:
    one, other = picture(), picture((0, 255, 0, 255))

    def answer(key: str, data: bytes | None, **fields: str) -> None:
        got = server.upload("/upload/image", data, **fields) if data is not None else no_file(server)
        status, body = RECORDED[key]
        assert (key, got.status) == (key, status)
        if status == 200:
            assert got.json == body

    answer("upload1", one)
    answer("upload_same", one)
    answer("upload_diff", other)
    answer("upload_over", other, overwrite="true", type="temp", subfolder="sub/dir")
    answer("upload_none", None)
    answer("upload_trav", one, subfolder="../../x")
    reference = json.dumps({"filename": "a.png", "subfolder": "", "type": "input"})
    mask = server.upload("/upload/mask", one, "m.png", original_ref=reference, subfolder="clipspace")
    assert [mask.status, mask.json] == RECORDED["upload_mask"]


def no_file(server: Standing) -> Answer:
    body = b'--B\r\nContent-Disposition: form-data; name="type"\r\n\r\ninput\r\n--B--\r\n'
    return server.ask("POST", "/upload/image", body, {"Content-Type": "multipart/form-data; boundary=B"})


@pytest.mark.parametrize("seen", RECORDED["view"], ids=lambda seen: str(seen["q"]))
def test_a_view_is_answered_as_recorded(server: Standing, seen: dict[str, object]) -> None:
    server.upload("/upload/image", picture(), overwrite="1")

    answer = server.get(f"/view?{seen['q']}")

    assert answer.status == seen["status"]
    if seen["status"] == 404:
        assert len(answer.body) == seen["len"]
    if seen["status"] == 200:
        assert answer.headers["Content-Type"] == seen["ct"]
        assert answer.headers["Content-Disposition"] == seen["cd"]
        assert answer.headers["Cache-Control"] == seen["cc"]
        assert answer.body[:4].hex() == str(seen["head"])[:8]


def test_settings_and_user_files_live_as_recorded(server: Standing) -> None:
    data = b'{"x":1}'

    def check(key: str, answer: Answer) -> None:
        status, body = RECORDED[key]
        assert (key, answer.status) == (key, status)
        assert without_dates(told(answer)) == without_dates(body) or body == ""

    check("post_setting", server.post("/settings/Comfy.X", {"a": 1}))
    check("post_settings", server.post("/api/settings", {"b": 2}))
    check("settings", server.get("/settings"))
    check("ud_post", server.ask("POST", "/userdata/workflows%2Ft.json", data))
    check("ud_post_full", server.ask("POST", "/api/userdata/workflows%2Ft.json?full_info=true", data))
    check("ud_post_no", server.ask("POST", "/userdata/workflows%2Ft.json?overwrite=false", data))
    check("ud_list", server.get("/userdata?dir=workflows&recurse=true&full_info=true"))
    check("ud_list2", server.get("/userdata?dir=workflows&recurse=true&split=true"))
    check("v2ud", server.get("/v2/userdata?path=workflows"))
    check("ud_get", server.get("/userdata/workflows%2Ft.json"))
    check("ud_move", server.post("/userdata/workflows%2Ft.json/move/workflows%2Fu.json"))
    check("ud_del", server.ask("DELETE", "/userdata/workflows%2Fu.json"))
    check("ud_del404", server.ask("DELETE", "/userdata/workflows%2Fu.json"))
    check("ud_trav", server.get("/userdata/..%2F..%2Fx"))


def without_dates(value: object) -> object:
    if isinstance(value, list):
        return [without_dates(item) for item in value]
    if isinstance(value, dict):
        return {key: without_dates(item) for key, item in value.items() if key not in {"modified", "created"}}
    return value


@pytest.mark.parametrize(
    ("key", "origin"),
    [
        ("origin_evil", "http://evil.com"),
        ("origin_ok", "http://127.0.0.1:{port}"),
        ("origin_otherport", "http://127.0.0.1:1"),
        ("origin_noport", "http://127.0.0.1"),
        ("origin_localhost_vs_127", "http://localhost:{port}"),
    ],
)
def test_an_origin_is_judged_as_recorded(server: Standing, key: str, origin: str) -> None:
    answer = server.get("/prompt", Origin=origin.format(port=server.port))

    assert answer.status == RECORDED[key][0]


@pytest.mark.parametrize(
    ("method", "path", "data", "body"),
    [
        ("GET", "/history/nobody", None, {}),
        ("POST", "/interrupt", {"prompt_id": "nobody"}, ""),
        ("POST", "/interrupt", None, ""),
        ("POST", "/queue", {"clear": True}, ""),
        ("POST", "/queue", {"delete": ["nobody"]}, ""),
        ("POST", "/free", {"free_memory": True}, ""),
        ("GET", "/history", None, {}),
    ],
)
def test_what_changes_nothing_is_answered_as_comfyui_does(
    server: Standing, method: str, path: str, data: object, body: object
) -> None:
    answer = server.ask(method, path, None if data is None else json.dumps(data).encode())

    assert (answer.status, told(answer)) == (200, body)


def test_users_and_the_log_have_comfyuis_shape(server: Standing) -> None:
    made, log = server.post("/users", {"username": "bob"}), server.get("/internal/logs/raw")

    assert (made.status, str(made.json)[:4], len(str(made.json))) == (200, "bob_", 40)
    assert isinstance(log.json, dict)
    assert log.json.keys() == {"entries", "size"}


def test_what_made_comfyui_stumble_is_the_clients_mistake(server: Standing) -> None:
    requests: list[tuple[str, str, bytes | None]] = [
        ("GET", "/history?max_items=abc", None),
        ("POST", "/interrupt", b"[1]"),
    ]
    for method, path, body in requests:
        answer = server.ask(method, path, body)
        assert (answer.status, bool(answer.error)) == (400, True)


def test_newer_front_ends_find_no_blueprints(server: Standing) -> None:
    assert server.get("/api/global_subgraphs").json == {}
    assert server.get("/api/global_subgraphs/x").status == 404
