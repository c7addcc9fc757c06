"""ADM's classifier of noisy latents: its pools, its published sizes and keys, its files."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from ldm.spec import UNetSpec
from ldm.tensor_file import CheckpointError
from ldm.unet.classifier import AttentionPool, Classifier, ClassifierSpec, Pool
from ldm.unet.classifier_file import (
    ADM_CLASSIFIERS,
    load_classifier,
    recognise_classifier,
    save_classifier,
)
from tests.ldm.tiny import randomise

UNET = UNetSpec(
    model_channels=32,
    channel_mult=(1, 2),
    res_blocks=1,
    attention_factors=(2,),
    heads=None,
    head_channels=32,
    context_dim=None,
    resize_in_blocks=True,
    scale_shift_norm=True,
)
POOLS: tuple[Pool, ...] = ("attention", "adaptive", "spatial", "spatial_v2")


def tiny(pool: Pool = "attention") -> Classifier:
    """A classifier of latents of 8 x 8 cells, with every weight random."""
    classifier = Classifier(ClassifierSpec(unet=UNET, classes=5, pool=pool, size=8))
    randomise(classifier)
    return classifier.requires_grad_(requires_grad=False).eval()


def shapes_of(spec: ClassifierSpec, prefix: str = "") -> dict[str, tuple[int, ...]]:
    """The shapes of a classifier's tensors."""
    with torch.device("meta"):
        tensors = Classifier(spec).state_dict()
    return {prefix + key: tuple(tensor.shape) for key, tensor in tensors.items()}


X = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
TIMES = torch.tensor([10, 500, 990])


@pytest.mark.parametrize("pool", POOLS)
def test_each_pool_tells_the_classes_apart_by_latent_and_time(pool: Pool) -> None:
    classifier = tiny(pool)
    logits = classifier(X, TIMES)
    assert logits.shape == (3, 5)
    assert torch.allclose(logits[1:2], classifier(X[1:2], TIMES[1:2]), atol=1e-5)
    assert not torch.allclose(logits, classifier(X, TIMES.flip(0)), atol=1e-4)
    assert not torch.allclose(logits, classifier(X + 1, TIMES), atol=1e-4)


def test_the_attention_pool_is_torchs_attention_of_the_mean_to_all_places() -> None:
    pool = AttentionPool(4, 64, 16, 7)
    randomise(pool)
    pool.double()
    x = torch.randn(2, 64, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    places = torch.cat([x.flatten(2).mean(2, keepdim=True), x.flatten(2)], dim=2)
    places = (places + pool.positional_embedding).permute(2, 0, 1)
    weight, bias = pool.qkv_proj.weight[:, :, 0], pool.qkv_proj.bias
    assert bias is not None
    theirs, _ = F.multi_head_attention_forward(
        places[:1],
        places,
        places,
        64,
        64 // 16,
        weight,
        bias,
        None,
        None,
        False,
        0.0,
        pool.c_proj.weight[:, :, 0],
        pool.c_proj.bias,
        training=False,
    )
    assert torch.allclose(pool(x), theirs[0], atol=1e-12)


def test_a_pool_by_attention_is_made_for_one_size() -> None:
    with pytest.raises(ValueError, match=r"looks at 8 x 8 cells, but the latent has 12 x 16"):
        tiny()(torch.zeros(1, 4, 16, 12), TIMES[:1])
    assert tiny("adaptive")(torch.zeros(1, 4, 16, 12), TIMES[:1]).shape == (1, 5)


def test_adms_classifiers_have_as_many_parameters_as_their_table_says() -> None:
    counts = {}
    for name, spec in ADM_CLASSIFIERS.items():
        with torch.device("meta"):
            counts[name] = sum(one.numel() for one in Classifier(spec).parameters()) / 1e6
    assert counts == {
        "64x64_classifier": pytest.approx(65, abs=0.5),
        "128x128_classifier": pytest.approx(43, abs=0.5),
        "256x256_classifier": pytest.approx(54, abs=0.5),
    }


@pytest.mark.parametrize("name", ADM_CLASSIFIERS)
@pytest.mark.parametrize("prefix", ["", "model."])
def test_adms_classifiers_are_told_by_their_shapes(name: str, prefix: str) -> None:
    spec = ADM_CLASSIFIERS[name]
    assert recognise_classifier(shapes_of(spec, prefix)) == (spec, prefix)


def test_the_keys_are_those_of_guided_diffusion() -> None:
    keys = shapes_of(ADM_CLASSIFIERS["256x256_classifier"])
    assert keys["input_blocks.0.0.weight"] == (128, 3, 3, 3)
    assert keys["input_blocks.3.0.in_layers.2.weight"] == (128, 128, 3, 3)  # made smaller inside of the block
    assert keys["input_blocks.10.1.qkv.weight"] == (3 * 256, 256, 1)
    assert keys["out.2.positional_embedding"] == (512, 8 * 8 + 1)
    assert keys["out.2.qkv_proj.weight"] == (3 * 512, 512, 1)
    assert keys["out.2.c_proj.weight"] == (1000, 512, 1)


def test_a_saved_classifier_is_loaded_again(tmp_path: Path) -> None:
    classifier = tiny("adaptive")
    save_classifier(classifier, tmp_path / "tiny.safetensors")
    again = load_classifier(tmp_path / "tiny.safetensors")
    assert again.classifier_spec == classifier.classifier_spec
    assert torch.allclose(again(X, TIMES), classifier(X, TIMES), atol=2e-2)  # files are in half precision


def test_a_file_that_is_no_classifier_says_so(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match=r"other\.safetensors is no classifier that is known here"):
        load_classifier(tmp_path / "other.safetensors")
