from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from engine.server.options import Options
from tests.engine.server.standing import Standing, standing


def options(home: Path) -> Options:
    return Options(port=0, user=home / "user", front_end=home / "web" / "dist")


def build(home: Path) -> None:
    """Something like what Vite makes."""
    built = home / "web" / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text('<script type="module" src="./assets/index-Dr2KbXPD.js"></script>')
    (built / "assets" / "index-Dr2KbXPD.js").write_text("// as it is")
    (built / "assets" / "index-Dr2KbXPD.js.gz").write_bytes(b"packed")
    (built / "favicon.svg").write_text("<svg/>")


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Standing]:
    build(tmp_path)
    with standing(tmp_path, options(tmp_path)) as server:
        yield server


def test_the_page_is_asked_for_anew_each_time_and_its_files_never_again(editor: Standing) -> None:
    page, script = editor.get("/"), editor.get("/assets/index-Dr2KbXPD.js")

    assert (page.status, page.headers["Cache-Control"]) == (200, "no-cache")
    assert (script.status, script.body) == (200, b"// as it is")
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in editor.get("/favicon.svg").headers["Cache-Control"]


def test_the_page_runs_no_script_and_takes_no_style_but_its_own_files(editor: Standing) -> None:
    policy = editor.get("/").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy


def test_who_takes_gzip_gets_the_packed_file(editor: Standing) -> None:
    script = editor.get("/assets/index-Dr2KbXPD.js", Accept_Encoding="gzip")

    assert (script.body, script.headers["Content-Encoding"]) == (b"packed", "gzip")
    assert (script.headers["Content-Type"], script.headers["Vary"]) == ("text/javascript", "Accept-Encoding")


def test_another_editors_files_are_not_kept_for_good(tmp_path: Path) -> None:
    build(tmp_path)
    foreign = Options(
        port=0, user=tmp_path / "user", front_end=tmp_path / "web" / "dist", own_front_end=False
    )
    with standing(tmp_path, foreign) as server:
        assert server.get("/assets/index-Dr2KbXPD.js").headers["Cache-Control"] == "no-cache"


def test_without_an_editor_a_page_says_how_to_have_one(tmp_path: Path) -> None:
    with standing(tmp_path, options(tmp_path)) as bare:
        page = bare.get("/")

    text = page.body.decode()
    assert "python main.py build-editor" in text
    assert "python main.py --front-end-root" in text
    assert "<script" not in text


def test_the_style_of_that_page_is_the_only_one_that_it_may_have(tmp_path: Path) -> None:
    with standing(tmp_path, options(tmp_path)) as bare:
        page = bare.get("/")

    (style,) = re.findall(r"<style>(.*?)</style>", page.body.decode(), re.DOTALL)
    allowed = f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    assert page.headers["Content-Security-Policy"].split("; ")[-1] == allowed


def test_an_editor_that_is_built_while_the_server_runs_is_served(tmp_path: Path) -> None:
    with standing(tmp_path, options(tmp_path)) as server:
        build(tmp_path)
        page = server.get("/")

    assert b"assets/index-Dr2KbXPD.js" in page.body
