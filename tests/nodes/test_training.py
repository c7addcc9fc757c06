"""Training as nodes: every kind of first stage and of data, from folders to a checkpoint that paints."""

import json
import math
from pathlib import Path
from typing import Literal

import pytest
import torch

from engine.api import Context, Files, Folders
from ldm.first_stage.autoencoder import AutoencoderVQ
from ldm.first_stage.features import FeatureNet
from ldm.metrics.lpips import Lpips
from ldm.text.classes import ClassEmbedder
from nodes.data_sets import (
    boxed_pictures,
    captioned_pictures,
    class_folders,
    masked_pictures,
    picture_folder,
    shapeland_data,
)
from nodes.loss_picture import draw_loss
from nodes.port_types import DataSet, Features, FirstStage, LossCurve
from nodes.train_diffusion import Shown, encode_dataset, train_diffusion_model
from nodes.train_first_stage import train_autoencoder, train_feature_net, tune_first_stage_decoder
from tests.ldm.data.pictures import picture, striped
from tests.ldm.tiny import tiny_model

SIDE = 32


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    (tmp_path / "input").mkdir()
    return Context(
        inputs=Folders(tmp_path / "models", tmp_path / "input"),
        outputs=Files(tmp_path / "output", tmp_path / "temp", tmp_path / "state"),
    )


@pytest.fixture
def features() -> Features:
    torch.manual_seed(0)
    return Features(FeatureNet())


VAE = FirstStage(tiny_model().first_stage)


def test_a_codebook_is_trained_by_name_and_its_decoder_tuned(ctx: Context, features: Features) -> None:
    data = shapeland_data(4)
    trained = train_autoencoder(
        data, features, steps=2, batch=1, kind="vq", codes=8, latent_channels=3, ctx=ctx
    )
    model = trained.vae.autoencoder
    assert isinstance(model, AutoencoderVQ)
    assert (model.spec.codes, model.spec.embed_dim, model.spec.factor) == (8, 3, 4)
    tuned = tune_first_stage_decoder(trained.vae, data, features, steps=1, batch=1, ctx=ctx).vae.autoencoder
    assert isinstance(tuned, AutoencoderVQ)
    assert torch.equal(tuned.quantize.embedding.weight, model.quantize.embedding.weight)
    assert not torch.equal(tuned.decoder.conv_out.weight, model.decoder.conv_out.weight)


@pytest.mark.parametrize("factor", [2, 8])
def test_first_stages_of_other_factors_are_trained(
    ctx: Context, features: Features, factor: Literal[2, 8]
) -> None:
    trained = train_autoencoder(
        shapeland_data(4),
        features,
        steps=1,
        batch=1,
        factor=factor,
        precision="bf16",
        ctx=ctx,
    )
    assert trained.vae.autoencoder.spec.factor == factor
    with torch.no_grad():
        assert trained.vae.autoencoder.encode(torch.zeros(1, 3, 64, 64)).shape[-1] == 64 // factor


def test_lpips_may_be_the_perceptual_distance(ctx: Context) -> None:
    torch.manual_seed(0)
    trained = train_autoencoder(shapeland_data(4), Features(Lpips().eval()), steps=1, batch=1, ctx=ctx)
    assert math.isfinite(trained.losses.points[0][1])


def pictures_of(kind: str, ctx: Context) -> DataSet:
    """Three pictures of this kind of data set."""
    assert ctx.inputs is not None
    home = ctx.inputs.input
    for index in range(3):
        striped(home / "pictures" / f"{index}.png")
        (home / "pictures" / f"{index}.txt").write_text(f"stripes number {index}")
        picture(home / "masks" / f"{index}.png", "white", (60, 20))
        picture(home / "classes" / f"kind {index % 2}" / f"{index}.png")
    images = [{"id": index, "file_name": f"{index}.png", "width": 60, "height": 20} for index in range(3)]
    boxes = [{"image_id": 0, "category_id": 1, "bbox": [20, 0, 10, 20]}]
    said = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "stripe"}]}
    (home / "instances.json").write_text(json.dumps(said))
    match kind:
        case "captions":
            return captioned_pictures(side=SIDE, ctx=ctx)
        case "classes":
            return class_folders(side=SIDE, ctx=ctx)
        case "boxes":
            return boxed_pictures(side=SIDE, ctx=ctx)
        case "masks":
            return masked_pictures(side=SIDE, ctx=ctx)
    return picture_folder(side=SIDE, ctx=ctx)


