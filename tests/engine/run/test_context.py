from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread

import pytest

from engine.api import NULL_CONTEXT, Cancelled, Context
from engine.run.context import ContextIncomplete
from engine.run.files import DiskFull, Files
from engine.run.folders import FileMissing, Folders
from engine.run.names import BadName
from tests.engine.installation import ROOT


@dataclass
class Notes:
    """Takes note of everything it is told."""

    stop_after: int = 1000
    told: list[tuple[int, int]] = field(default_factory=list)
    seen: list[object] = field(default_factory=list)
    messages: list[tuple[str, bytes, str, int | None]] = field(default_factory=list)

    @property
    def cancelled(self) -> bool:
        return len(self.told) > self.stop_after

    def progress(self, done: int, total: int) -> None:
        self.told.append((done, total))

    def preview(self, value: object) -> None:
        self.seen.append(value)

    def tell(self, kind: str, data: bytes, client: str, binary: int | None) -> None:
        self.messages.append((kind, data, client, binary))

    def cancel(self) -> None:
        self.stop_after = -1


def test_track_gives_the_items_and_tells_of_each() -> None:
    notes = Notes()

    assert list(Context(watcher=notes).track("abc")) == ["a", "b", "c"]
    assert notes.told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert notes.seen == ["a", "b", "c"]


def test_track_takes_the_total_where_the_items_do_not_know_it() -> None:
    notes, unknown = Notes(), Notes()
    list(Context(watcher=notes).track(iter("ab"), total=2))
    list(Context(watcher=unknown).track(iter("ab")))

    assert (notes.told[-1], unknown.told[-1]) == ((2, 2), (2, 0))


def test_track_leaves_between_two_steps_and_does_no_further_one() -> None:
    steps: list[int] = []

    def work() -> object:
        for step in range(10):
            steps.append(step)
            yield step

    with pytest.raises(Cancelled):
        for _ in Context(watcher=Notes(stop_after=3)).track(work(), total=10):  # type: ignore[arg-type]
            pass
    assert steps == [0, 1, 2]


def test_except_exception_does_not_swallow_a_cancel() -> None:
    assert not issubclass(Cancelled, Exception)


def test_telling_of_progress_is_a_place_to_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        Context(watcher=Notes(stop_after=-1)).progress(1, 2)


def test_a_node_may_send_a_message_to_one_client_or_to_all() -> None:
    notes = Notes()
    Context(watcher=notes).tell("mine", b"{}")
    Context(watcher=notes).tell("mine", b"{}", "somebody", 4)

    assert notes.messages == [("mine", b"{}", "", None), ("mine", b"{}", "somebody", 4)]


def test_the_null_context_does_for_plain_calls() -> None:
    assert list(NULL_CONTEXT.track([1, 2])) == [1, 2]
    assert NULL_CONTEXT.device == "cpu"
    NULL_CONTEXT.preview(object())
    NULL_CONTEXT.check_cancelled()


@pytest.mark.parametrize(
    "ask",
    [
        lambda context: context.files,
        lambda context: context.model_file("checkpoints", "a"),
        lambda context: context.input_file("a"),
        lambda context: context.input_folder("a"),
        lambda context: context.state_file("a"),
    ],
)
def test_the_null_context_says_what_it_lacks(ask: Callable[[Context], object]) -> None:
    with pytest.raises(ContextIncomplete):
        ask(NULL_CONTEXT)


# ---- files to read


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "models" / "vae" / "deep").mkdir(parents=True)
    (tmp_path / "models" / "vae" / "good.safetensors").write_bytes(b"123")
    (tmp_path / "models" / "vae" / "deep" / "other.safetensors").write_bytes(b"")
    (tmp_path / "models" / "vae" / ".hidden").write_bytes(b"")
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "photo.png").write_bytes(b"")
    (tmp_path / "secret.txt").write_bytes(b"")
    return Folders(tmp_path / "models", tmp_path / "input")


def test_files_are_found_by_folder_and_name(folders: Folders) -> None:
    context = replace(NULL_CONTEXT, inputs=folders)

    assert context.model_file("vae", "good.safetensors") == folders.models / "vae" / "good.safetensors"
    assert context.model_file("vae", "deep/other.safetensors").is_file()
    assert context.model_file("vae", "deep\\other.safetensors").is_file()
    assert context.input_file("photo.png").is_file()


def test_names_of_a_folder_are_listed_with_those_below_it(folders: Folders) -> None:
    assert folders.names("vae") == ["deep/other.safetensors", "good.safetensors"]
    assert folders.names("nothing") == []


def test_a_missing_file_is_named_with_near_ones(folders: Folders) -> None:
    with pytest.raises(FileMissing, match=r"There is no 'god.safetensors' in .*vae\.") as caught:
        folders.find("vae", "god.safetensors")
    assert caught.value.hint.startswith("Did you mean good.safetensors")


