"""The program that reads pickles: what comes out, and what it refuses."""

import io
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from ldm.pickled import Unreadable, convert

ROOT = Path(__file__).parents[2]
WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3).half(), "a.bias": torch.ones(2)}


def saved(found: Any, path: Path, *, new: bool = True) -> Path:
    """A file of torch.save."""
    torch.save(found, path, _use_new_zipfile_serialization=new)
    return path


def equal(path: Path, wanted: dict[str, Tensor]) -> bool:
    """Whether a file holds these tensors, in their precision."""
    found = load_file(path)
    return found.keys() == wanted.keys() and all(
        torch.equal(found[key], value) and found[key].dtype == value.dtype for key, value in wanted.items()
    )


@pytest.mark.parametrize("new", [True, False], ids=["zip", "old"])
def test_the_weights_of_a_checkpoint_are_written_without_what_is_beside_them(
    tmp_path: Path, new: bool
) -> None:
    found = {"state_dict": {**WEIGHTS, "name": "x"}, "global_step": 3, "optimizer": {"m": torch.ones(9)}}
    target = tmp_path / "out.safetensors"

    convert(saved(found, tmp_path / "in.ckpt", new=new), target)

    assert equal(target, WEIGHTS)
    with safe_open(target, "pt") as file:
        assert file.metadata()["converted_from"] == "in.ckpt"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.ckpt", "out.safetensors"]


def test_weights_without_anything_around_them_and_in_dictionaries_are_written(tmp_path: Path) -> None:
    convert(saved(WEIGHTS, tmp_path / "plain.bin"), tmp_path / "plain.safetensors")
    word = {"string_to_param": {"*": torch.ones(2, 4)}, "name": "word", "step": 1}
    convert(saved(word, tmp_path / "word.pt"), tmp_path / "word.safetensors")

    assert equal(tmp_path / "plain.safetensors", WEIGHTS)
    assert equal(tmp_path / "word.safetensors", {"string_to_param.*": torch.ones(2, 4)})


def test_tensors_that_share_memory_are_written_each_for_itself(tmp_path: Path) -> None:
    whole = torch.arange(6.0).reshape(2, 3)
    convert(
        saved({"a": whole, "b": whole.T, "c": whole[0]}, tmp_path / "in.pt"), tmp_path / "out.safetensors"
    )

    assert equal(tmp_path / "out.safetensors", {"a": whole, "b": whole.T.contiguous(), "c": whole[0].clone()})


class Imported:
    """Asks for a name of a module when it is read, as pickles do."""

    def __init__(self, module: str, name: str, *arguments: object) -> None:
        self.asked = (module, name, arguments)


def pickled_with(path: Path, module: str, name: str, *arguments: object) -> Path:
    """A checkpoint whose pickle calls a function of a module beside its weights."""
    buffer = io.BytesIO()
    torch.save({"state_dict": WEIGHTS, "extra": {}}, buffer)
    path.write_bytes(b"")
    asks = b"c" + f"{module}\n{name}\n".encode() + pickle.dumps(arguments, 2)[2:-1] + b"R"
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.endswith("data.pkl"):
                place = data.rindex(b"}", 0, len(data))  # the empty dictionary of "extra"
                data = data[:place] + asks + data[place + 1 :]
            new.writestr(item, data)
    return path


def test_a_file_that_asks_for_code_is_refused_and_the_code_is_not_run(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    bad = pickled_with(tmp_path / "bad.ckpt", "os", "mkdir", str(proof))

    with pytest.raises(Unreadable, match=r"asks for (os|posix)\.mkdir, which is no weight"):
        convert(bad, tmp_path / "out.safetensors")
    assert not proof.exists()
    assert not (tmp_path / "out.safetensors").exists()
    old = tmp_path / "old.ckpt"
    old.write_bytes(b"\x80\x02cos\nmkdir\nX\x01\x00\x00\x00xR.")
    with pytest.raises(Unreadable):
        convert(old, tmp_path / "out.safetensors")


def test_what_a_trainer_leaves_beside_the_weights_does_no_harm(tmp_path: Path) -> None:
    name = "pytorch_lightning.callbacks.model_checkpoint"
    left = pickled_with(tmp_path / "left.ckpt", name, "ModelCheckpoint", "best")

    convert(left, tmp_path / "out.safetensors")

    assert equal(tmp_path / "out.safetensors", WEIGHTS)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-700]), "no file of torch.save, or is cut short"),
        (lambda path: path.write_text("hello"), "cannot be read|no file of torch.save"),
        (lambda path: torch.save({"step": 3}, path), "has no weights in it"),
    ],
    ids=["short", "text", "empty"],
)
def test_a_file_that_is_no_checkpoint_is_refused(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    path = saved(WEIGHTS, tmp_path / "in.ckpt")
    spoil(path)

    with pytest.raises(Unreadable, match=words):
        convert(path, tmp_path / "out.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["in.ckpt"]


def test_a_file_that_takes_more_memory_than_allowed_ends_the_program_alone(tmp_path: Path) -> None:
    large = saved({"w": torch.zeros(2**28, dtype=torch.uint8)}, tmp_path / "large.ckpt")
    most = 2**28
    done = subprocess.run(
        [sys.executable, "-m", "ldm.pickled", str(large), str(tmp_path / "out.safetensors"), str(most)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 1
    assert "does not fit into 0.2 GiB. Allow more: --memory" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["large.ckpt"]
