"""Codes that nobody uses come to where latents are; those that are used stay."""

from dataclasses import replace
from pathlib import Path

import torch

from ldm.first_stage.autoencoder import AutoencoderVQ
from ldm.first_stage.codebook import Codebook
from ldm.shapeland.dataset import Shapeland
from ldm.training.codes import CodeUse
from tests.ldm.training.trainings import VQ, autoencoder, equal, interrupted


def test_idle_codes_move_to_latents_and_used_ones_stay() -> None:
    codebook, use = Codebook(4, 2), CodeUse(4)
    before = codebook.embedding.weight.detach().clone()
    latents = torch.tensor([[5.0, 6.0], [7.0, 8.0]]).T[None, :, None]
    use.note(torch.tensor([[[2, 2]]]), latents)
    use.restart(codebook, torch.Generator().manual_seed(0))
    after = codebook.embedding.weight.detach()
    assert torch.equal(after[2], before[2])
    assert {tuple(code) for code in after[[0, 1, 3]].tolist()} <= {(5.0, 6.0), (7.0, 8.0)}
    assert not use.used.any()


def test_a_restarted_codebook_is_used_more(tmp_path: Path) -> None:
    large, pixels, found = replace(VQ, codes=512), Shapeland(4, seed=3).pictures(0, 4), []
    for every in (0, 2):
        model, training, _ = autoencoder(
            tmp_path / f"{every}.safetensors",
            large,
            steps=5,
            restart_every=every,
            adversarial_from=1.0,
            decay=0.0,
        )
        list(training)
        assert isinstance(model, AutoencoderVQ)
        with torch.no_grad():
            found.append(len(model.quantize.nearest(model.encode(pixels)).unique()))
    assert found[1] > 1.4 * found[0]


def test_an_interrupted_training_with_restarts_ends_with_the_same_bits(tmp_path: Path) -> None:
    straight, training, _ = autoencoder(tmp_path / "straight.safetensors", VQ, restart_every=3)
    list(training)
    _, training, _ = autoencoder(tmp_path / "broken.safetensors", VQ, restart_every=3)
    interrupted(training, 2)
    resumed, training, _ = autoencoder(tmp_path / "broken.safetensors", VQ, restart_every=3)
    list(training)
    equal(resumed, straight)
