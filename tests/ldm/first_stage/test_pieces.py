"""Encoding and decoding in tiles against doing it at once: the same but for rounding, so that no seam can show."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from ldm.checkpoint import load_first_stage
from ldm.first_stage.autoencoder import Autoencoder, FirstStageModel, Identity, first_stage
from ldm.first_stage.norms import NotKnown, by, known, own, spread_of
from ldm.first_stage.pieces import Part, Tiles, at_once
from ldm.first_stage.tiles import tiles_of
from ldm.spec import Attention, FirstStageSpec
from tests.architecture.sources import ROOT
from tests.ldm.tiny import SPEC, randomise

KL = SPEC.first_stage
VQ = FirstStageSpec(
    kind="vq",
    channels=32,
    channel_mult=(1, 2, 1),
    res_blocks=1,
    codes=8,
    attention_resolutions=(64,),
)


def random(spec: FirstStageSpec) -> FirstStageModel:
    """A first stage with every weight random."""
    model = first_stage(spec)
    randomise(model)
    return model.requires_grad_(requires_grad=False).eval()


def trained() -> FirstStageModel:
    """Shapeland's."""
    return load_first_stage(ROOT / "models" / "checkpoints" / "shapeland-nano.safetensors")


def picture(height: int, width: int) -> Tensor:
    """Large and small shapes, brighter on one side: what tells a tile from the whole."""
    down, across = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    waves = [torch.sin(n * 5 * across) * torch.cos(n * 3 * down + n) for n in (1, 2, 3)]
    return (0.5 * torch.stack(waves) + 0.5 * across)[None].clamp(-1, 1)


MODELS: dict[str, Callable[[], FirstStageModel]] = {
    "kl": lambda: random(KL),
    "vq": lambda: random(VQ),
    "trained": trained,
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_decoded_in_tiles_no_colour_differs_by_a_part_in_255(model: Callable[[], FirstStageModel]) -> None:
    stage = model()
    latent = stage.encode(picture(80, 112))
    whole, tiled = stage.decode(latent), stage.decode(latent, pieces=Tiles(40))
    assert float((whole - tiled).abs().max()) < 0.1 * 2 / 255  # pixels go from -1 to 1


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_encoded_in_tiles_a_picture_gives_the_same_latent(model: Callable[[], FirstStageModel]) -> None:
    stage = model()
    whole, tiled = stage.encode(picture(80, 112)), stage.encode(picture(80, 112), pieces=Tiles(40))
    assert torch.allclose(whole, tiled, atol=1e-4)


def test_tiles_that_norm_themselves_would_show() -> None:
    """What the norms of the whole are good for."""
    stage = trained()
    latent = stage.encode(picture(80, 112))
    alone = torch.cat([stage.decode(part) for part in latent.split(14, dim=-1)], dim=-1)
    assert float((alone - stage.decode(latent)).abs().max()) > 20 * 2 / 255


def test_tiles_are_no_larger_than_they_must_be() -> None:
    stage, seen = random(KL), set[tuple[int, int]]()

    def watched(part: Part, x: Tensor) -> Tensor:
        def run(tile: Tensor, normed: object) -> Tensor:
            seen.add((tile.shape[-2] * part.pixels, tile.shape[-1] * part.pixels))
            return part.run(tile, normed)  # type: ignore[arg-type]

        return Tiles(64)(replace(part, run=run), x)

    stage.decode(torch.zeros(1, 4, 64, 64), pieces=watched)
    assert seen == {(80, 80), (64, 64)}  # the deeper level must see 40 pixels around each


def test_a_picture_that_is_one_tile_and_one_that_has_no_first_stage_are_what_they_are_at_once() -> None:
    stage, pixels = random(KL), Identity(replace(KL, kind="identity", channel_mult=(1,)))
    latent = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(stage.decode(latent, pieces=Tiles(64)), stage.decode(latent), atol=1e-5)
    assert torch.equal(pixels.decode(latent, pieces=Tiles(16)), pixels.decode(latent))


def test_each_picture_of_a_batch_has_its_own_norms() -> None:
    stage = random(KL)
    both = torch.cat([picture(48, 80), -0.3 * picture(48, 80)])
    together = stage.encode(both, pieces=Tiles(32))
    assert torch.allclose(together, stage.encode(both), atol=1e-4)


@pytest.mark.parametrize("attention", ["none", "linear", "vanilla"])
def test_what_attends_is_never_cut(attention: Attention) -> None:
    stage, seen = first_stage(replace(VQ, attention=attention, attention_resolutions=(128,))), []
    assert isinstance(stage, Autoencoder)

    def watched(part: Part, x: Tensor) -> Tensor:
        seen.append(tuple(x.shape[-2:]))
        return at_once(part, x)

    stage.decode(torch.zeros(1, 3, 8, 8), pieces=watched)
    assert seen == (
        [(8, 8), (16, 16)] if attention == "none" else [(16, 16)]
    )  # it attends at half of the size


# ---- norms


NORM = nn.GroupNorm(4, 8)
MAP = torch.randn(2, 8, 24, 40, generator=torch.Generator().manual_seed(2)) * 3 + 1


def test_what_is_found_in_the_cores_of_tiles_is_what_the_whole_has() -> None:
    first, *others = (spread_of(NORM, tile.core_of(tile.of(MAP))) for tile in tiles_of((24, 40), (10, 12), 4))
    for other in others:
        first = first.with_more(other)
    whole = spread_of(NORM, MAP)
    assert first.count == whole.count
    assert torch.allclose(first.mean, whole.mean, atol=1e-6)
    assert torch.allclose(first.variance, whole.variance, rtol=1e-6)


def test_normed_by_its_own_spread_a_map_is_normed_as_usual() -> None:
    randomise(NORM)
    assert torch.allclose(by(NORM, spread_of(NORM, MAP), MAP), own(NORM, MAP), atol=1e-5)


def test_a_norm_of_which_nothing_is_known_ends_the_walk() -> None:
    other = nn.GroupNorm(4, 8)
    normed = known({NORM: spread_of(NORM, MAP)})
    assert normed(NORM, MAP).shape == MAP.shape
    with pytest.raises(NotKnown) as here:
        normed(other, MAP)
    assert here.value.norm is other


# ---- memory


ONE_DECODE = """
import resource, sys, torch
from ldm.first_stage.autoencoder import first_stage
from ldm.first_stage.pieces import Tiles, at_once
from ldm.spec import FirstStageSpec
torch.set_num_threads(1)
spec = FirstStageSpec(channels=32, channel_mult=(1, 1), res_blocks=1, z_channels=4, embed_dim=4)
model = first_stage(spec).requires_grad_(False)
side, tile = int(sys.argv[1]), int(sys.argv[2])
model.decode(torch.zeros(1, 4, 8, 8))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model.decode(torch.zeros(1, 4, side, side), pieces=Tiles(tile) if tile else at_once)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def peak(side: int, tile: int = 0) -> float:
    """How many MiB more than before a process holds at most while it decodes so many cells a side."""
    command = [sys.executable, "-c", ONE_DECODE, str(side), str(tile)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def test_decoding_takes_memory_for_the_picture_not_for_all_pairs_of_its_cells() -> None:
    """Those would be 324 MiB alone; the largest map is 4.5 MiB."""
    assert peak(96) < 100
    assert peak(96, 64) < 50