OUTSIDE = [
    "../secret.txt",
    "deep/../../secret.txt",
    "/etc/passwd",
    "..\\secret.txt",
    "C:\\secret.txt",
    "",
    ".",
    "a\0b",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_out_is_refused(folders: Folders, name: str) -> None:
    with pytest.raises(BadName):
        folders.find("vae", name)
    with pytest.raises(BadName):
        folders.find(name, "secret.txt")


def test_a_folder_is_found_by_name_and_a_missing_one_named_with_near_ones(folders: Folders) -> None:
    (folders.input / "mine" / "flowers").mkdir(parents=True)
    context = replace(NULL_CONTEXT, inputs=folders)

    assert context.input_folder("mine/flowers") == folders.input / "mine" / "flowers"
    with pytest.raises(FileMissing, match=r"There is no 'mine/flower' in .*input\.") as caught:
        context.input_folder("mine/flower")
    assert caught.value.hint.startswith("Did you mean mine/flowers")
    with pytest.raises(FileMissing):
        context.input_folder("photo.png")
    with pytest.raises(BadName):
        context.input_folder("../models")


def test_the_state_of_a_file_changes_with_its_content(folders: Folders) -> None:
    path = folders.models / "vae" / "good.safetensors"
    before = folders.state("vae", path.name), folders.state("vae", None)
    path.write_bytes(b"1234")

    assert folders.state("vae", path.name) != before[0]
    assert folders.state("vae", None) != before[1]
    assert (folders.state("vae", "none"), folders.state("vae", "../secret.txt")) == ("missing", "missing")


# ---- files to write


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "output", tmp_path / "temp", tmp_path / "state")


def writing(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


def published(files: Files) -> list[str]:
    return sorted(
        path.relative_to(files.output).as_posix() for path in files.output.rglob("*") if path.is_file()
    )


def test_files_are_numbered_and_never_written_over(files: Files) -> None:
    files.output.mkdir()
    (files.output / "cat_00007_.txt").write_text("mine")
    names = [files.publish("cat", ".txt", "text/plain", writing("x")).files[0].name for _ in range(2)]

    assert names == ["cat_00008_.txt", "cat_00009_.txt"]
    assert (files.output / "cat_00007_.txt").read_text() == "mine"


def test_a_prefix_may_name_folders(files: Files) -> None:
    (file,) = files.publish("pets/cat", ".txt", "text/plain", writing("x")).files

    assert (file.name, file.folder, file.media_type) == ("pets/cat_00001_.txt", "output", "text/plain")
    assert Path(file.path).read_text() == "x"


def test_previews_go_to_the_temporary_folder(files: Files) -> None:
    (file,) = files.publish("look", ".txt", "text/plain", writing("x"), "temp").files

    assert (file.folder, Path(file.path).parent) == ("temp", files.temp)


@pytest.mark.parametrize("prefix", OUTSIDE)
def test_a_prefix_that_leads_out_is_refused(files: Files, prefix: str) -> None:
    with pytest.raises(BadName):
        files.publish(prefix, ".txt", "text/plain", writing("x"))
    assert not files.output.exists()


def test_a_writer_that_fails_leaves_nothing(files: Files) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        files.publish("cat", ".txt", "text/plain", fail)
    assert published(files) == []


def test_many_threads_get_a_number_each(files: Files) -> None:
    def publish() -> None:
        for _ in range(10):
            files.publish("cat", ".txt", "text/plain", writing("x"))

    threads = [Thread(target=publish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert published(files) == [f"cat_{number:05}_.txt" for number in range(1, 81)]


TOO_LARGE = """
import sys
from pathlib import Path
from engine.run.files import DiskFull, Files

def with_python(path):
    path.write_bytes(bytes(100_000))

def with_rust(path):
    import numpy, safetensors.numpy
    safetensors.numpy.save_file({"a": numpy.zeros(100_000)}, path)

folder = Path(sys.argv[1])
try:
    Files(folder, folder, folder).publish("big", ".bin", "x/y", locals()[sys.argv[2]])
except DiskFull as error:
    print(error, error.hint)
"""


@pytest.mark.parametrize("writer", ["with_python", "with_rust"])
def test_a_full_disk_leaves_no_partial_file_and_says_so(tmp_path: Path, writer: str) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    done = subprocess.run(
        [sys.executable, "-c", TOO_LARGE, str(tmp_path), writer],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=small_files,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )

    assert done.stdout.startswith("The disk is full: "), done.stderr
    assert "Make room" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_disk_full_is_told_where_the_folder_could_not_even_be_made(tmp_path: Path) -> None:
    assert "MiB left" in str(DiskFull(tmp_path / "not" / "there"))