@pytest.mark.parametrize("kind", ["captions", "classes", "boxes", "masks", "nothing"])
def test_every_kind_of_data_set_trains_a_model(ctx: Context, kind: str) -> None:
    data = pictures_of(kind, ctx)
    encoded, vae = encode_dataset(VAE, data, ctx=ctx)
    assert encoded.data.latents.shape == (3, 4, SIDE // 4, SIDE // 4)
    trained = train_diffusion_model(encoded, vae, steps=1, batch=2, ctx=ctx)
    spec = trained.model.spec
    listens = (spec.text is not None, spec.classes is not None, spec.unet.context_dim is not None)
    assert listens == {
        "captions": (True, False, True),
        "classes": (False, True, True),
        "boxes": (True, False, True),
    }.get(kind, (False, False, False))
    if kind == "classes":
        assert isinstance(trained.clip.encoder, ClassEmbedder)
        assert trained.clip.encoder.spec.classes == 3


@pytest.mark.parametrize(
    ("beside", "order", "channels"),
    [("mask", ("mask", "masked_image"), 9), ("low resolution", ("low_resolution",), 7)],
)
def test_what_stands_beside_the_latents_is_encoded_and_trained_on(
    ctx: Context, beside: Shown, order: tuple[str, ...], channels: int
) -> None:
    encoded, vae = encode_dataset(VAE, shapeland_data(3), beside, ctx=ctx)
    assert all(maps.shape[-2:] == (16, 16) for maps in encoded.data.beside.values())
    trained = train_diffusion_model(encoded, vae, steps=1, batch=2, learned_variance=True, ctx=ctx)
    spec = trained.model.spec
    assert spec.concat is not None
    assert (spec.concat.order, spec.unet.in_channels, spec.unet.out_channels) == (order, channels, 8)


def test_masks_of_the_data_are_the_holes(ctx: Context) -> None:
    encoded, _ = encode_dataset(VAE, pictures_of("masks", ctx), "mask", ctx=ctx)
    assert bool((encoded.data.beside["mask"] == 1).all())
    grey = VAE.autoencoder.encode(torch.zeros(1, 3, SIDE, SIDE)) / VAE.autoencoder.spec.scale_factor
    assert torch.allclose(encoded.data.beside["masked_image"].float(), grey.expand(3, -1, -1, -1), atol=1e-2)


def test_random_holes_are_the_same_for_a_seed_and_neither_nothing_nor_all(ctx: Context) -> None:
    def masks(seed: int) -> torch.Tensor:
        return encode_dataset(VAE, shapeland_data(8), "mask", seed, ctx=ctx).encoded.data.beside["mask"]

    assert torch.equal(masks(0), masks(0))
    assert not torch.equal(masks(0), masks(1))
    shares = masks(0).float().mean(dim=(1, 2, 3))
    assert 0 < float(shares.min()) <= float(shares.max()) < 1


def test_the_feature_net_needs_shapeland(ctx: Context) -> None:
    with pytest.raises(ValueError, match="shapes of Shapeland"):
        train_feature_net(pictures_of("nothing", ctx), steps=1, ctx=ctx)


def test_a_loss_below_nothing_is_drawn_on_a_plain_scale() -> None:
    for lowest in (0.1, -0.1):
        pixels = draw_loss(LossCurve("loss", ((50, 1.0), (100, 0.5), (150, lowest)))).pixels
        assert pixels.shape == (1, 360, 640, 3)
        blue = (pixels[0] - torch.tensor([0x22, 0x55, 0xCC]) / 255).abs().amax(dim=-1) < 0.02
        rows = blue.nonzero()[:, 0]
        assert int(rows.max() - rows.min()) > 120  # the curve goes down through the picture
