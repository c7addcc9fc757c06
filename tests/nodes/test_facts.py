"""What nodes say of their values beforehand is what the values then are; and what cannot go together is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import PIL.Image
import pytest

from engine.backends.explaining import Explaining
from engine.backends.forecasting import forecast
from engine.backends.peeks import peek
from engine.graph.facts import Fact
from engine.graph.graph import Graph, Link
from engine.graph.problems import Clashing
from engine.run.forecast import Forecast
from ldm.checkpoint import build, save_first_stage, save_model
from tests.ldm.tiny import tiny_model
from tests.nodes.fact_cases import CANVAS, CASES, LATENT, MODEL, PICTURE, TOLD, graph, sample, use
from tests.nodes.running import TINY, House, house, workflow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> House:
    return house(tmp_path_factory.mktemp("house"))


def foretold(home: House, nodes: Graph) -> Forecast:
    return forecast(nodes, (), home.backend, Explaining(), "", ())


@pytest.mark.parametrize("name", CASES)
def test_what_is_foretold_comes_true(home: House, name: str) -> None:
    nodes = graph(**CASES[name])
    told = foretold(home, nodes)
    clashes = [problem for problem in told.problems if isinstance(problem, Clashing)]
    assert clashes == []

    for id, node in told.nodes.items():
        for output, fact in node.outputs.items():
            home.run(nodes, *[link_to(id, output)])
            seen = peek(nodes, home.backend, Explaining(), "", id, output)
            assert seen is not None
            assert seen.kind == fact.kind
            if fact.shape is not None:
                assert seen.shape is not None
                assert len(seen.shape) == len(fact.shape), (id, output)
                assert all(
                    side in {None, found} for side, found in zip(fact.shape, seen.shape, strict=True)
                ), (
                    id,
                    output,
                    fact.shape,
                    seen.shape,
                )
            if fact.value is not None:
                assert seen.text == str(fact.value)


@pytest.mark.parametrize("name", CASES)
def test_most_of_it_is_known_beforehand(home: House, name: str) -> None:
    unknown = {"conditioning", "mask", "image", "latent"}
    told = foretold(home, graph(**CASES[name]))
    bare = [
        (id, output)
        for id, node in told.nodes.items()
        for output, fact in node.outputs.items()
        if fact.kind in unknown and fact.shape is None
    ]

    assert bare == []


def link_to(id: str, output: str) -> Link:
    return Link(id, output)


def test_a_checkpoint_says_what_it_is_without_being_loaded(home: House) -> None:
    outputs = foretold(home, graph(**MODEL)).nodes["m"].outputs
    assert {name: fact.family for name, fact in outputs.items()} == dict.fromkeys(
        ("model", "clip", "vae"), "shapeland"
    )
    assert outputs["model"].bytes == (home.folder / "models" / "checkpoints" / TINY).stat().st_size
    assert outputs["vae"].more["factor"] == 4


def test_the_picture_at_the_end_is_known_at_the_start(home: House) -> None:
    nodes = workflow("text_to_image")
    told = foretold(home, nodes)
    (decoded,) = (id for id, node in nodes.nodes.items() if node.kind == "VAEDecode")
    fact = told.nodes[decoded].outputs["image"]

    assert fact.shape is not None
    assert None not in fact.shape
    height, width = fact.shape[1:3]
    assert height is not None
    assert width is not None
    assert fact.bytes == fact.shape[0] * height * width * 3 * 4  # type: ignore[operator]


# ---- files


def picture(home: House, name: str, size: tuple[int, int] = (30, 20), mode: str = "RGB", **how: Any) -> Fact:
    PIL.Image.new(mode, size).save(home.folder / "input" / name, **how)
    return foretold(home, graph(i=use("LoadImage", image=name))).nodes["i"].outputs["image"]


def test_a_picture_file_says_its_size(home: House) -> None:
    assert picture(home, "a.png").shape == (1, 20, 30, 3)
    assert picture(home, "b.jpg").shape == (1, 20, 30, 3)


def test_a_picture_that_lies_on_its_side_is_turned_upright(home: House) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6

    assert picture(home, "turned.jpg", exif=exif).shape == (1, 30, 20, 3)
    assert picture(home, "turned.png", exif=exif).shape == (1, 30, 20, 3)


def test_how_many_pictures_an_animation_has_is_left_open(home: House) -> None:
    frames = [PIL.Image.new("L", (30, 20), shade) for shade in (10, 200)]

    assert picture(home, "moving.gif", mode="L", save_all=True, append_images=frames).shape == (
        None,
        20,
        30,
        3,
    )


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_mask_of_a_file_is_as_large_as_it_will_be(home: House, mode: str) -> None:
    picture(home, f"{mode}.png", mode=mode)
    nodes = graph(i=use("LoadImage", image=f"{mode}.png"), m=use("LoadImageMask", image=f"{mode}.png"))
    told = foretold(home, nodes)
    for id in ("i", "m"):
        home.run(nodes, link_to(id, "mask"))
        seen = peek(nodes, home.backend, Explaining(), "", id, "mask")
        assert seen is not None
        assert told.nodes[id].outputs["mask"].shape == seen.shape


def test_a_file_that_cannot_be_read_says_nothing(home: House) -> None:
    (home.folder / "input" / "broken.png").write_bytes(b"no picture")
    (home.folder / "models" / "checkpoints" / "broken.safetensors").write_bytes(b"no model")
    nodes = graph(
        i=use("LoadImage", image="broken.png"),
        m=use("CheckpointLoaderSimple", ckpt_name="broken.safetensors"),
    )
    told = foretold(home, nodes)

    assert told.nodes["i"].outputs["image"] == Fact("image")
    assert told.nodes["m"].outputs["model"] == Fact("model")


# ---- clashes


@pytest.fixture(scope="module")
def two_families(home: House) -> House:
    """A house with another model, whose text encoder and first stage are other ones."""
    model = tiny_model()
    assert model.spec.text is not None
    other = replace(
        model.spec,
        name="other",
        text=replace(model.spec.text, words=("a", "wobbly", "square")),
        first_stage=replace(model.spec.first_stage, scale_factor=0.77),
    )
    save_model(build(other), home.folder / "models" / "checkpoints" / "other.safetensors")
    (home.folder / "models" / "vae").mkdir(exist_ok=True)
    save_first_stage(model.first_stage, home.folder / "models" / "vae" / "alone.safetensors")
    return home


OTHER = {"x": use("CheckpointLoaderSimple", ckpt_name="other.safetensors")}


def clash(home: House, **nodes: object) -> tuple[str, str, str]:
    (found,) = (
        problem for problem in foretold(home, graph(**nodes)).problems if isinstance(problem, Clashing)
    )
    assert found.hint
    return found.node, found.input, found.describe()


def test_a_text_of_another_model_is_not_understood(two_families: House) -> None:
    node, input, text = clash(
        two_families,
        **TOLD,
        **OTHER,
        **CANVAS,
        l=use("KSampler", model="@x", positive="@p", negative="@n", latent_image="@e"),
        n=use("CLIPTextEncode", text="", clip="@x.1"),
    )

    assert (node, input) == ("l", "positive")
    assert "other" in text


def test_a_latent_of_another_model_is_not_decoded(two_families: House) -> None:
    assert clash(two_families, **LATENT, **OTHER, d=use("VAEDecode", samples="@l", vae="@x.2"))[:2] == (
        "d",
        "samples",
    )


def test_the_first_stage_alone_goes_with_its_model(two_families: House) -> None:
    nodes = graph(
        **LATENT, v=use("VAELoader", vae_name="alone.safetensors"), d=use("VAEDecode", samples="@l", vae="@v")
    )
    told = foretold(two_families, nodes)

    assert not [problem for problem in told.problems if isinstance(problem, Clashing)]
    assert told.nodes["d"].outputs["image"].shape == (2, 16, 32, 3)


def test_a_latent_with_other_channels_does_not_fit(two_families: House) -> None:
    wide = use("EmptySD3LatentImage", width=32, height=32)
    assert clash(two_families, **MODEL, e=wide, d=use("VAEDecode", samples="@e", vae="@m.2"))[:2] == (
        "d",
        "samples",
    )


def test_a_canvas_that_is_no_whole_cells_is_said(two_families: House) -> None:
    odd = use("EmptyLatentImage", width=34, height=16)
    node, input, text = clash(two_families, **TOLD, e=odd, l=sample())

    assert (node, input) == ("l", "latent_image")
    assert "34 pixels" in text


def test_a_picture_smaller_than_a_cell_cannot_be_encoded(two_families: House) -> None:
    tiny = use("EmptyImage", width=2, height=24)
    assert clash(two_families, **MODEL, i=tiny, l=use("VAEEncode", pixels="@i", vae="@m.2"))[:2] == (
        "l",
        "pixels",
    )


def test_conditionings_of_two_models_are_not_joined(two_families: House) -> None:
    other = use("CLIPTextEncode", text="", clip="@x.1")
    joined = use("ConditioningConcat", conditioning_to="@p", conditioning_from="@q")
    assert clash(two_families, **TOLD, **OTHER, q=other, c=joined)[:2] == ("c", "conditioning_from")


def test_a_picture_without_alpha_has_no_alpha_channel(two_families: House) -> None:
    assert clash(two_families, **PICTURE, m=use("ImageToMask", image="@i", channel="alpha"))[:2] == (
        "m",
        "image",
    )
