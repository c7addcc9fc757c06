"""The history as ComfyUI's clients read it. What is kept as JSON is put in as it is, and never read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine.server.telling.messages import ExecutionError, ExecutionInterrupted
from engine.store.records import Finished, Run


def item(run: Run, graph: bytes, extra: bytes) -> list[object]:
    """A run as it stands in the queue and in the history: number, id, prompt, extra data, outputs to execute."""
    return [number_of(run), run.id, msgspec.Raw(graph), msgspec.Raw(extra), run.targets]


def number_of(run: Run) -> int | float:
    """A run's place in the queue; whole where it is, as ComfyUI's clients know it."""
    return int(run.number) if run.number == int(run.number) else run.number


def history(entries: Iterable[Finished]) -> bytes:
    """The entries by their runs' ids."""
    return b"{" + b",".join(map(_named, entries)) + b"}"


def entry(finished: Finished) -> bytes:
    """`prompt`, `outputs`, `status`, `meta`, and of Weft `weft`."""
    prompt = msgspec.json.encode(item(finished.run, finished.graph, finished.extra))
    return b'{"prompt":' + prompt + b"," + result(finished)[1:]


def result(finished: Finished) -> bytes:
    """The same without the prompt."""
    return finished.document if len(finished.document) > 2 else msgspec.json.encode(_without(finished.run))


def _named(finished: Finished) -> bytes:
    return msgspec.json.encode(finished.run.id) + b":" + entry(finished)


def _without(run: Run) -> Mapping[str, object]:
    """What can be said of a run that left nothing behind: its worker died, or it never began."""
    stamp = int((run.ended or run.created) * 1000)
    at = f"{run.attempt}.0"
    last: tuple[str, object]
    if run.status == "cancelled":
        last = "execution_interrupted", ExecutionInterrupted(run.id, run.node, "", [], stamp, at)
    else:
        error = ExecutionError(
            prompt_id=run.id,
            node_id=run.node,
            node_type="",
            executed=[],
            exception_message=f"{run.reason}\n",
            exception_type="WorkerLost",
            traceback=[],
            current_inputs={},
            current_outputs=[],
            timestamp=stamp,
            node_path=None,
            hint="",
            error_id="",
            at=at,
        )
        last = "execution_error", error
    status = {"status_str": "error", "completed": False, "messages": [last]}
    weft = {"attempt": run.attempt, "seconds": 0.0, "nodes": {}}
    return {"outputs": {}, "status": status, "meta": {}, "weft": weft}
