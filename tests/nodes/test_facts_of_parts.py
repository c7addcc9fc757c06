"""What parts of models say of themselves that lie in files of their own."""

import pytest
import torch
from safetensors.torch import save_file

from engine.graph.problems import Clashing
from ldm.checkpoint import save_first_stage, save_model
from tests.ldm.tiny import tiny_model
from tests.nodes.fact_cases import CANVAS, MODEL, graph, sample, use
from tests.nodes.running import TINY, House, house
from tests.nodes.tasks import SPECS, model_of
from tests.nodes.test_facts import foretold


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> House:
    return house(tmp_path_factory.mktemp("house"))


def test_a_diffusion_model_alone_says_what_it_samples(home: House) -> None:
    save_model(tiny_model(), home.folder / "models" / "diffusion_models" / TINY)
    fact = foretold(home, graph(u=use("UNETLoader", unet_name=TINY))).nodes["u"].outputs["model"]

    assert (fact.family, fact.more) == ("shapeland", {"channels": 4, "factor": 4})
    assert fact.bytes == (home.folder / "models" / "diffusion_models" / TINY).stat().st_size


def test_text_encoders_alone_say_how_wide_their_contexts_are(home: House) -> None:
    widths = {"clip_l.safetensors": 768, "clip_g.safetensors": 1280}
    folder = home.folder / "models" / "text_encoders"
    folder.mkdir()
    for name, width in widths.items():
        shape = (1, width)
        key = "text_model.embeddings.token_embedding.weight"
        save_file({key: torch.zeros(shape)}, folder / name)
    one, two = widths
    told = foretold(
        home,
        graph(
            c=use("CLIPLoader", clip_name=one),
            p=use("CLIPTextEncode", text="", clip="@c"),
            d=use("DualCLIPLoader", clip_name1=one, clip_name2=two),
            q=use("CLIPTextEncode", text="", clip="@d"),
        ),
    )

    assert told.nodes["p"].outputs["conditioning"].shape == (1, None, 768)
    assert told.nodes["q"].outputs["conditioning"].shape == (1, None, 2048)


def test_a_model_that_must_be_shown_something_says_so_before_it_is_loaded(home: House) -> None:
    save_model(model_of(SPECS["depth"]), home.folder / "models" / "checkpoints" / "depth.safetensors")
    told = {
        "m": use("CheckpointLoaderSimple", ckpt_name="depth.safetensors"),
        "p": use("CLIPTextEncode", text="", clip="@m.1"),
        "i": use("EmptyImage", width=24, height=16),
        "d": use("DepthConditioning", positive="@p", negative="@p", depth="@i"),
        "c": use("ConditioningCombine", conditioning_1="@d", conditioning_2="@p"),
        **CANVAS,
    }

    def clashing(positive: str, negative: str) -> list[tuple[str, str]]:
        settings = {"positive": positive, "negative": negative, "latent_image": "@e"}
        found = foretold(home, graph(**told, l=use("KSampler", model="@m", **settings))).problems
        return [(one.input, one.hint) for one in found if isinstance(one, Clashing)]

    advice = "Send the conditioning through DepthConditioning first."
    assert clashing("@d", "@d.1") == []
    assert clashing("@p", "@d.1") == [("positive", advice)]
    assert clashing("@d", "@p") == [("negative", advice)]
    assert clashing("@c", "@d.1") == [("positive", advice)]


def test_a_first_stage_that_is_told_another_scale_is_of_another_model(home: House) -> None:
    (home.folder / "models" / "vae").mkdir()
    save_first_stage(tiny_model().first_stage, home.folder / "models" / "vae" / "alone.safetensors")
    model = {**MODEL, **CANVAS, "p": use("CLIPTextEncode", text="", clip="@m.1")}

    def clashing(scale: float) -> list[str]:
        loaded = use("VAELoader", vae_name="alone.safetensors", scale=scale)
        decoded = use("VAEDecode", samples="@l", vae="@v")
        told = foretold(home, graph(**model, l=sample(), v=loaded, d=decoded))
        return [problem.input for problem in told.problems if isinstance(problem, Clashing)]

    assert clashing(0.77) == ["samples"]
    assert clashing(0.5) == clashing(0.0) == []
