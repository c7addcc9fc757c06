"""What a ComfyUI node returned, taken apart: a tuple, a dictionary with `ui`, `result` or `expand`, a `NodeOutput`."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from engine.graph.spec import Literal_
from engine.graph.values import Blocked, Both, Published, PublishedFile
from engine.packs.comfy.blocking import ExecutionBlocker, blocked_for
from engine.packs.comfy.declared import PackNode
from engine.packs.comfy.expansion import expanded
from engine.packs.comfy.node_output import NodeOutput
from engine.packs.comfy.places import places
from engine.packs.comfy.plain_data import as_plain
from engine.packs.comfy.running import Call

# Under which name a file of a media type is looked for; others a node shows in its own way.
SHOWN_AS = {"image": "images", "audio": "audio"}


class WrongReturn(TypeError):
    """A node returned what it does not declare."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.hint = hint


def read(node: PackNode, value: object, call: Call) -> object:
    """What the engine is given for what a node returned: a value, a tuple, `Published`, `Both`, `Expand`, `Blocked`."""
    kind = value.__class__
    if kind is tuple:
        return _values(node, cast("tuple[object, ...]", value))  # most nodes by far
    if kind is ExecutionBlocker:
        return _blocked(node, value)  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return _dictionary(node, value, call)
    if isinstance(value, NodeOutput):
        return _output(node, value, call)
    if value is None and not node.spec.outputs:
        return None
    return _values(node, _sequence(node, value))


def _blocked(node: PackNode, blocker: ExecutionBlocker) -> object:
    return blocked_for(blocker) if node.spec.outputs else None


def _values(node: PackNode, values: Sequence[object]) -> object:
    outward, outputs = node.outward, node.spec.outputs
    if len(outward) == 1 and len(values) >= 1:
        value, change = values[0], outward[0]
        if change is None and not outputs[0].gives_list and value.__class__ is not ExecutionBlocker:
            return value
        return _ours(node, 0, value)
    if not outputs:
        return None
    return _all(node, values)


def _all(node: PackNode, values: Sequence[object]) -> tuple[object, ...]:
    outputs = node.spec.outputs
    if len(values) < len(outputs):
        names = ", ".join(output.name for output in outputs)
        raise WrongReturn(
            f"It returned {len(values)} values, but declares {names}.",
            "Return a tuple with a value for each.",
        )
    return tuple(_ours(node, index, values[index]) for index in range(len(outputs)))


def _ours(node: PackNode, index: int, value: object) -> object:
    """A value of the output of this index as it flows along links."""
    change = node.outward[index]
    if value.__class__ is ExecutionBlocker:
        return blocked_for(value)
    if node.spec.outputs[index].gives_list:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise WrongReturn(
                f"It returned {type(value).__name__} as '{node.spec.outputs[index].name}', which is a list.",
                "Return a list for each output that OUTPUT_IS_LIST names.",
            )
        return [
            blocked_for(item)
            if isinstance(item, ExecutionBlocker)
            else item
            if change is None
            else change(item)
            for item in value
        ]
    return value if change is None else change(value)


def _dictionary(node: PackNode, value: Mapping[str, Any], call: Call) -> object:
    if not {"ui", "result", "expand"} & value.keys():
        raise WrongReturn(
            "It returned a dictionary without 'ui', 'result' or 'expand'.",
            "Return a tuple, (value,), also for a single output.",
        )
    published = None if value.get("ui") is None else shown(value["ui"])
    result = value.get("result")
    return _told(node, result, value.get("expand"), published, call)


def _output(node: PackNode, value: NodeOutput, call: Call) -> object:
    if value.block_execution is not None and not value.args:
        return _blocked(node, ExecutionBlocker(value.block_execution))
    ui = value.ui
    as_dict = getattr(ui, "as_dict", None)
    published = None if ui is None else shown(as_dict() if callable(as_dict) else ui)
    return _told(node, value.args or None, value.expand, published, call)


def _told(node: PackNode, result: object, expand: object, published: Published | None, call: Call) -> object:
    if isinstance(result, ExecutionBlocker):
        return _blocked(node, result)
    if expand is not None:
        if not node.may_expand:
            raise WrongReturn(
                "It returned 'expand', but its schema does not allow it.", "Set enable_expand=True."
            )
        values = () if result is None else _sequence(node, result)
        return expanded(
            expand, values, node.spec, lambda index, one: _ours(node, index, one), published, call
        )
    if not node.spec.outputs:
        return published
    if result is None:
        if published is None:
            raise WrongReturn("It returned no values.", "Return a tuple with a value for each output.")
        # Shown, but nothing given: what reads it has nothing to read.
        return Both(tuple(Blocked("It gave no value.") for _ in node.spec.outputs), published)
    if published is None:
        return _values(node, _sequence(node, result))
    return Both(_all(node, _sequence(node, result)), published)


def _sequence(node: PackNode, value: object) -> Sequence[object]:
    """The values, of whatever can be asked for them one by one: that is all that ComfyUI does."""
    if isinstance(value, tuple | list):
        return value
    if not isinstance(value, str | bytes) and hasattr(value, "__getitem__") and hasattr(value, "__len__"):
        return [value[index] for index in range(min(len(value), len(node.spec.outputs)))]
    shown_value = "nothing" if value is None else f"{type(value).__name__}"
    raise WrongReturn(f"It returned {shown_value} instead of a tuple.", "Return (value,), with the comma.")


def shown(ui: object) -> Published:
    """What a node shows. Every value of its dictionary is a list; a single value counts as a list of one."""
    if not isinstance(ui, Mapping):
        raise WrongReturn(f"Its 'ui' is {type(ui).__name__}.", "Give a dictionary of lists.")
    lists = {str(key): _items(value) for key, value in ui.items()}
    return Published(tuple(_files(lists)), lists)


def _items(value: object) -> tuple[Literal_, ...]:
    plain = as_plain(value)
    if isinstance(plain, str):
        return tuple(plain)  # a text is a list of its letters, as in ComfyUI: clients put them together again
    return plain if isinstance(plain, tuple) else (plain,)


def _files(lists: Mapping[str, tuple[Literal_, ...]]) -> Iterable[PublishedFile]:
    known = places()
    roots = {"output": known.output, "temp": known.temp}
    for key, items in lists.items():
        for item in items:
            if not isinstance(item, Mapping) or item.get("type", "output") not in roots:
                continue
            name, below, folder = item.get("filename"), item.get("subfolder", ""), item.get("type", "output")
            media = mimetypes.guess_type(str(name))[0] or ""
            if (
                not isinstance(name, str)
                or not isinstance(below, str)
                or SHOWN_AS.get(media.partition("/")[0]) != key
            ):
                continue
            relative = (Path(below.replace("\\", "/")) / name).as_posix()
            path = roots[str(folder)] / relative
            if path.is_file():
                yield PublishedFile(relative, str(folder), str(path), media)
