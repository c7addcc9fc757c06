"""Measuring as nodes."""

import math
import shutil
from pathlib import Path

import pytest
import torch

from engine.api import Context, Files, Folders
from engine.graph.edit import with_input
from ldm.first_stage.autoencoder import AutoencoderVQ, Identity
from ldm.first_stage.features import FeatureNet
from ldm.spec import FirstStageSpec
from nodes.data_sets import shapeland_data
from nodes.metrics import (
    OWN_NET,
    compare_pictures,
    load_features,
    measure_distribution,
    measure_reconstruction,
    save_features,
)
from nodes.port_types import Features, FirstStage, Image
from nodes.text_files import save_text
from tests.ldm.tiny import randomise, tiny_model
from tests.nodes.running import ROOT, house, workflow

OWN = Context(inputs=Folders(ROOT / "models", ROOT / "input"))


@pytest.fixture(scope="module")
def features() -> Features:
    torch.manual_seed(0)
    return Features(FeatureNet().requires_grad_(requires_grad=False).eval())


def shapes(count: int, start: int = 0) -> Image:
    """Pictures of Shapeland."""
    return Image((shapeland_data(64).scenes.pictures(start, start + count).movedim(1, -1) + 1) / 2)


def test_equal_pictures_are_alike(features: Features) -> None:
    found = compare_pictures(shapes(2), shapes(2), features, ctx=Context())
    assert found.psnr == math.inf
    assert found.ssim == pytest.approx(1.0)
    assert found.perceptual == pytest.approx(0.0, abs=1e-6)


def test_one_reference_does_for_all(features: Features) -> None:
    white = Image(torch.ones(1, 64, 64, 3))
    found = compare_pictures(Image(torch.full((3, 64, 64, 3), 0.9)), white, features, ctx=Context())
    assert found.psnr == pytest.approx(20.0, abs=1e-4)
    assert found.report.startswith("3 pictures: PSNR 20.00 dB")


def test_pictures_that_cannot_be_compared_are_told(features: Features) -> None:
    with pytest.raises(ValueError, match="2 of 64 x 64 and 1 of 8 x 16 to compare"):
        compare_pictures(shapes(2), Image(torch.zeros(1, 16, 8, 3)), features, ctx=Context())


def test_a_first_stage_is_measured_with_the_net_that_is_shipped() -> None:
    kept = measure_reconstruction(FirstStage(tiny_model().first_stage), shapeland_data(10), 12, 4, ctx=OWN)
    assert kept.report.startswith("10 pictures: PSNR ")
    assert "rFID" in kept.report
    assert "codes" not in kept.report
    assert kept.pictures.pixels.shape == (1, 128, 4 * 64, 3)
    (above,) = kept.pictures.pixels[:, :64, :64]
    assert torch.allclose(
        above, shapeland_data(10).scenes.pictures(0, 1)[0].movedim(0, -1) / 2 + 0.5, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["bf16", "identity"])
def test_first_stages_of_every_kind_are_measured(features: Features, kind: str) -> None:
    tiny = tiny_model().first_stage
    model = (
        tiny.bfloat16() if kind == "bf16" else Identity(FirstStageSpec(kind="identity", channel_mult=(1,)))
    )
    kept = measure_reconstruction(
        FirstStage(model), shapeland_data(4), 4, 2, features, features, ctx=Context()
    )
    assert ("PSNR inf dB, SSIM 1.0000" in kept.report) == (kind == "identity")


def test_of_a_codebook_it_is_told_how_much_is_used(features: Features) -> None:
    model = AutoencoderVQ(
        FirstStageSpec(
            kind="vq", channels=32, channel_mult=(1, 1), res_blocks=1, z_channels=2, embed_dim=2, codes=4
        )
    )
    randomise(model)
    kept = measure_reconstruction(
        FirstStage(model.requires_grad_(requires_grad=False)),
        shapeland_data(4),
        4,
        2,
        features,
        features,
        ctx=Context(),
    )
    used, perplexity = (float(part.rsplit(" ", 1)[1]) for part in kept.report.split(", ")[-2:])
    assert used in (0.25, 0.5, 0.75, 1.0)
    assert 1.0 <= perplexity <= 4 * used + 0.1


def test_pictures_of_the_same_world_are_nearer_than_noise(features: Features) -> None:
    data = shapeland_data(20)
    same = measure_distribution(shapes(20, 20), data, 20, 8, features, ctx=Context())
    noise = Image(torch.rand(20, 64, 64, 3, generator=torch.Generator().manual_seed(0)))
    other = measure_distribution(noise, data, 20, 8, features, ctx=Context())
    assert same.fid < other.fid
    assert same.precision > other.precision
    assert same.report.startswith("20 pictures beside 20: FID ")
    itself = measure_distribution(shapes(20), shapeland_data(20), 20, 8, features, ctx=Context())
    assert itself.fid == pytest.approx(0.0, abs=1e-6)
    assert (itself.precision, itself.recall) == (1.0, 1.0)


def test_the_own_net_is_saved_and_loaded(tmp_path: Path, features: Features) -> None:
    ctx = Context(
        inputs=Folders(tmp_path / "models", tmp_path / "input"),
        outputs=Files(tmp_path / "output", tmp_path / "temp", tmp_path / "state"),
    )
    save_features(features, ctx=ctx)
    (written,) = (tmp_path / "output" / "features").iterdir()
    home = tmp_path / "models" / "features"
    home.mkdir(parents=True)
    written.rename(home / "own.safetensors")
    loaded = load_features("own.safetensors", ctx=ctx)
    found = compare_pictures(shapes(1), shapes(1, 3), loaded, ctx=ctx)
    wanted = compare_pictures(shapes(1), shapes(1, 3), features, ctx=ctx)
    assert found.perceptual == pytest.approx(wanted.perceptual, rel=0.02)


def test_a_report_is_saved_as_text(tmp_path: Path) -> None:
    save_text("PSNR 20", ctx=Context(outputs=Files(tmp_path, tmp_path, tmp_path)))
    (written,) = tmp_path.iterdir()
    assert written.read_text() == "PSNR 20\n"


@pytest.mark.parametrize(
    ("name", "few", "said"),
    [
        ("measure_reconstruction", {"measure": {"count": 4, "batch": 2}}, "4 pictures: PSNR "),
        (
            "measure_distribution",
            {"paint": {"count": 5, "steps": 2}, "measure": {"count": 6}},
            "5 pictures beside 6: FID ",
        ),
    ],
)
def test_the_example_graphs_measure(
    tmp_path: Path, name: str, few: dict[str, dict[str, int]], said: str
) -> None:
    home, graph = house(tmp_path), workflow(name)
    own = tmp_path / "models" / "features"
    own.mkdir()
    shutil.copy(ROOT / "models" / "features" / OWN_NET, own)
    for node, inputs in few.items():
        for input, value in inputs.items():
            graph = with_input(graph, node, input, value)
    home.run(graph)
    (report,) = (tmp_path / "output" / "measure").glob("*.txt")
    assert report.read_text().startswith(said)
