from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backends.backend import Packs, WorkerLost
from engine.backends.settings import settings_at
from engine.graph.registry import registry_of
from engine.packs.source import PackFailure
from engine.server import running
from engine.server.nodes import pack_routes
from engine.server.options import Options
from tests.engine.server.comfy_traffic import spec
from tests.engine.server.standing import Standing, Still, standing

FAILURE = PackFailure("broken", "custom_nodes/broken/__init__.py:3", "ImportError", "No module named 'gone'")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    home = tmp_path_factory.mktemp("packs")
    pack, front_end = home / "custom_nodes" / "my pack", home / "web"
    write(pack / "__init__.py", 'raise SystemError("never imported here")\nWEB_DIRECTORY = "./js"\n')
    write(pack / "js" / "deep" / "a.js", "// a")
    write(pack / "js" / "a.css", "/* a */")
    write(pack / "locales" / "de" / "nodeDefs.json", '{"Node": {"display_name": "Knoten"}}')
    write(pack / "locales" / "de" / "main.json", '{"x": 1}')
    write(pack / "locales" / "fr" / "main.json", "{broken")
    write(pack / "example_workflows" / "first.json", '{"nodes": []}')
    write(home / "custom_nodes" / "broken" / "__init__.py", "import gone\n")
    write(home / "custom_nodes" / "outside" / "__init__.py", 'WEB_DIRECTORY = "../.."\n')
    write(front_end / "index.html", "<html>the editor</html>")
    write(front_end / "assets" / "app.js", "// app")
    write(front_end / "extensions" / "core" / "own.js", "// own")
    options = Options(
        port=0, user=home / "user", packs=(home / "custom_nodes",), front_end=front_end, own_front_end=False
    )
    nodes = [spec("One", help="Does one thing.\n\nAnd well."), spec("Mine", pack="my pack", effect=True)]
    settings = replace(settings_at(home), libraries=())
    with standing(home, options, Still(registry_of(nodes), (FAILURE,)), settings) as server:
        server.get("/object_info")
        yield server


def test_the_scripts_of_the_editor_and_of_packs_are_listed(server: Standing) -> None:
    assert server.get("/extensions").json == ["/extensions/core/own.js", "/extensions/my%20pack/deep/a.js"]


@pytest.mark.parametrize(
    ("path", "body"), [("/extensions/my%20pack/deep/a.js", b"// a"), ("/extensions/core/own.js", b"// own")]
)
def test_scripts_are_served_as_scripts(server: Standing, path: str, body: bytes) -> None:
    answer = server.get(path)

    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Type"] == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["__init__.py", "../__init__.py", "..%2f__init__.py", "deep", "gone.js"])
def test_nothing_but_the_web_directory_of_a_pack_is_served(server: Standing, name: str) -> None:
    assert server.get(f"/extensions/my%20pack/{name}").status == 404


def test_a_web_directory_outside_of_its_pack_is_none(server: Standing) -> None:
    assert server.get("/extensions/outside/web/index.html").status == 404


def test_words_in_other_languages_are_put_together(server: Standing) -> None:
    words = server.get("/i18n").json

    assert words == {"de": {"x": 1, "nodeDefs": {"Node": {"display_name": "Knoten"}}}, "fr": {}}


def test_example_workflows_are_listed_and_served(server: Standing) -> None:
    assert server.get("/workflow_templates").json == {"my pack": ["first"]}
    assert server.get("/api/workflow_templates/my%20pack/first.json").json == {"nodes": []}
    assert server.get("/api/workflow_templates/my%20pack/..%2f__init__.py").status == 404


def test_a_nodes_help_is_a_page(server: Standing) -> None:
    page = server.get("/docs/One/en.md")

    assert (page.status, page.body.decode().splitlines()[0]) == (200, "# One")
    assert server.get("/docs/None/en.md").status == 404


def test_the_editor_is_served_at_the_root(server: Standing) -> None:
    page, script = server.get("/"), server.get("/assets/app.js")

    assert (page.body, page.headers["Content-Type"]) == (b"<html>the editor</html>", "text/html")
    assert page.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self' 'unsafe-inline'" in page.headers["Content-Security-Policy"]
    assert (script.body, script.headers["Content-Type"]) == (b"// app", "text/javascript")
    assert server.get("/assets/..%2f..%2fmodels").status == 404


