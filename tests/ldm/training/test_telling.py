"""Training of models that are told classes, boxes or nothing, and of those that are shown something beside."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ldm.data.told import Boxes, Classes, Described, Silence, Telling, Words
from ldm.diffusion.schedule import Schedule
from ldm.spec import Beside, FirstStageSpec, RescalerSpec, UNetSpec
from ldm.text.boxes import LayoutBox
from ldm.text.build import tau
from ldm.text.classes import ClassEmbedder, SpatialRescaler
from ldm.text.tau import NotHeard, Tau
from ldm.text.transformer import TextEncoder
from ldm.training.diffusion import DiffusionRecipe, train_diffusion
from ldm.training.latents import CaptionedLatents
from ldm.training.new_model import ClassesIn, new_model
from ldm.training.telling import beside_of, nothing, told_of
from ldm.unet.unet import UNet

STAGE = FirstStageSpec(channels=32, channel_mult=(1, 1, 1), res_blocks=1, z_channels=4, embed_dim=4)
CLASSES, BOXES = Classes(("cat", "dog")), Boxes(("cat", "dog"), 3)
BOX = LayoutBox(1, 0.25, 0.25, 0.5, 0.5)


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


MASKS: dict[Beside, Tensor] = {"mask": random(6, 1, 8, 8), "masked_image": random(6, 4, 8, 8)}
SMALL: dict[Beside, Tensor] = {"low_resolution": random(6, 3, 8, 8)}


def trained(
    folder: Path,
    told: Telling,
    described: Described,
    beside: dict[Beside, Tensor],
    classes_in: ClassesIn = "context",
    *,
    learned_variance: bool = False,
) -> tuple[UNet, Tau, list[float]]:
    """A model after a few steps on six latents that are told the same."""
    spec = new_model(
        "new", STAGE, told, beside, "v", classes_in=classes_in, learned_variance=learned_variance
    )
    torch.manual_seed(0)
    unet, text = UNet(spec.unet), tau(spec)
    data = CaptionedLatents(random(6, 4, 8, 8).half(), lambda index, generator: described, beside)
    recipe = DiffusionRecipe(steps=3, batch=4, parameterization="v", dropout=0.5)
    losses: list[tuple[int, float]] = []
    state = folder / "state.safetensors"
    list(train_diffusion(unet, text, Schedule(spec.schedule), data, 1.0, recipe, state, losses))
    return unet, text, [loss for _, loss in losses]


@pytest.mark.parametrize("beside", [{}, MASKS, SMALL], ids=["nothing", "masks", "small"])
@pytest.mark.parametrize(
    ("told", "described", "kind"),
    [
        (Words(("red",), 8), "red", TextEncoder),
        (CLASSES, "1", ClassEmbedder),
        (BOXES, (BOX,), TextEncoder),
        (Silence(), "", Tau),
    ],
    ids=["words", "classes", "boxes", "silence"],
)
def test_every_kind_of_data_trains_a_model_that_listens_to_it(
    tmp_path: Path, told: Telling, described: Described, kind: type[Tau], beside: dict[Beside, Tensor]
) -> None:
    unet, text, losses = trained(tmp_path, told, described, beside)
    assert type(text) is kind
    assert unet.spec.in_channels == 4 + sum(maps.shape[1] for maps in beside.values())
    assert len(losses) == 1
    assert 0 < losses[0] < 5
    assert all(bool(weight.isfinite().all()) for weight in unet.parameters())


def test_a_class_may_be_told_beside_the_time(tmp_path: Path) -> None:
    unet, text, _ = trained(tmp_path, CLASSES, "1", {}, "time")
    assert (unet.spec.classes, unet.spec.context_dim) == (3, None)
    assert isinstance(unet.label_emb, torch.nn.Embedding)
    assert unet.label_emb.weight.shape[0] == 3
    assert not list(text.parameters())


def test_a_variance_is_learned_beside_the_guess(tmp_path: Path) -> None:
    unet, _, losses = trained(tmp_path, Silence(), "", {}, learned_variance=True)
    assert unet.spec.out_channels == 8
    (last,) = (part for part in unet.out if isinstance(part, torch.nn.Conv2d))
    assert bool(last.weight[4:].any())
    assert losses[0] > 0


def test_what_is_left_out_is_the_class_of_none() -> None:
    torch.manual_seed(0)
    spec = new_model("new", STAGE, CLASSES, {}, "v")
    unet, text = UNet(spec.unet), tau(spec)
    context, _ = told_of(unet, text, ["1", nothing("1")])
    assert isinstance(text, ClassEmbedder)
    assert torch.equal(context[:, 0], text.embedding.weight[[1, 2]])
    in_time = new_model("new", STAGE, CLASSES, {}, "v", classes_in="time")
    _, numbers = told_of(UNet(in_time.unet), tau(in_time), ["1", nothing("1")])
    assert numbers is not None
    assert numbers.tolist() == [1, 2]


def test_a_layout_that_is_left_out_is_an_empty_one() -> None:
    spec = new_model("new", STAGE, BOXES, {}, "v")
    unet, text = UNet(spec.unet), tau(spec)
    context, _ = told_of(unet, text, [(BOX,), nothing((BOX,))])
    silence = text.encode(text.tokenize([""]))
    assert torch.allclose(context[1:], silence, atol=1e-6)
    assert not torch.allclose(context[:1], silence, atol=1e-3)


def test_data_of_another_kind_are_refused() -> None:
    words = new_model("new", STAGE, Words(("red",), 8), {}, "v")
    with pytest.raises(NotHeard, match="described by boxes"):
        told_of(UNet(words.unet), tau(words), [(BOX,)])
    in_time = new_model("new", STAGE, CLASSES, {}, "v", classes_in="time")
    with pytest.raises(NotHeard, match="number of a class, 0 to 1, but the data say 'dog'"):
        told_of(UNet(in_time.unet), tau(in_time), ["dog"])


def test_latents_beside_are_scaled_and_masks_are_not() -> None:
    batch = CaptionedLatents(random(6, 4, 8, 8), lambda index, generator: "", MASKS).draw(
        2, torch.Generator().manual_seed(0)
    )
    shown = beside_of(Tau(), batch, 0.5, torch.device("cpu"))
    assert shown is not None
    assert torch.equal(shown, torch.cat([batch.beside["mask"], 0.5 * batch.beside["masked_image"]], dim=1))


def test_a_map_of_classes_goes_through_the_rescaler_which_learns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    text = SpatialRescaler(RescalerSpec(channels=5, out_channels=3, stages=2))
    maps: dict[Beside, Tensor] = {"semantic_map": torch.randint(5, (6, 1, 32, 32)).half()}
    data = CaptionedLatents(random(6, 4, 8, 8).half(), lambda index, generator: "", maps)
    unet = UNet(
        UNetSpec(
            in_channels=7,
            model_channels=32,
            channel_mult=(1, 2),
            res_blocks=1,
            attention_factors=(2,),
            heads=1,
            context_dim=None,
        )
    )
    for weight in unet.out.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    before = text.channel_mapper.weight.detach().clone()
    recipe, state = DiffusionRecipe(steps=2, batch=2, rate=1e-2), tmp_path / "state.safetensors"
    schedule = Schedule(new_model("new", STAGE, Silence(), {}, "v").schedule)
    list(train_diffusion(unet, text, schedule, data, 1.0, recipe, state, []))
    assert float((text.channel_mapper.weight - before).abs().max()) > 1e-5
