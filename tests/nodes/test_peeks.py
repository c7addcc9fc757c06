"""How the values of nodes show themselves."""

from __future__ import annotations

import io

import PIL.Image
import pytest
import torch

from engine.graph.spec import OutputSpec
from engine.graph.types import Named
from engine.run.peeking import Peek, peek_at
from ldm.diffusion.guidance import ClassifierFree
from ldm.first_stage.glance import colours_of
from nodes import peeks
from nodes.conditioning import combine, set_area
from nodes.latent import empty_latent
from nodes.peeks import remember_colours
from nodes.port_types import (
    DiffusionModel,
    FirstStage,
    Guider,
    Image,
    Latent,
    LossCurve,
    Mask,
    Noise,
    SamplerChoice,
    Sigmas,
    TextModel,
)
from nodes.text import encode_text, tokenize_text
from tests.ldm.tiny import tiny_model

LOADED = tiny_model()
MODEL = DiffusionModel(LOADED.unet, LOADED.schedule, LOADED.spec)
CLIP, VAE = TextModel(LOADED.text), FirstStage(LOADED.first_stage)


def seen(value: object) -> Peek:
    return peek_at(value, OutputSpec("out", Named("THING")))


def shown(value: object) -> PIL.Image.Image:
    picture = seen(value).picture
    assert picture is not None
    assert picture.media_type == "image/png"
    with PIL.Image.open(io.BytesIO(picture.data)) as opened:
        return opened.convert("RGB")


def test_a_picture_is_shown_as_it_is() -> None:
    pixels = torch.zeros(2, 8, 16, 3)
    pixels[0, 0, 0] = torch.tensor([1.0, 0.5, 0.0])
    peek = seen(Image(pixels))

    assert shown(Image(pixels)).size == (16, 8)
    assert shown(Image(pixels)).getpixel((0, 0)) == (255, 127, 0)
    assert (peek.shape, peek.length, peek.maximum) == ((2, 8, 16, 3), 2, 1.0)


def test_a_large_picture_is_shown_small() -> None:
    assert shown(Image(torch.zeros(1, 300, 1200, 3))).size == (512, 128)


def test_a_picture_with_alpha_is_shown_without() -> None:
    assert shown(Image(torch.ones(1, 4, 4, 4))).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("shape", [(2, 4, 6), (4, 6)])
def test_a_mask_is_shown_in_grey(shape: tuple[int, ...]) -> None:
    assert shown(Mask(torch.full(shape, 0.5))).getpixel((0, 0)) == (127, 127, 127)


def test_a_latent_is_shown_in_the_colours_of_its_model() -> None:
    colours = colours_of(LOADED.first_stage)
    remember_colours(colours, 4)
    zeros = Latent(torch.zeros(1, 4, 8, 16), factor=4)
    red, green, blue = (colours[-1].clamp(0, 1) * 255).int().tolist()
    peek = seen(zeros)

    assert shown(zeros).size == (512, 256)
    assert shown(zeros).getpixel((0, 0)) == (red, green, blue)
    assert (peek.shape, peek.length, peek.text) == ((1, 4, 8, 16), 1, None)


def test_a_latent_of_an_unknown_model_is_shown_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peeks, "_COLOURS", {})
    for channels in (1, 2, 16):
        picture = shown(Latent(torch.arange(64.0).reshape(1, 1, 8, 8).expand(1, channels, 8, 8)))
        assert picture.getpixel((0, 0)) != picture.getpixel((511, 511))


def test_an_empty_latent_says_for_what_it_stands() -> None:
    assert seen(empty_latent(32, 16)).text == "empty, for 32 x 16 pixels"


def test_a_conditioning_says_where_it_counts() -> None:
    both = combine(encode_text("a red circle", CLIP), set_area(encode_text("a", CLIP), strength=0.5))
    peek = seen(both)

    assert peek.length == 2
    assert peek.text is not None
    assert "tokens of width 16, strength 1\n" in peek.text
    assert "strength 0.5, in Area" in peek.text
    assert peek.histogram is not None


def test_everything_else_says_what_it_is() -> None:
    red = encode_text("red", CLIP).entries
    texts = {
        type(value).__name__: seen(value).text
        for value in (
            MODEL,
            CLIP,
            VAE,
            tokenize_text("a red circle", CLIP),
            Sigmas(torch.tensor([2.0, 1.0, 0.0])),
            Guider(MODEL, ClassifierFree(red, red, 2.0)),
            SamplerChoice("lms", {"order": 3}),
            Noise(7),
            LossCurve("first stage", ((0, 2.0), (1, 1.0))),
        )
    }

    assert texts["DiffusionModel"] is not None
    assert texts["DiffusionModel"].startswith("tiny: ")
    assert texts["FirstStage"] is not None
    assert texts["FirstStage"].endswith("4 channels, 4 pixels a cell")
    assert texts["TextModel"] is not None
    assert "million weights" in texts["TextModel"]
    assert texts["Sigmas"] == "2 1 0"
    assert texts["Guider"] == "tiny, ClassifierFree"
    assert texts["SamplerChoice"] == "lms order=3"
    assert texts["Noise"] == "seed 7"
    assert texts["LossCurve"] == "first stage"
    assert seen(Noise(None)).text == "no noise"
