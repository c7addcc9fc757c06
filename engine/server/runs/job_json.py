"""A run as ComfyUI's list of jobs shows it: queue and history in one shape. What is not known is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from engine.server.runs.history_json import number_of, result
from engine.store.records import Finished, Run, RunStatus

Job: TypeAlias = dict[str, object]

STATUSES: Mapping[str, tuple[RunStatus, ...]] = {
    "pending": ("queued",),
    "in_progress": ("running",),
    "completed": ("done",),
    "failed": ("failed", "poisoned"),
    "cancelled": ("cancelled",),
}
NAMES: Mapping[RunStatus, str] = {ours: name for name, all in STATUSES.items() for ours in all}

SHOWN = ("images", "video", "gifs", "audio", "3d")  # the kinds of files that a client can show


class Kept(msgspec.Struct):
    """What the history keeps of a run, as far as jobs tell it."""

    outputs: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    status: dict[str, Any] = msgspec.field(default_factory=dict)


def job(run: Run, extra: bytes, finished: Finished | None = None) -> Job:
    """The run without its graph."""
    told: Job = {
        "id": run.id,
        "status": NAMES[run.status],
        "priority": number_of(run),
        "create_time": _milliseconds(run.created),
        "execution_start_time": _milliseconds(run.started),
        "execution_end_time": _milliseconds(run.ended),
        "outputs_count": 0,
        "workflow_id": workflow_of(extra),
    }
    if finished is not None:
        kept = _kept(finished)
        files = list(_files(kept.outputs))
        told |= {
            "outputs_count": len(files),
            "preview_output": _preview(files),
            "execution_error": _error(kept.status),
        }
    return {name: value for name, value in told.items() if value is not None}


def whole_job(run: Run, graph: bytes, extra: bytes, finished: Finished | None = None) -> Job:
    """The run with its outputs and its graph."""
    told = job(run, extra, finished)
    if finished is not None:
        kept = _kept(finished)
        told |= {"outputs": kept.outputs, "execution_status": kept.status}
    return {**told, "workflow": {"prompt": msgspec.Raw(graph), "extra_data": msgspec.Raw(extra)}}


def workflow_of(extra: bytes) -> str | None:
    """The id of the editor's workflow that a run was made from."""
    found = msgspec.json.decode(extra)
    for name in ("extra_pnginfo", "workflow", "id"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def _kept(finished: Finished) -> Kept:
    return msgspec.json.decode(result(finished), type=Kept)


def _files(outputs: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, object]]:
    """Every file that a run shows, with the node and the kind that it is shown as."""
    for node, shown in outputs.items():
        for kind, items in shown.items():
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict) and "filename" in item:
                    yield {**item, "nodeId": node, "mediaType": kind}


def _preview(files: list[Mapping[str, object]]) -> Mapping[str, object] | None:
    """The file that stands for the run: the first that was saved, or else the first at all."""
    seen = [file for file in files if file["mediaType"] in SHOWN]
    return next((file for file in seen if file.get("type") == "output"), seen[0] if seen else None)


def _error(status: Mapping[str, Any]) -> object:
    messages = status.get("messages", ())
    return next((data for kind, data in reversed(list(messages)) if kind == "execution_error"), None)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)
