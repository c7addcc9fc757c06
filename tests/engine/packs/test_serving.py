"""Routes of packs: which one answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import pytest

from engine.packs import serving
from engine.packs.serving import ROUTES, Answer, Call, Route


@pytest.fixture(autouse=True)
def no_routes() -> Iterator[None]:
    before = list(ROUTES)
    ROUTES.clear()
    yield
    ROUTES[:] = before


async def handler(call: Call) -> Answer:
    return 200, (), f"{call.path} {dict(call.parts)}".encode()


@pytest.mark.parametrize(
    ("route", "path", "parts"),
    [
        ("/a", "/a", {}),
        ("/a", "/a/b", None),
        ("/a.b", "/axb", None),
        ("/{x}", "/one", {"x": "one"}),
        ("/{x}", "/one/two", None),
        ("/{x}", "/one%20two", {"x": "one two"}),
        ("/a/{x}/{y}", "/a/1/2", {"x": "1", "y": "2"}),
        (r"/{x:\d+}", "/12", {"x": "12"}),
        (r"/{x:\d+}", "/ab", None),
        (r"/{x:\d{2}}", "/12", {"x": "12"}),
        ("/files/{path:.*}", "/files/a/b.js", {"path": "a/b.js"}),
    ],
)
def test_paths_are_read_as_aiohttp_reads_them(route: str, path: str, parts: Mapping[str, str] | None) -> None:
    assert Route("GET", route, handler).parts("GET", path) == parts


@pytest.mark.parametrize(
    ("route", "asked", "is_meant"),
    [
        ("GET", "GET", True),
        ("GET", "HEAD", True),
        ("GET", "POST", False),
        ("*", "DELETE", True),
        ("POST", "GET", False),
    ],
)
def test_a_route_answers_its_method(route: str, asked: str, is_meant: bool) -> None:
    assert (Route(route, "/", handler).parts(asked, "/") is not None) is is_meant


def test_the_first_route_that_is_meant_answers() -> None:
    ROUTES.extend(
        [Route("POST", "/{x}", handler), Route("GET", "/{x}", handler), Route("GET", "/a", handler)]
    )

    assert asyncio.run(serving.answer("GET", "/a", "", (), b"")) == (200, (), b"/a {'x': 'a'}")
    status, _, body = asyncio.run(serving.answer("GET", "/a/b", "", (), b""))
    assert (status, body) == (404, b"No pack answers GET /a/b.")


def test_the_routes_of_a_pack_can_be_forgotten() -> None:
    ROUTES.extend([Route("GET", "/a", handler, "one"), Route("GET", "/b", handler, "other")])
    serving.forget("one")

    assert [route.path for route in ROUTES] == ["/b"]
