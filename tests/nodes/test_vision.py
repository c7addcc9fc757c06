"""Pictures that a model is told, through nodes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.api import NULL_CONTEXT, Context
from engine.run.folders import Folders
from ldm.checkpoint import save_model
from ldm.spec import ImageVectorSpec, RoughSpec, ScheduleSpec, VisionSpec
from ldm.text.open_clip import to_open_clip
from ldm.vision.tower import ClipVision, prepared
from nodes.conditioning import zero_out
from nodes.latent import empty_latent
from nodes.port_types import Conditioning, SeenPictures, VisionModel
from nodes.sampling import sample
from nodes.text import encode_text
from nodes.vision import (
    attend_to_pictures,
    encode_vision,
    load_clip_vision,
    load_unclip_checkpoint,
    tell_picture,
)
from tests.ldm.tiny import SPEC, randomise
from tests.nodes.tasks import model_of, parts, picture

TOWER = VisionSpec(width=32, layers=2, heads=2, inner=64, patch=4, resolution=12, projection=10)
UNCLIP = replace(
    SPEC,
    image_vector=ImageVectorSpec(width=10),
    roughened=RoughSpec(schedule=ScheduleSpec(kind="cosine"), most=999),
    unet=replace(SPEC.unet, vector_dim=20),
)


def tower() -> ClipVision:
    """A tower of random weights."""
    made = ClipVision(TOWER)
    randomise(made)
    return made.requires_grad_(requires_grad=False)


VISION = VisionModel(tower())


def test_pictures_are_seen_as_the_tower_sees_them() -> None:
    seen = encode_vision(VISION, picture(30, 20, batch=2), "none")
    pixels = prepared(picture(30, 20, batch=2).pixels.movedim(-1, 1), 12, crop=False)
    torch.testing.assert_close(seen.vector, VISION.tower(pixels).vector)
    assert (seen.vector.shape, seen.last.shape) == ((2, 10), (2, 10, 32))
    assert not torch.allclose(encode_vision(VISION, picture(30, 20, batch=2)).vector, seen.vector)


def test_pictures_are_told_one_after_the_other_and_one_of_no_strength_not_at_all() -> None:
    told = Conditioning(encode_text("", parts(UNCLIP)[1]).entries)
    seen = encode_vision(VISION, picture())
    twice = tell_picture(tell_picture(told, seen, 0.5, 0.1), seen, 2.0)
    (one,) = twice.entries
    assert [(image.strength, image.roughness) for image in one.images] == [(0.5, 0.1), (2.0, 0.0)]
    assert tell_picture(told, seen, 0.0) is told


def test_an_unclip_model_paints_after_a_picture() -> None:
    model, clip, _ = parts(UNCLIP)

    def painted(seed: int) -> torch.Tensor:
        told = tell_picture(encode_text("", clip), encode_vision(VISION, picture(seed=seed)))
        return sample(
            model=model, steps=2, cfg=2.0, positive=told, negative=encode_text("", clip), ctx=NULL_CONTEXT,
            latent_image=empty_latent(16, 16),
        ).samples  # fmt: skip

    assert not torch.allclose(painted(0), painted(1), atol=1e-4)


def test_vectors_are_attended_to_at_unit_length() -> None:
    told = attend_to_pictures(
        SeenPictures(torch.tensor([[3.0, 4.0], [0.0, 2.0]]), torch.zeros(0), torch.zeros(0))
    )
    assert told.context.tolist() == [[[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 1.0]]]


def test_a_retrieval_model_attends_to_vectors_and_takes_silence_for_none() -> None:
    model, clip, _ = parts(replace(SPEC, text=None, unet=replace(SPEC.unet, context_dim=10)))

    def painted(told: Conditioning) -> torch.Tensor:
        silence = encode_text("", clip)
        canvas = empty_latent(16, 16)
        settings: Any = {
            "positive": told,
            "negative": silence,
            "latent_image": canvas,
            "steps": 2,
            "cfg": 2.0,
        }
        return sample(model=model, ctx=NULL_CONTEXT, **settings).samples

    pictures = attend_to_pictures(encode_vision(VISION, picture(batch=3)))
    assert pictures.context.shape == (1, 3, 10)
    assert not torch.allclose(painted(pictures), painted(zero_out(pictures)), atol=1e-2, rtol=1e-2)
    silent = painted(encode_text("", clip))
    torch.testing.assert_close(silent, painted(zero_out(pictures)), atol=1e-3, rtol=1e-3)


def test_an_unclip_checkpoint_gives_its_tower_and_the_spread_of_its_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ldm.vision.files.VIT_H", TOWER)
    monkeypatch.setattr("ldm.recognise.MODELS", (UNCLIP,))
    folder = tmp_path / "models" / "checkpoints"
    save_model(model_of(UNCLIP), folder / "ours.safetensors")
    inside = {
        f"embedder.model.{key}": value.contiguous()
        for key, value in to_open_clip(tower().state_dict()).items()
    }
    spread = {
        "noise_augmentor.data_mean": torch.full((1, 10), 0.25),
        "noise_augmentor.data_std": torch.full((1, 10), 2.0),
    }
    save_file({**load_file(folder / "ours.safetensors"), **inside, **spread}, folder / "theirs.safetensors")
    ctx = Context(inputs=Folders(tmp_path / "models", tmp_path / "input"))

    model, _, _, vision = load_unclip_checkpoint("theirs.safetensors", ctx=ctx)

    assert model.spec.image_vector == ImageVectorSpec(width=10, mean=(0.25,) * 10, spread=(2.0,) * 10)
    state = vision.tower.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in tower().state_dict().items())
    alone = tmp_path / "models" / "clip_vision"
    alone.mkdir()
    save_file(inside, alone / "tower.safetensors")
    assert load_clip_vision("tower.safetensors", ctx=ctx).tower.spec == TOWER
