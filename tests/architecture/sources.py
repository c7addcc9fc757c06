"""Our own Python files and the functions in them, read without importing anything."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "ldm", "nodes", "custom_nodes", "benchmarks", "tests")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """A function, method or inner function: `name` is dotted (`Cache.get`).

    `lines` counts its code: a node's signature and docstring are its sockets and its help in the editor.
    """

    file: str
    name: str
    lines: int
    documented: bool
    public: bool
    outermost: bool

    @property
    def key(self) -> str:
        return f"{self.file}:{self.name}"


def files(*folders: str) -> list[Path]:
    """Every Python file of ours below these folders; main.py too where none is named."""
    found = [path for folder in folders or FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return found if folders else [ROOT / "main.py", *found]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(*folders: str) -> list[Function]:
    return [
        function
        for path in files(*folders)
        for function in functions_of(relative(path), path.read_text("utf-8"))
    ]


def functions_of(file: str, text: str) -> list[Function]:
    return list(_walk(ast.parse(text), file, (), inside_function=False))


def _walk(parent: ast.AST, file: str, scope: tuple[str, ...], *, inside_function: bool) -> Iterator[Function]:
    for child in ast.iter_child_nodes(parent):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                inner = (*scope, name)
                yield Function(
                    file=file,
                    name=".".join(inner),
                    lines=_lines(child),
                    documented=ast.get_docstring(child) is not None,
                    public=not any(part.startswith("_") for part in inner),
                    outermost=not inside_function,
                )
                yield from _walk(child, file, inner, inside_function=True)
            case ast.ClassDef(name=name):
                yield from _walk(child, file, (*scope, name), inside_function=inside_function)
            case _:
                yield from _walk(child, file, scope, inside_function=inside_function)


def _lines(function: FunctionNode) -> int:
    """From the first statement behind the docstring to the last."""
    code = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return 0 if not code else (code[-1].end_lineno or code[-1].lineno) - code[0].lineno + 1
