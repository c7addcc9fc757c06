"""CLIP's image tower against transformers', and the files that it is read from."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from ldm.spec import VisionSpec
from ldm.tensor_file import CheckpointError
from ldm.text.open_clip import to_open_clip
from ldm.vision.files import VIT_BIGG, VIT_H, VIT_L, load_vision
from ldm.vision.tower import MEAN, SPREAD, ClipVision, prepared
from tests.ldm.tiny import randomise

TINY = VisionSpec(width=32, layers=3, heads=2, inner=80, patch=4, resolution=12, projection=24)


def tower(spec: VisionSpec = TINY) -> ClipVision:
    """A small tower of random weights."""
    made = ClipVision(spec)
    randomise(made)
    return made


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
@torch.no_grad()
def test_what_a_tower_sees_agrees_with_transformers(activation: str) -> None:
    spec = VisionSpec(**{**{name: getattr(TINY, name) for name in TINY.__slots__}, "activation": activation})
    own = tower(spec).double()
    config = CLIPVisionConfig(
        hidden_size=32, intermediate_size=80, num_hidden_layers=3, num_attention_heads=2, projection_dim=24,
        hidden_act=activation, image_size=12, patch_size=4,
    )  # fmt: skip
    other = CLIPVisionModelWithProjection(config).double()
    other.train(mode=False)
    missing, unexpected = other.load_state_dict(own.state_dict(), strict=False)
    assert ([key for key in missing if "position_ids" not in key], unexpected) == ([], [])
    pixels = torch.randn(2, 3, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    expected = other(pixel_values=pixels, output_hidden_states=True)

    seen = own(pixels)
    torch.testing.assert_close(seen.vector, expected.image_embeds, atol=1e-12, rtol=0)
    torch.testing.assert_close(seen.last, expected.hidden_states[-1], atol=1e-12, rtol=0)
    torch.testing.assert_close(seen.before, expected.hidden_states[-2], atol=1e-12, rtol=0)


@pytest.mark.parametrize(("spec", "millions"), [(VIT_L, 303.97), (VIT_H, 632.08), (VIT_BIGG, 1844.91)])
def test_a_published_tower_has_its_size(spec: VisionSpec, millions: float) -> None:
    with torch.device("meta"):
        made = ClipVision(spec)
    assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)


def files(folder: Path, made: ClipVision) -> dict[str, Path]:
    """The tower as transformers, OpenCLIP and an unCLIP checkpoint write it."""
    state = {key: value.contiguous() for key, value in made.state_dict().items()}
    theirs: dict[str, Tensor] = {key: value.contiguous() for key, value in to_open_clip(state).items()}
    save_file(state, folder / "transformers.safetensors")
    save_file(theirs, folder / "open_clip.safetensors")
    inside = {f"embedder.model.{key}": value for key, value in theirs.items()}
    save_file({**inside, "model.diffusion_model.x": torch.zeros(1)}, folder / "unclip.safetensors")
    return {name: folder / f"{name}.safetensors" for name in ("transformers", "open_clip", "unclip")}


def test_a_tower_is_read_under_the_names_of_transformers_and_of_open_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ldm.vision.files.VIT_H", TINY)
    made = tower()
    for name, path in files(tmp_path, made).items():
        loaded = load_vision(path)
        assert loaded.spec == TINY, name
        state = loaded.state_dict()
        assert all(torch.equal(value, state[key]) for key, value in made.state_dict().items()), name


def test_open_clips_names_are_its_own() -> None:
    names = set(to_open_clip(tower().state_dict()))
    assert {
        "visual.conv1.weight",
        "visual.class_embedding",
        "visual.positional_embedding",
        "visual.proj",
    } <= names
    assert {"visual.ln_pre.bias", "visual.transformer.resblocks.2.attn.in_proj_weight"} <= names


def test_a_file_without_a_tower_is_refused(tmp_path: Path) -> None:
    save_file({"some.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match=r"no image tower that is known here.*ViT-L/14"):
        load_vision(tmp_path / "other.safetensors")


# ---- what it is shown


def test_a_picture_is_cut_to_a_square_or_squeezed_into_one() -> None:
    pixels = torch.zeros(1, 3, 30, 60)
    pixels[..., 15:45] = 1.0
    white = ((torch.ones(3) - torch.tensor(MEAN)) / torch.tensor(SPREAD)).reshape(3, 1, 1)
    cut, squeezed = (prepared(pixels, 10, crop=crop) for crop in (True, False))
    assert cut.shape == squeezed.shape == (1, 3, 10, 10)
    torch.testing.assert_close(cut[0, :, 2:8, 2:8], white.expand(3, 6, 6), atol=0.05, rtol=0)
    assert float(squeezed[0, 0, 5, 0]) < 0 < float(squeezed[0, 0, 5, 5])
    assert float(cut[0, 0, 5, 0]) > 0