def test_a_packs_route_is_waited_for_while_packs_are_imported(tmp_path: Path) -> None:
    class Slow(Still):
        async def ready(self) -> Packs:
            await asyncio.sleep(0.3)
            return await super().ready()

    with standing(tmp_path, backend=Slow()) as starting:
        assert starting.get("/loud/hello").body == b"/LOUD/HELLO?"
        assert starting.get("/silent/hello").status == 404


def test_a_worker_that_never_starts_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Never(Still):
        async def ready(self) -> Packs:
            await asyncio.sleep(3600)
            return await super().ready()

    monkeypatch.setattr(pack_routes, "LONGEST_WAIT", 0.2)
    with standing(tmp_path, backend=Never()) as starting:
        answer = starting.get("/loud/hello")

    assert (answer.status, answer.error) == (503, "not_ready")


def test_a_worker_that_dies_when_it_is_asked_for_its_routes_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(Still):
        asked = 0

        async def routes(self) -> tuple[tuple[str, str], ...]:
            self.asked += 1
            if self.asked == 1:
                raise WorkerLost(-9, None)
            return await super().routes()

    monkeypatch.setattr(running, "AGAIN", 0.01)
    with standing(tmp_path, backend=Dying()) as starting:
        assert starting.get("/loud/hello").body == b"/LOUD/HELLO?"


def test_a_packs_route_is_answered_by_the_pack(server: Standing) -> None:
    got, posted = server.get("/api/loud/hello?to=you"), server.ask("POST", "/loud", b"more")

    assert (got.status, got.body, got.headers["X-Loud"]) == (201, b"/LOUD/HELLO?TO=YOU", "yes")
    assert posted.body == b"/LOUD?MORE"
    assert got.headers["Content-Type"] == "text/x-loud"


def test_a_route_that_a_pack_does_not_have_is_not_found(server: Standing) -> None:
    assert (server.get("/loud").status, server.ask("DELETE", "/loud/x").status) == (404, 404)


def test_packs_are_listed_with_what_went_wrong(server: Standing) -> None:
    told = server.get("/api/packs").json
    assert isinstance(told, dict)
    by_name = {pack["name"]: pack for pack in told["packs"]}

    assert by_name["my pack"]["nodes"] == ["Mine"]
    assert by_name["broken"]["failures"][0]["error"] == "ImportError"
    assert "No module named 'gone'" in by_name["broken"]["failures"][0]["text"]


def test_a_pack_is_loaded_anew(server: Standing) -> None:
    answer = server.post("/api/packs/my%20pack/reload")

    assert (answer.status, server.backend.reloaded) == (200, ["my pack"])
    assert server.post("/api/packs/nowhere/reload").error == "unknown_pack"


def test_nodes_are_told_with_all_that_is_known(server: Standing) -> None:
    told = server.get("/api/nodes").json
    assert isinstance(told, dict)

    assert [node["id"] for node in told["nodes"]] == ["One", "Mine"]
    assert {"title", "inputs", "outputs", "effect", "help"} < told["nodes"][0].keys()


def test_a_node_of_comfyuis_info_is_told_alone_or_with_all(server: Standing) -> None:
    every = server.get("/object_info").json
    assert isinstance(every, dict)

    assert list(every) == ["One", "Mine"]
    assert server.get("/api/object_info/Mine").json == {"Mine": every["Mine"]}


def test_a_graph_is_checked_without_being_run(server: Standing) -> None:
    wrong = server.post("/api/validate", {"prompt": {"1": {"class_type": "Mien", "inputs": {}}}}).json
    right = server.post("/validate", {"1": {"class_type": "Mine", "inputs": {}}}).json

    assert isinstance(wrong, dict)
    assert right == {"valid": True, "nodes": 1, "problems": []}
    (problem,) = wrong["problems"]
    assert (problem["type"], problem["node"], problem["hint"]) == ("UnknownNode", "1", "Did you mean Mine?")
    assert json.loads(server.get("/queue").body)["queue_pending"] == []
