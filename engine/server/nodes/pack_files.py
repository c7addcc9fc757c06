"""What packs bring for the editor, read from their folders: scripts, words in other languages, examples, help."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec
from aiohttp import web

from engine.graph.spec import NodeSpec
from engine.graph.types import type_text
from engine.packs.source import PackSource
from engine.packs.web import web_directory
from engine.server.access.headers import FOREIGN_EDITOR
from engine.server.answers import json_answer
from engine.server.frontend import file_below
from engine.server.services import SERVICES

table = web.RouteTableDef()
static = web.RouteTableDef()  # routes that stand where they are, without a twin below /api
EXAMPLES = ("example_workflows", "example", "examples", "workflow", "workflows")
WORDS = ("nodeDefs", "commands", "settings")
SCRIPTS = {"Content-Security-Policy": FOREIGN_EDITOR}


@table.get("/extensions")
async def get_extensions(request: web.Request) -> web.Response:
    """The paths of all scripts that the editor is to load: its own extensions, then those of packs."""
    services = request.app[SERVICES]
    return json_answer(await asyncio.to_thread(_scripts, services.options.front_end, services.settings.packs))


@static.get("/extensions/{pack}/{name:.+}")
async def get_extension(request: web.Request) -> web.StreamResponse:
    """A file of a pack's web directory, or of the editor's own extensions."""
    services, pack = request.app[SERVICES], request.match_info["pack"]
    source = _pack_named(services.settings.packs, pack)
    front_end = services.options.front_end
    folder = web_directory(source) if source else front_end / "extensions" / pack if front_end else None
    return _found(folder, request.match_info["name"])


@table.get("/i18n")
async def get_words(request: web.Request) -> web.Response:
    """Words in other languages that packs bring for their nodes, by language."""
    packs = request.app[SERVICES].settings.packs
    return json_answer(await asyncio.to_thread(_all_words, packs))


@table.get("/workflow_templates")
async def get_templates(request: web.Request) -> web.Response:
    """The names of the example workflows of each pack."""
    packs = request.app[SERVICES].settings.packs
    return json_answer(await asyncio.to_thread(lambda: dict(_templates(packs))))


@static.get("/api/workflow_templates/{pack}/{name:.+}")
async def get_template(request: web.Request) -> web.StreamResponse:
    """An example workflow of a pack, or its picture."""
    source = _pack_named(request.app[SERVICES].settings.packs, request.match_info["pack"])
    for folder in _example_folders(source) if source else ():
        if (answer := file_below(folder, request.match_info["name"], {})) is not None:
            return answer
    raise web.HTTPNotFound


@static.get("/templates/index.json")
async def get_own_templates(request: web.Request) -> web.Response:
    """ComfyUI's collection of templates, which comes in a package of its own and is not part of Weft."""
    return json_answer([])


@table.get("/global_subgraphs")
async def get_blueprints(request: web.Request) -> web.Response:
    """The subgraphs that packs bring for everybody, which newer front ends ask for: none."""
    return web.json_response({})


@static.get("/docs/{node}/{language}.md")
async def get_help(request: web.Request) -> web.Response:
    """The help of a node as a page."""
    spec = request.app[SERVICES].nodes.registry.get(request.match_info["node"])
    if spec is None:
        raise web.HTTPNotFound
    return web.Response(text=_help(spec), content_type="text/markdown")


def _pack_named(packs: tuple[PackSource, ...], name: str) -> PackSource | None:
    return next((source for source in packs if source.name and source.name == name), None)


def _found(folder: Path | None, name: str) -> web.StreamResponse:
    answer = file_below(folder, name, SCRIPTS) if folder else None
    if answer is None:
        raise web.HTTPNotFound
    return answer


def _scripts(front_end: Path | None, packs: tuple[PackSource, ...]) -> list[str]:
    own = [front_end / "extensions"] if front_end else []
    found = [f"/extensions/{name}" for folder in own for name in _script_names(folder)]
    for source in packs:
        if source.name and (folder := web_directory(source)) is not None:
            found += [f"/extensions/{quote(source.name)}/{name}" for name in _script_names(folder)]
    return found


def _script_names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.js"))


def _all_words(packs: tuple[PackSource, ...]) -> dict[str, dict[str, object]]:
    told: dict[str, dict[str, object]] = {}
    for source in packs:
        for language in sorted(source.path.glob("locales/*")) if source.name else ():
            words = told.setdefault(language.name, {})
            _merge(words, _words(language / "main.json"))
            for kind in WORDS:
                if more := _words(language / f"{kind}.json"):
                    _merge(words, {kind: more})
    return told


def _words(file: Path) -> Mapping[str, object]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError):  # a pack's broken words leave the pack in English
        return {}


def _merge(into: dict[str, object], more: Mapping[str, object]) -> None:
    for key, value in more.items():
        there = into.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            _merge(there, value)
        else:
            into[key] = value


def _templates(packs: tuple[PackSource, ...]) -> Iterator[tuple[str, list[str]]]:
    for source in packs:
        names = [path.stem for folder in _example_folders(source) for path in sorted(folder.glob("*.json"))]
        if names:
            yield source.name, names


def _example_folders(source: PackSource) -> list[Path]:
    if not source.name or not source.path.is_dir():
        return []
    return [folder for name in EXAMPLES if (folder := source.path / name).is_dir()]


def _help(spec: NodeSpec) -> str:
    lines = [f"# {spec.title}", "", spec.help, ""]
    for heading, ports in (("Inputs", spec.inputs), ("Outputs", spec.outputs)):
        if ports:
            lines += [f"## {heading}", "", "| name | type | |", "|---|---|---|"]
            lines += [
                f"| {port.name} | {_cell(type_text(port.type))} | {_cell(port.help)} |" for port in ports
            ]
            lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
