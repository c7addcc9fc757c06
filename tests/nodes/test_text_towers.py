"""Telling SDXL and its refiner, and stopping CLIP before its last layers."""

from dataclasses import replace

import pytest
import torch

from engine.api import NULL_CONTEXT
from ldm.spec import ClipSpec
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.tau import NotHeard
from nodes.latent import empty_latent
from nodes.port_types import TextModel
from nodes.sampling import sample
from nodes.text import encode_text, encode_text_refiner, encode_text_sdxl, set_last_layer
from tests.ldm.tiny import SPEC, randomise, tiny_model
from tests.nodes.tasks import parts

SMALL = ClipSpec(width=16, layers=3, heads=2, skipped=1, normed=False)
LARGE = replace(SMALL, width=24, activation="gelu", pad=0, projection=12, layout="open_clip")
SDXL = replace(
    SPEC,
    text=None,
    clip=SMALL,
    second_clip=LARGE,
    unet=replace(SPEC.unet, context_dim=40, vector_dim=12 + 6 * 256),
)
REFINER = replace(
    SDXL, clip=LARGE, second_clip=None, unet=replace(SPEC.unet, context_dim=24, vector_dim=12 + 5 * 256)
)


def tower(spec: ClipSpec, seed: int = 0) -> ClipTextEncoder:
    """A tower of random weights."""
    made = ClipTextEncoder(spec)
    randomise(made, seed)
    return made.requires_grad_(requires_grad=False)


PAIR = ClipPair(tower(SMALL), tower(LARGE, 1))
LONG = "a horse " * 60


def test_each_of_sdxls_towers_hears_its_own_text_and_the_larger_ones_meaning_is_pooled() -> None:
    told = encode_text_sdxl(clip=TextModel(PAIR), text_g="a horse", text_l="an astronaut")
    small = encode_text("an astronaut", TextModel(PAIR)).entries[0]
    large = encode_text("a horse", TextModel(PAIR)).entries[0]
    one = told.entries[0]
    assert torch.equal(one.context[..., :16], small.context[..., :16])
    assert torch.equal(one.context[..., 16:], large.context[..., 16:])
    assert torch.equal(one.facts["pooled_output"], large.facts["pooled_output"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("text_g", "text_l"), [(LONG, "a cat"), ("a cat", LONG)])
def test_the_shorter_text_is_filled_up_with_silence(text_g: str, text_l: str) -> None:
    told = encode_text_sdxl(clip=TextModel(PAIR), text_g=text_g, text_l=text_l)
    assert told.context.shape == (1, 154, 40)
    silent = encode_text("", TextModel(PAIR)).context[0]
    part = slice(0, 16) if text_l == "a cat" else slice(16, 40)
    torch.testing.assert_close(told.context[0, 77:, part], silent[:, part])


def test_sizes_stand_beside_the_text() -> None:
    told = encode_text_sdxl(clip=TextModel(PAIR), text_g="", text_l="", width=512, crop_w=8, target_height=64)
    facts = {name: value for name, value in told.entries[0].facts.items() if name != "pooled_output"}
    assert facts == {
        "width": 512, "height": 1024, "crop_w": 8, "crop_h": 0, "target_width": 1024, "target_height": 64,
    }  # fmt: skip
    refined = encode_text_refiner(text="a horse", clip=TextModel(tower(LARGE)), ascore=4.5)
    facts = {name: value for name, value in refined.entries[0].facts.items() if name != "pooled_output"}
    assert facts == {"aesthetic_score": 4.5, "width": 1024, "height": 1024}


def test_one_tower_alone_cannot_be_told_two_texts() -> None:
    with pytest.raises(NotHeard, match="CLIPTextEncode"):
        encode_text_sdxl(clip=TextModel(tower(SMALL)), text_g="", text_l="")


def test_sdxl_and_its_refiner_paint_and_heed_what_they_are_told_of_sizes() -> None:
    def painted(size: int) -> torch.Tensor:
        told = encode_text_sdxl(clip=clip, text_g="a horse", text_l="a horse", width=size)
        return sample(
            model=model, steps=2, cfg=2.0, positive=told, negative=encode_text("", clip), ctx=NULL_CONTEXT,
            latent_image=empty_latent(32, 32),
        ).samples  # fmt: skip

    model, clip, _ = parts(SDXL)
    assert not torch.allclose(painted(1024), painted(64), atol=1e-4)
    model, clip, _ = parts(REFINER)
    told = encode_text_refiner(text="a horse", clip=clip)
    done = sample(
        model=model, steps=2, cfg=2.0, positive=told, negative=encode_text("", clip), ctx=NULL_CONTEXT,
        latent_image=empty_latent(32, 32),
    )  # fmt: skip
    assert bool(done.samples.isfinite().all())


# ---- clip skip


def spoken(clip: TextModel, layer: int) -> torch.Tensor:
    """The context when CLIP is stopped at a layer."""
    return encode_text("a horse", set_last_layer(clip, layer)).context


def test_clip_is_stopped_where_it_is_told_to() -> None:
    whole = ClipSpec(width=16, layers=3, heads=2)
    clip = TextModel(tower(whole))
    assert torch.equal(spoken(clip, -1), encode_text("a horse", clip).context)
    for layer in (-2, -3):
        shallow = tower(replace(whole, skipped=-layer - 1))
        assert torch.equal(spoken(clip, layer), encode_text("a horse", TextModel(shallow)).context)
    assert torch.equal(spoken(clip, -9), spoken(clip, -1))  # as ComfyUI: with fewer layers, the last one


def test_stopping_changes_nothing_of_the_encoder_that_is_given() -> None:
    clip = TextModel(tower(ClipSpec(width=16, layers=3, heads=2)))
    before = encode_text("a horse", clip).context
    stopped = set_last_layer(clip, -2)
    assert torch.equal(encode_text("a horse", clip).context, before)
    assert next(stopped.encoder.parameters()) is next(clip.encoder.parameters())
    assert torch.equal(encode_text("a horse", set_last_layer(stopped, -1)).context, before)


def test_both_of_sdxls_towers_are_stopped_and_the_pooled_meaning_stays_the_last_layers() -> None:
    clip = TextModel(PAIR)
    assert torch.equal(spoken(clip, -2), encode_text("a horse", clip).context)
    deeper = encode_text("a horse", set_last_layer(clip, -3)).entries[0]
    assert not torch.allclose(deeper.context, encode_text("a horse", clip).context)
    pooled = encode_text("a horse", clip).entries[0].facts["pooled_output"]
    torch.testing.assert_close(deeper.facts["pooled_output"], pooled)


def test_layers_that_a_file_leaves_out_are_counted_but_not_to_be_had() -> None:
    whole = ClipSpec(width=16, layers=3, heads=2, skipped=1)
    short = TextModel(tower(replace(whole, layers=2, skipped=0, missing=1)))
    assert torch.equal(spoken(short, -2), encode_text("a horse", short).context)
    with pytest.raises(NotHeard, match="ends with the layer at -2"):
        set_last_layer(short, -1)


def test_an_encoder_without_layers_to_choose_from_is_refused() -> None:
    with pytest.raises(NotHeard, match="TextEncoder"):
        set_last_layer(TextModel(tiny_model().text), -2)
