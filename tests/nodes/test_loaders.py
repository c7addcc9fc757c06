"""Parts of models out of files of their own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from engine.api import Context
from engine.run.folders import Folders
from ldm.checkpoint import build, save_first_stage, save_model
from ldm.diffusion.denoiser import Given
from ldm.diffusion.told import network_of
from ldm.spec import ClassSpec, TextSpec
from ldm.text.clip import ClipTextEncoder
from ldm.text.wordpiece import WordListMissing
from nodes.loaders import load_checkpoint, load_clip, load_diffusion_model, load_vae
from nodes.merging import merge_models
from nodes.text import encode_text
from tests.ldm.test_published_layouts import CLIP
from tests.ldm.tiny import SPEC, randomise, tiny_model


def context(folder: Path) -> Context:
    """A context whose models lie in a folder."""
    return Context(inputs=Folders(folder / "models", folder / "input"))


def test_a_diffusion_model_is_loaded_alone(tmp_path: Path) -> None:
    save_model(tiny_model(), tmp_path / "models" / "diffusion_models" / "tiny.safetensors")

    model = load_diffusion_model("tiny.safetensors", ctx=context(tmp_path))

    assert model.spec == SPEC
    assert model.schedule.spec == SPEC.schedule
    assert torch.equal(model.unet.out[2].bias, tiny_model().unet.out[2].bias.half().float())  # type: ignore[arg-type]


def test_a_first_stage_takes_the_scale_that_its_file_cannot_say(tmp_path: Path) -> None:
    save_first_stage(tiny_model().first_stage, tmp_path / "models" / "vae" / "tiny.safetensors")

    assert load_vae("tiny.safetensors", ctx=context(tmp_path)).autoencoder.spec.scale_factor == 0.5
    scaled = load_vae("tiny.safetensors", scale=0.13025, ctx=context(tmp_path)).autoencoder
    assert scaled.spec == replace(SPEC.first_stage, scale_factor=0.13025)


def test_a_text_encoder_is_loaded_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ldm.text.files.CLIP_L", CLIP)
    tower = ClipTextEncoder(CLIP)
    randomise(tower)
    folder = tmp_path / "models" / "text_encoders"
    folder.mkdir(parents=True)
    save_file(tower.state_dict(), folder / "clip_l.safetensors")

    clip = load_clip("clip_l.safetensors", ctx=context(tmp_path))

    told = encode_text("a horse", clip)
    assert torch.equal(told.context, tower.encode(tower.tokenize(["a horse"])))
    assert told.entries[0].facts == {}


def test_a_class_is_told_in_the_place_of_a_text(tmp_path: Path) -> None:
    spec = replace(SPEC, text=None, classes=ClassSpec(classes=5, width=16))
    save_model(build(spec), tmp_path / "models" / "checkpoints" / "classes.safetensors")

    loaded = load_checkpoint("classes.safetensors", ctx=context(tmp_path))

    assert encode_text("3", loaded.clip).context.shape == (1, 1, 16)
    assert not torch.equal(encode_text("3", loaded.clip).context, encode_text("", loaded.clip).context)


def test_a_model_of_word_pieces_finds_its_list_below_models_or_says_what_is_missing(tmp_path: Path) -> None:
    words = TextSpec(tokens="wordpiece", entries=5, length=6, width=16, layers=1, heads=2, head_width=8)
    save_model(build(replace(SPEC, text=words)), tmp_path / "models" / "checkpoints" / "bert.safetensors")

    with pytest.raises(WordListMissing, match="word list"):
        encode_text("a horse", load_checkpoint("bert.safetensors", ctx=context(tmp_path)).clip)
    folder = tmp_path / "models" / "text_encoders"
    folder.mkdir()
    (folder / "bert-base-uncased.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nhorse", "utf-8")
    loaded = load_checkpoint("bert.safetensors", ctx=context(tmp_path))
    assert loaded.clip.encoder.tokenize(["a horse"]).ids == ((2, 1, 4, 3, 0, 0),)


@pytest.mark.parametrize("kept", ["fp8_e4m3fn", "fp8_e5m2", "bf16"])
def test_a_diffusion_model_may_be_kept_in_fewer_bits(kept: Any, tmp_path: Path) -> None:
    save_model(tiny_model(), tmp_path / "models" / "diffusion_models" / "tiny.safetensors")
    ctx = context(tmp_path)

    plain = load_diffusion_model("tiny.safetensors", ctx=ctx)
    small = load_diffusion_model("tiny.safetensors", kept, ctx=ctx)

    bits = torch.bfloat16 if kept == "bf16" else getattr(torch, f"float8_{kept[4:]}")
    assert small.unet.time_embed[0].weight.dtype == bits
    assert list(small.unet.state_dict()) == list(plain.unet.state_dict())
    x, time = torch.randn(1, 4, 8, 8), torch.tensor([300])
    given = Given(torch.randn(1, 16, 16))
    exact, found = (network_of(one.unet)(x, time, given) for one in (plain, small))
    assert found.dtype == torch.float32
    assert 0 < float((found - exact).abs().max()) < 0.5 * float(exact.abs().max())
    half = merge_models(small, small, 0.5)
    assert torch.allclose(network_of(half.unet)(x, time, given), found, atol=1e-5)
