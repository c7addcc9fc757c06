"""Safetensors files as they come: whole, in parts, in any precision, and of the wrong kind."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ldm import tensor_file
from ldm.tensor_file import CheckpointError, fill, opened

INDEX = "model.safetensors.index.json"


def in_parts(folder: Path, names: dict[str, str] | None = None) -> Path:
    """A file that was split in two, by its index."""
    for number in (1, 2):
        save_file({f"w{number}": torch.full((2,), float(number))}, folder / f"model-{number}.safetensors")
    weight_map = names or {f"w{number}": f"model-{number}.safetensors" for number in (1, 2)}
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return folder / INDEX


def linear() -> nn.Linear:
    """A module without weights."""
    with torch.device("meta"):
        return nn.Linear(3, 2)


def test_a_file_in_parts_is_read_as_one(tmp_path: Path) -> None:
    with opened(in_parts(tmp_path)) as file:
        assert file.shapes == {"w1": (2,), "w2": (2,)}
        assert [float(file.read(key)[0]) for key in ("w1", "w2")] == [1.0, 2.0]
        with pytest.raises(KeyError, match="w3"):
            file.read("w3")


def test_a_part_that_is_missing_or_elsewhere_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointError, match=r"no file .*gone\.safetensors"),
        opened(in_parts(tmp_path, {"w1": "gone.safetensors"})),
    ):
        pass
    with (
        pytest.raises(CheckpointError, match=r"part '\.\./w\.safetensors', which is not beside it"),
        opened(in_parts(tmp_path, {"w1": "../w.safetensors"})),
    ):
        pass
    (tmp_path / INDEX).write_text('{"weight_map": 3}')
    with pytest.raises(CheckpointError, match="no index of a file in parts"), opened(tmp_path / INDEX):
        pass


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_weights_of_any_precision_become_what_is_asked_for(tmp_path: Path, kind: torch.dtype) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"weight": torch.full((2, 3), 0.5).to(kind), "bias": torch.ones(2).to(kind)}, path)
    for wanted in (torch.float32, torch.bfloat16):
        module = linear()
        with opened(path) as file:
            fill(path, module, file.read, dtype=wanted)
        assert module.weight.dtype == wanted
        assert module.weight.tolist() == [[0.5] * 3] * 2


def test_weights_of_whole_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"weight": torch.ones(2, 3, dtype=torch.int8), "bias": torch.ones(2)}, path)
    with (
        pytest.raises(CheckpointError, match=r"unet\.weight is of int8.*fp16, bf16 or fp32"),
        opened(path) as file,
    ):
        fill(path, linear(), file.read, "unet.")


def test_what_was_read_stays_good_when_the_file_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_file, "LET_GO", 3)
    path = tmp_path / "w.safetensors"
    save_file({f"w{number}": torch.full((2,), float(number)) for number in range(4)}, path)
    with opened(path) as file:
        read = [file.read(f"w{number}") for number in range(4)]
    path.unlink()
    assert [float(one[1]) for one in read] == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("new", [True, False], ids=["zip", "old"])
def test_a_pickle_is_refused_with_the_command_that_converts_it(tmp_path: Path, new: bool) -> None:
    path = tmp_path / "model.ckpt"
    torch.save({"w": torch.zeros(3)}, path, _use_new_zipfile_serialization=new)
    with pytest.raises(CheckpointError, match=r"convert-checkpoint IN\.ckpt OUT\.safetensors"), opened(path):
        pass


def test_a_header_that_is_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with pytest.raises(CheckpointError, match="no readable safetensors"), opened(path):
        pass
