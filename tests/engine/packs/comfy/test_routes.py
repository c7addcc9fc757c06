"""Routes that packs register with aiohttp, answered as the server asks for them."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.packs import serving
from tests.engine.packs.comfy.lab import house

CODE = """
import os
from aiohttp import web
from server import PromptServer
routes = PromptServer.instance.routes

@routes.get('/toys/greet/{name}')
async def greet(request):
    name, header = request.match_info['name'], request.headers.get('X-A')
    return web.json_response({'name': name, 'q': request.query.get('q'), 'h': header})

@routes.post('/toys/echo')
async def echo(request):
    data = await request.json()
    return web.Response(text=data['text'], status=201, headers={'X-Toys': 'yes'})

@routes.post('/toys/upload')
async def upload(request):
    form = await request.post()
    return web.Response(body=form['file'].file.read(), content_type='application/x-toys')

@routes.get('/toys/stream')
async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for part in (b'one ', b'two'):
        await response.write(part)
    await response.write_eof()
    return response

@routes.get('/toys/refuse')
async def refuse(request):
    raise web.HTTPForbidden(text='not you')

@routes.get('/toys/file')
async def file(request):
    return web.FileResponse(__file__)

@routes.view('/toys/view')
class View(web.View):
    async def put(self):
        return web.Response(text='put')

async def plain(request):
    return web.Response(text='plain')

app = PromptServer.instance.app
app.add_routes([web.get('/toys/listed', plain), web.static('/toys/static', os.path.dirname(__file__))])
app.router.add_get('/toys/added', plain)
app.router.add_route('DELETE', '/toys/gone', plain)
"""


@pytest.fixture(autouse=True)
def _no_routes() -> Iterator[None]:
    yield
    serving.ROUTES.clear()


def ask(
    method: str, path: str, query: str = "", headers: serving.Headers = (), body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    status, found, answered = asyncio.run(serving.answer(method, path, query, headers, body))
    return status, {name.lower(): value for name, value in found}, answered


def test_handlers_get_what_was_asked_and_their_answers_come_back(tmp_path: Path) -> None:
    house(tmp_path, CODE)

    status, headers, body = ask("GET", "/toys/greet/a%20b", "q=1%262", (("X-A", "h"),))
    assert (status, headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert body == b'{"name": "a b", "q": "1&2", "h": "h"}'
    status, headers, body = ask(
        "POST", "/toys/echo", headers=(("Content-Type", "application/json"),), body=b'{"text": "hey"}'
    )
    assert (status, headers["x-toys"], body) == (201, "yes", b"hey")


def test_forms_streams_refusals_views_and_files_work(tmp_path: Path) -> None:
    house(tmp_path, CODE)
    form = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nbytes\r\n--B--\r\n'

    assert (
        ask(
            "POST", "/toys/upload", headers=(("Content-Type", "multipart/form-data; boundary=B"),), body=form
        )[2]
        == b"bytes"
    )
    assert ask("GET", "/toys/stream")[2] == b"one two"
    assert (ask("GET", "/toys/refuse")[0], ask("GET", "/toys/refuse")[2]) == (403, b"not you")
    assert ask("PUT", "/toys/view")[2] == b"put"
    assert ask("GET", "/toys/file")[2] == CODE.encode()


def test_routes_may_be_added_to_the_application(tmp_path: Path) -> None:
    house(tmp_path, CODE)

    assert [ask("GET", path)[2] for path in ("/toys/listed", "/toys/added")] == [b"plain", b"plain"]
    assert ask("DELETE", "/toys/gone")[2] == b"plain"
    assert ask("GET", "/toys/static/__init__.py")[2] == CODE.encode()
    assert ask("GET", "/toys/static/../../x")[0] == 404


def test_what_nobody_registered_is_not_found_and_a_pack_can_be_forgotten(tmp_path: Path) -> None:
    house(tmp_path, CODE)

    assert ask("GET", "/toys/nothing")[0] == 404
    assert {route.pack for route in serving.ROUTES} == {"toys"}
    serving.forget("toys")
    assert serving.ROUTES == []


def test_a_handler_that_raises_is_an_answer_of_500(tmp_path: Path) -> None:
    head = "from server import PromptServer\n@PromptServer.instance.routes.get('/toys/bad')\n"
    code = head + "async def bad(request): 1 / 0\n"
    house(tmp_path, code)

    assert ask("GET", "/toys/bad")[0] == 500


def test_packs_that_have_no_routes_load_no_aiohttp() -> None:
    code = (
        "import sys, engine.packs.load, engine.packs.comfy.surface.folder_paths\n"
        "print('aiohttp' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["False", "False"]
