from __future__ import annotations

import io
import socket
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from engine.server.access.headers import disposition
from engine.server.options import Limits, Options
from tests.engine.server.pictures import GIF_AND_SCRIPT, HTML, PDF, SVG, bomb, opened, png
from tests.engine.server.standing import Standing, standing


def put(server: Standing, name: str, data: bytes, folder: str = "output") -> None:
    path = server.home / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_a_picture_is_shown_as_what_it_is(server: Standing) -> None:
    put(server, "a.png", png())

    answer = server.get("/view?filename=a.png")

    assert (answer.status, answer.body) == (200, png())
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == 'filename="a.png"'


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.svg", SVG),
        ("a.html", HTML),
        ("a.xhtml", HTML),
        ("a.png", HTML),
        ("a.jpg", SVG),
        ("a.pdf", PDF),
        ("a.js", b"alert(1)"),
        ("a.mhtml", b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + HTML),
        ("a", HTML),
        ("a.txt", HTML),
        ("a.json", HTML),
    ],
)
@pytest.mark.parametrize("route", ["/view?filename={}", "/api/view?filename={}", "/userdata/{}"])
def test_a_users_file_never_runs_in_a_browser(server: Standing, name: str, data: bytes, route: str) -> None:
    put(server, name, data)
    put(server, f"default/{name}", data, "user")

    answer = server.get(route.format(name))

    assert (answer.status, answer.body) == (200, data)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"].partition(";")[0] in {
        "application/octet-stream",
        "application/json",
        "text/plain",
    }


def test_a_picture_that_is_a_script_as_well_is_a_picture_alone(server: Standing) -> None:
    put(server, "a.js", GIF_AND_SCRIPT)

    answer = server.get("/view?filename=a.js")

    assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == (
        "image/gif",
        "nosniff",
    )


@pytest.mark.parametrize("name", ['ü".png', "a\\b.png", "😀.png"])
def test_an_odd_name_is_told_without_breaking_the_header(name: str) -> None:
    told = disposition(name, attachment=False)

    assert told.isascii()
    assert told.count('"') == 2
    assert f"filename*=UTF-8''{quote(name, safe='')}" in told


def test_part_of_a_video_can_be_asked_for(server: Standing) -> None:
    put(server, "a.mp4", b"\0\0\0\x18ftypmp42" + bytes(100))

    answer = server.get("/view?filename=a.mp4", Range="bytes=4-7")

    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (206, b"ftyp", "video/mp4")


def test_a_preview_is_smaller_and_keeps_what_is_see_through(server: Standing) -> None:
    put(server, "a.png", png((64, 64)))

    webp = opened(server.get("/view?filename=a.png&preview=webp;50").body)
    jpeg = opened(server.get("/view?filename=a.png&preview=jpeg").body)

    assert (webp.format, webp.mode) == ("WEBP", "RGBA")
    assert (jpeg.format, jpeg.mode) == ("JPEG", "RGB")


def test_single_channels_can_be_looked_at(server: Standing) -> None:
    put(server, "a.png", png(color=(10, 20, 30, 128)))

    colours = opened(server.get("/view?filename=a.png&channel=rgb").body)
    alpha = opened(server.get("/view?filename=a.png&channel=a").body)

    assert (colours.mode, colours.getpixel((0, 0))) == ("RGB", (10, 20, 30))
    assert (alpha.mode, alpha.getpixel((0, 0))) == ("RGBA", (0, 0, 0, 128))


@pytest.mark.parametrize(
    "data",
    [bomb(8_001, 10), bomb(60_000, 60_000), png((20, 20))[:50], b"", HTML],
    ids=["wide", "bomb", "cut", "empty", "html"],
)
@pytest.mark.parametrize("wish", ["preview=webp", "channel=a"])
def test_a_picture_that_is_too_large_or_none_is_refused(server: Standing, data: bytes, wish: str) -> None:
    put(server, "a.png", data)

    answer = server.get(f"/view?filename=a.png&{wish}")

    assert (answer.status, answer.error) == (400, "bad_picture")


def test_the_limit_of_pixels_is_that_of_the_options(tmp_path: Path) -> None:
    with standing(tmp_path, Options(port=0, user=tmp_path / "user", limits=Limits(pixels=100))) as server:
        put(server, "a.png", png((10, 10)))
        put(server, "b.png", png((10, 11)))
        statuses = [server.get(f"/view?filename={name}.png&preview=webp").status for name in "ab"]

    assert statuses == [200, 400]


