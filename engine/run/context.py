"""What a node may ask of the run it is part of: progress, previews, cancellation, device, folders, files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

from engine.run.files import Files, Maker
from engine.run.folders import Folders
from engine.run.names import relative_name

T = TypeVar("T")


class Cancelled(BaseException):
    """Raised inside a node whose run is stopped. No `Exception`, so that `except Exception` lets it through."""


class ContextIncomplete(RuntimeError):
    """A node asked for something that the plain call it was part of did not bring along."""

    hint = "In a test, give the node a Context of its own: Context(inputs=Folders(...), outputs=Files(...))."


class Watcher(Protocol):
    """Who is told how far a node is, and says whether it should go on."""

    @property
    def cancelled(self) -> bool:
        """Whether the node should stop at the next step."""

    def progress(self, done: int, total: int) -> None:
        """Take note that `done` of `total` steps are done; the total is 0 where nobody knows it."""

    def preview(self, value: object) -> None:
        """Look at an unfinished value, if somebody wants to see one now."""

    def tell(self, kind: str, data: bytes, client: str, binary: int | None) -> None:
        """Take a message for clients."""

    def cancel(self) -> None:
        """End the whole run."""


class Nobody:
    """Nobody watches: for plain calls in tests and notebooks."""

    cancelled = False

    def progress(self, done: int, total: int) -> None:
        """Nobody takes note."""

    def preview(self, value: object) -> None:
        """Nobody looks."""

    def tell(self, kind: str, data: bytes, client: str, binary: int | None) -> None:
        """Nobody listens."""

    def cancel(self) -> None:
        """There is nothing to end."""


@dataclass(frozen=True, slots=True)
class Context:
    """Declare a parameter of this type and the engine gives it to the node; it is no socket.

    `device` is where to compute ("cpu" or "cuda"). `node` is the node's own id in the graph, behind the ids of those
    that turned into it ("outer/inner"); a node whose result depends on it is `once_per_node`. `provenance` holds the
    texts to write into files, so that a picture tells how it was made: "weft", the graph, and "prompt", the same as
    ComfyUI reads it. `inputs` and `outputs` are where files are found and put; nodes ask through the methods below.
    `request` is what the run was asked for with, where a server runs it: "run", "client", "prompt", "extra" and
    "secrets". `dtype` is what models' weights are to be kept in: "fp32", "bf16" or "fp16".
    """

    __weft_context__: ClassVar[bool] = True

    device: str = "cpu"
    provenance: Mapping[str, str] = field(default_factory=dict)
    watcher: Watcher = field(default=Nobody(), repr=False)
    inputs: Folders | None = None
    outputs: Files | None = None
    node: str = ""
    request: Mapping[str, object] = field(default_factory=dict, repr=False)
    dtype: str = "fp32"

    def for_node(self, node: str, watcher: Watcher) -> Context:
        """The same for one node of the run. Each node has its own, and `replace` would take three times as long."""
        return Context(
            self.device, self.provenance, watcher, self.inputs, self.outputs, node, self.request, self.dtype
        )

    def track(self, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Go through the items, telling of each, showing it if asked to, and leaving when the run is cancelled.

        Args:
            items: Steps of work: a list, or a generator that does a step for each item it gives.
            total: How many there will be, where `items` does not know.
        """
        if total is None:
            total = len(items) if isinstance(items, Sized) else 0
        self.progress(0, total)
        for done, item in enumerate(items, 1):
            self.progress(done, total)
            self.preview(item)
            yield item
            self.check_cancelled()

    def progress(self, done: int, total: int) -> None:
        """Tell that `done` of `total` steps are done; raises `Cancelled` when the run is cancelled."""
        self.check_cancelled()
        self.watcher.progress(done, total)

    def preview(self, value: object) -> None:
        """Offer an unfinished value for a look. It is not copied: do not change it afterwards."""
        self.watcher.preview(value)

    def tell(self, kind: str, data: bytes, client: str = "", binary: int | None = None) -> None:
        """Send a message to one client or to all, as `NodeTold` describes it."""
        self.watcher.tell(kind, data, client, binary)

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the run is cancelled."""
        if self.watcher.cancelled:
            raise Cancelled

    @property
    def files(self) -> Files:
        """Where the node puts the files that it makes."""
        if self.outputs is None:
            raise ContextIncomplete("This call has no folder to put files into.")
        run, attempt = self.request.get("run"), self.request.get("attempt")
        if isinstance(run, str) and isinstance(attempt, int):
            return replace(self.outputs, maker=Maker(run, attempt, self.node))
        return self.outputs

    def model_file(self, folder: str, name: str) -> Path:
        """The path of a file below `models/<folder>`."""
        return self._known_folders().find(folder, name)

    def input_file(self, name: str) -> Path:
        """The path of a file in the input folder."""
        return self._known_folders().find("input", name)

    def input_folder(self, name: str) -> Path:
        """The path of a folder in the input folder, such as a data set's."""
        return self._known_folders().find_folder("input", name)

    def state_file(self, name: str) -> Path:
        """Where a node keeps unfinished work, such as a training to be resumed; the file need not be there yet."""
        state = self.files.state
        if state is None:
            raise ContextIncomplete("This call has no folder for unfinished work.")
        return state / relative_name("state", name)

    def _known_folders(self) -> Folders:
        if self.inputs is None:
            raise ContextIncomplete("This call has no models and no input folder.")
        return self.inputs


NULL_CONTEXT = Context()
