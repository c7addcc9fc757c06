"""Pickled checkpoints through the command line."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

from tests.engine.installation import Installation


def test_a_pickled_checkpoint_becomes_safetensors(main: Installation, tmp_path: Path) -> None:
    source, target = tmp_path / "in.ckpt", tmp_path / "out.safetensors"
    torch.save({"state_dict": {"w": torch.ones(3)}, "step": 1}, source)

    done = main("convert-checkpoint", str(source), str(target))

    assert (done.code, done.out) == (0, f"{target}: 1 tensors, 0.0 million numbers\n")
    assert load_file(target)["w"].tolist() == [1, 1, 1]


def test_what_is_there_is_never_written_over(main: Installation, tmp_path: Path) -> None:
    source, target = tmp_path / "in.ckpt", tmp_path / "out.safetensors"
    torch.save({"w": torch.ones(3)}, source)
    target.write_text("mine")

    done = main("convert-checkpoint", str(source), str(target))

    assert done.code == 2
    assert "is there already" in done.err
    assert target.read_text() == "mine"


def test_what_cannot_be_converted_says_why(main: Installation, tmp_path: Path) -> None:
    source = tmp_path / "in.ckpt"
    source.write_text("hello")

    bad = main("convert-checkpoint", str(source), str(tmp_path / "out.safetensors"))
    absent = main("convert-checkpoint", str(tmp_path / "absent.ckpt"), str(tmp_path / "out.safetensors"))
    named = main("convert-checkpoint", str(source), str(tmp_path / "out.bin"))

    assert (bad.code, absent.code, named.code) == (1, 2, 2)
    assert "in.ckpt" in bad.err
    assert "There is no file" in absent.err
    assert "must end with .safetensors" in named.err