TRAVERSALS = [
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "..%5csecret.txt",
    "%252e%252e/secret.txt",
    "sub/../../secret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "C:%5csecret.txt",
    "%5c%5cserver%5cshare",
    "link%2fsecret.txt",
    "secret.txt%00.png",
    "CON",
    "a.png:stream",
    "a" * 300,
    "..",
    ".",
    "",
]


@pytest.mark.parametrize("name", TRAVERSALS)
def test_no_route_reads_or_writes_outside_of_its_folder(server: Standing, name: str) -> None:
    (server.home / "secret.txt").write_text("secret")
    for folder in ("output", "input", "user/default"):
        (server.home / folder).mkdir(parents=True, exist_ok=True)
        (server.home / folder / "link").symlink_to(server.home)
    before = {path for path in server.home.rglob("*") if "store" not in path.parts}

    answers = [
        server.get(f"/view?filename={name}"),
        server.get(f"/view?filename=secret.txt&subfolder={name}"),
        server.get(f"/userdata/{name}"),
        server.get(f"/userdata?dir={name}"),
        server.get(f"/v2/userdata?path={name}"),
        server.get(f"/view_metadata/checkpoints?filename={name}"),
        server.get(f"/view_metadata/{name}?filename=x.safetensors"),
        server.get(f"/experiment/models/preview/checkpoints/0/{name}"),
        server.get(f"/models/{name}"),
        server.get(f"/internal/files/{name}"),
        server.get(f"/extensions/core/{name}"),
        server.get(f"/api/workflow_templates/core/{name}"),
        server.get(f"/docs/{name}/en.md"),
    ]
    server.ask("POST", f"/userdata/{name}", b"overwritten")
    server.upload("/upload/image", b"overwritten", subfolder=name, overwrite="true")

    assert [answer.status for answer in answers if b"secret" in answer.body and answer.status == 200] == []
    assert all(answer.status < 500 for answer in answers)
    assert (server.home / "secret.txt").read_text() == "secret"
    allowed = ("input", "user", ".weft")
    new = {path for path in server.home.rglob("*") if "store" not in path.parts} - before
    assert [path for path in new if path.relative_to(server.home).parts[0] not in allowed] == []


def test_downloads_that_break_off_leave_no_file_open(server: Standing) -> None:
    put(server, "large.mp4", b"\0\0\0\x18ftypmp42" + bytes(8_000_000))

    def open_files() -> int:
        count = 0
        for link in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                count += link.readlink().name == "large.mp4"
        return count

    for _ in range(5):
        with socket.create_connection((server.host, server.port)) as line:
            line.sendall(b"GET /view?filename=large.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            line.recv(1000)
    deadline = time.monotonic() + 10
    while open_files() and time.monotonic() < deadline:
        time.sleep(0.02)

    assert open_files() == 0
    assert server.get("/view?filename=large.mp4", Range="bytes=4-7").body == b"ftyp"


def encoded(mode: str, form: str, size: tuple[int, int] = (9, 9), **how: object) -> bytes:
    into = io.BytesIO()
    Image.new(mode, size).save(into, form, **how)
    return into.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        encoded("CMYK", "jpeg"),
        encoded("I;16", "png"),
        encoded("P", "gif", save_all=True, append_images=[Image.new("P", (9, 9), 3)]),
        encoded("1", "png"),
        encoded("LA", "png"),
        encoded("F", "tiff"),
        encoded("RGB", "webp", (1, 1)),
        encoded("P", "png", transparency=0),
    ],
    ids=["cmyk", "16 bit", "animated", "1 bit", "grey with alpha", "floats", "one pixel", "palette"],
)
@pytest.mark.parametrize("wish", ["preview=webp", "preview=jpeg", "channel=rgb", "channel=a"])
def test_pictures_of_any_kind_can_be_looked_at(server: Standing, data: bytes, wish: str) -> None:
    put(server, "a.bin", data)

    answer = server.get(f"/view?filename=a.bin&{wish}")

    assert answer.status == 200
    assert opened(answer.body).size in {(9, 9), (1, 1)}
