from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.server.options import Limits, Options
from tests.engine.server.pictures import bomb, opened, png
from tests.engine.server.standing import FORM, Standing, form, standing


def left(server: Standing) -> list[str]:
    """The files in the input folder and in the folder of unfinished uploads."""
    places = (server.home / "input", server.home / ".weft" / "uploads")
    return sorted(path.name for place in places for path in place.rglob("*") if path.is_file())


def test_a_file_of_any_kind_is_kept_as_it_is(server: Standing) -> None:
    answer = server.upload("/upload/image", b"glTF" + bytes(range(256)), "model.glb", subfolder="3d")

    assert answer.json == {"name": "model.glb", "subfolder": "3d", "type": "input"}
    assert (server.home / "input" / "3d" / "model.glb").read_bytes() == b"glTF" + bytes(range(256))


def test_fields_may_come_before_and_behind_the_file(server: Standing) -> None:
    before = b'--BOUNDARY\r\nContent-Disposition: form-data; name="type"\r\n\r\ntemp\r\n' + form(
        png(), fields={"subfolder": "x"}
    )

    answer = server.ask("POST", "/upload/image", before, {"Content-Type": FORM})

    assert answer.json == {"name": "a.png", "subfolder": "x", "type": "temp"}


def test_uploads_of_one_name_at_once_all_stay(server: Standing) -> None:
    contents = [png(color=(number, 0, 0, 255)) for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda data: server.upload("/upload/image", data).json, contents))

    names = {answer["name"] for answer in answers if isinstance(answer, dict)}
    assert len(names) == 8
    assert {(server.home / "input" / name).read_bytes() for name in names} == set(contents)


@pytest.mark.parametrize(
    ("name", "fields", "error"),
    [
        ("../a.png", {}, "bad_name"),
        ("sub/a.png", {}, "bad_name"),
        ("CON.png", {}, "bad_name"),
        ("a.png", {"subfolder": "../x"}, "bad_name"),
        ("a.png", {"subfolder": "/etc"}, "bad_name"),
        ("a.png", {"type": "models"}, "unknown_folder"),
    ],
)
def test_a_place_that_is_not_for_uploads_is_refused(
    server: Standing, name: str, fields: dict[str, str], error: str
) -> None:
    answer = server.upload("/upload/image", png(), name, **fields)

    assert (answer.status, answer.error, left(server)) == (400, error, [])


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with standing(tmp_path, Options(port=0, user=tmp_path / "user", limits=Limits(upload=1000))) as server:
        answer = server.upload("/upload/image", bytes(5000))

        assert (answer.status, answer.error, left(server)) == (413, "too_large", [])


@pytest.mark.parametrize("sent", [0, 20, 60, 140, 3000, 60_000])
def test_an_upload_that_breaks_off_leaves_nothing(server: Standing, sent: int) -> None:
    body = form(bytes(100_000), fields={"subfolder": "x"})
    head = f"POST /upload/image HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((server.host, server.port)) as line:
        line.sendall(head.encode() + body[:sent])
        time.sleep(0.05)

    deadline = time.monotonic() + 10
    while left(server) and time.monotonic() < deadline:
        time.sleep(0.02)

    assert left(server) == []
    assert server.upload("/upload/image", png()).status == 200


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", b"{}"), (FORM, b"no form"), (FORM, b""), ("multipart/form-data", b"x")],
)
def test_what_is_no_form_is_refused(server: Standing, kind: str, body: bytes) -> None:
    assert server.ask("POST", "/upload/image", body, {"Content-Type": kind}).status == 400


def test_a_mask_is_laid_over_its_original_whose_texts_stay(server: Standing) -> None:
    server.upload("/upload/image", png(color=(10, 20, 30, 255), workflow="{}"), "photo.png")
    reference = json.dumps({"filename": "photo.png", "subfolder": "", "type": "input"})

    answer = server.upload("/upload/mask", png(color=(0, 0, 0, 77)), "masked.png", original_ref=reference)

    made = opened((server.home / "input" / "masked.png").read_bytes())
    assert answer.json == {"name": "masked.png", "subfolder": "", "type": "input"}
    assert made.getpixel((0, 0)) == (10, 20, 30, 77)
    assert made.info["workflow"] == "{}"


@pytest.mark.parametrize(
    ("reference", "status"),
    [
        ("", 400),
        ("[]", 400),
        ('{"filename": "../x"}', 400),
        ('{"filename": "gone.png", "type": "input"}', 404),
        ('{"filename": "bomb.png", "type": "input"}', 400),
    ],
)
def test_a_mask_without_a_right_original_is_refused(server: Standing, reference: str, status: int) -> None:
    server.upload("/upload/image", bomb(50_000, 50_000), "bomb.png")

    answer = server.upload("/upload/mask", png(), "m.png", original_ref=reference)

    assert (answer.status, left(server)) == (status, ["bomb.png"])
