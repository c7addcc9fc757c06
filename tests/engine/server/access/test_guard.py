"""What stands before every route: the host, the origin, the token, the headers of every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.backends.backend import Device
from engine.server.app import routes
from engine.server.options import Options
from tests.engine.server.standing import Standing, Still, standing

PLACES = sorted({(route.method, re.sub(r"\{[^}]*\}", "x", route.path)) for route in routes()})
PLACES += [("GET", "/nothing/here"), ("GET", "/loud/x"), ("OPTIONS", "/prompt"), ("HEAD", "/")]
TOKEN = "a-token-of-this-test"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("guarded")) as server:
        yield server


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A server that asks for a token."""
    home = tmp_path_factory.mktemp("locked")
    with standing(home, Options(port=0, user=home / "user", token=TOKEN)) as server:
        yield server


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "localhost.", "0.0.0.0"])
def test_no_route_is_served_under_another_name(server: Standing, host: str) -> None:
    answers = {place: server.ask(*place, headers={"Host": host}).status for place in PLACES}

    assert {place: status for place, status in answers.items() if status != 421} == {}


@pytest.mark.parametrize("lines", [b"", b"Host: 127.0.0.1\r\nHost: evil.test\r\n"], ids=["none", "two"])
def test_a_request_names_its_host_exactly_once(server: Standing, lines: bytes) -> None:
    said = server.raw(b"GET /system_stats HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")

    assert said.split()[1] in {b"421", b"400"}
    assert b"ram_total" not in said


def test_no_route_is_open_to_a_page_of_another_origin(server: Standing) -> None:
    answers = {place: server.ask(*place, headers={"Origin": "http://evil.test"}).status for place in PLACES}

    assert {place: status for place, status in answers.items() if status != 403} == {}


def test_a_form_of_another_site_changes_nothing(server: Standing) -> None:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
    }

    answer = server.ask("POST", "/settings/stolen", b"1", headers)

    assert (answer.status, server.get("/settings/stolen").json) == (403, None)


def test_a_websocket_of_another_origin_is_not_opened(server: Standing) -> None:
    said = server.raw(
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.test\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGVzdHRlc3R0ZXN0dGVzdA==\r\n\r\n"
    )

    assert said.startswith(b"HTTP/1.1 403")


def test_every_answer_has_the_headers_of_safety(server: Standing) -> None:
    for method, path in PLACES:
        if path.endswith("/ws") or "/events" in path:
            continue
        headers = server.ask(method, path, b"{}" if method != "GET" else None).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert "camera=()" in headers["Permissions-Policy"], path


def test_an_allowed_origin_is_told_that_it_may_read(tmp_path: Path) -> None:
    friend = "https://friend.example"
    with standing(tmp_path, Options(port=0, user=tmp_path / "user", origins=(friend,))) as server:
        answer = server.get("/queue", Origin=friend)

    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, friend)


def test_without_the_token_no_route_answers(locked: Standing) -> None:
    places = [place for place in PLACES if place[1] != "/login" and place[0] != "OPTIONS"]
    answers = {place: locked.ask(*place).status for place in places}

    assert {place: status for place, status in answers.items() if status != 401} == {}


def test_a_program_shows_the_token_as_bearer(locked: Standing) -> None:
    assert locked.get("/queue", Authorization=f"Bearer {TOKEN}").status == 200


def test_the_link_works_once_and_gives_a_cookie_that_scripts_cannot_read(tmp_path: Path) -> None:
    with standing(tmp_path, Options(port=0, user=tmp_path / "user", token=TOKEN)) as server:
        path = server.server.listening.link.partition(str(server.port))[2]
        first, second = server.get(path), server.get(path)
        cookie = first.headers["Set-Cookie"]
        name = cookie.partition(";")[0]
        inside = server.get("/queue", Cookie=name)

    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert TOKEN not in cookie
    assert (inside.status, second.headers["Set-Cookie"]) == (200, None)


def test_wrong_tokens_are_not_listened_to_for_long(tmp_path: Path) -> None:
    with standing(tmp_path, Options(port=0, user=tmp_path / "user", token=TOKEN)) as server:
        statuses = [server.get("/queue", Authorization=f"Bearer {guess}").status for guess in range(11)]
        right = server.get("/queue", Authorization=f"Bearer {TOKEN}").status

    assert (statuses, right) == ([401] * 10 + [429], 429)


class Broken(Still):
    """A backend whose device cannot be asked for."""

    async def device(self) -> Device:
        raise RuntimeError("a secret path: /home/someone")


def test_an_internal_error_is_an_id_to_the_client_and_a_traceback_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with standing(tmp_path, backend=Broken()) as server:
        answer = server.get("/system_stats")

    body = answer.json
    assert isinstance(body, dict)
    id = body["error"]["extra_info"]["id"]
    assert (answer.status, answer.error) == (500, "internal_error")
    assert b"secret path" not in answer.body
    assert b"Traceback" not in answer.body
    assert any(id in record.getMessage() and record.exc_info for record in caplog.records)
