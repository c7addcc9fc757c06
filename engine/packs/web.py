"""Which folders of packs hold scripts for the editor, told without importing the packs."""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.packs.source import PackSource

NAME = "WEB_DIRECTORY"
PROJECT = "pyproject.toml"

# What packs put a path together with.
CALLS: Mapping[str, Callable[..., str]] = {
    "os.path.join": os.path.join,
    "os.path.dirname": os.path.dirname,
    "os.path.abspath": os.path.abspath,
    "os.path.realpath": os.path.realpath,
    "os.path.normpath": os.path.normpath,
    "pathlib.Path": str,
    "Path": str,
    "str": str,
}


def web_directories(sources: Iterable[PackSource]) -> dict[str, Path]:
    """The folders with scripts, by the name that clients find them under: the pack's, or that of its project."""
    found: dict[str, Path] = {}
    for source in sources:
        if not source.name:
            continue
        if (folder := web_directory(source)) is not None:
            found[source.name] = folder
        name, web = _project(source)
        if name and web is not None:
            found[name] = web
    return found


def web_directory(source: PackSource) -> Path | None:
    """The folder that the pack's `WEB_DIRECTORY` names, or None where it names none that is there."""
    try:
        named = _named(source.file, source.file.stat().st_mtime_ns)
    except OSError:
        return None
    return _below(source, named)


def _below(source: PackSource, named: str | None) -> Path | None:
    folder = (source.file.parent / named).resolve() if named else None
    below = folder is not None and folder.is_dir() and folder.is_relative_to(source.file.parent.resolve())
    return folder if below else None


def _project(source: PackSource) -> tuple[str, Path | None]:
    """The name of the pack's project, and the folder that its `[tool.comfy]` names."""
    try:
        told: dict[str, Any] = tomllib.loads((source.path / PROJECT).read_text("utf-8"))
        return str(told["project"]["name"]), _below(source, str(told["tool"]["comfy"]["web"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "", None


@lru_cache(maxsize=1024)
def _named(file: Path, date: int) -> str | None:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return None
    names = {"__file__": str(file)}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if (
                found := _path(value, names)
            ) is not None:
                names[name] = found
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                if (found := _path(value, names)) is not None:
                    names[name] = found
    return names.get(NAME)


def _path(value: ast.expr, names: Mapping[str, str]) -> str | None:
    """The text that an expression stands for, if it is put together from nothing but paths."""
    match value:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=inner, attr="parent"):
            home = _path(inner, names)
            return None if home is None else os.path.dirname(home)
        case ast.BinOp(left=left, op=ast.Add() | ast.Div() as operator, right=right):
            parts = [_path(left, names), _path(right, names)]
            if parts[0] is None or parts[1] is None:
                return None
            return parts[0] + parts[1] if isinstance(operator, ast.Add) else os.path.join(parts[0], parts[1])
        case ast.Call(func=function, args=arguments, keywords=[]) if call := CALLS.get(ast.unparse(function)):
            given = [_path(argument, names) for argument in arguments]
            return None if None in given or not given else call(*given)
    return None
