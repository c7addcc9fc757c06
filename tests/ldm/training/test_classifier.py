"""Training a classifier of noisy latents."""

from pathlib import Path

import pytest
import torch

from ldm.data.told import Classes, Words
from ldm.diffusion.schedule import Schedule
from ldm.spec import ScheduleSpec
from ldm.training.classifier import NO_CLASS, ClassifierRecipe, labels_of, train_classifier
from ldm.training.latents import CaptionedLatents
from ldm.unet.classifier import Classifier, ClassifierSpec
from tests.ldm.unet.test_classifier import UNET, X

SCHEDULE = Schedule(ScheduleSpec())


def data() -> CaptionedLatents:
    """Latents that are dark or bright; each says by a number which it is."""
    bright = torch.arange(64) % 2
    noise = 0.5 * torch.randn(64, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    latents = noise + (2.0 * bright - 1)[:, None, None, None]
    return CaptionedLatents(latents.half(), lambda index, _: str(int(bright[index])))


def trained(folder: Path, steps: int, of: int = 40, net: Classifier | None = None) -> Classifier:
    """A classifier after so many steps of a training."""
    torch.manual_seed(0)
    net = net or Classifier(ClassifierSpec(unet=UNET, classes=2, pool="adaptive", size=8))
    recipe = ClassifierRecipe(steps=of, batch=16, rate=2e-3)
    label_of = labels_of(Classes(("dark", "bright")), ())
    training = train_classifier(
        net, SCHEDULE, data(), label_of, 1.0, recipe, folder / "state.safetensors", []
    )
    for done in training:
        if done == steps:
            break
    training.close()
    return net


def test_a_classifier_learns_what_latents_are_through_the_noise(tmp_path: Path) -> None:
    net, latents = trained(tmp_path, 40), data().latents.float()
    abar = SCHEDULE.alphas_cumprod[400].float()
    noisy = abar.sqrt() * latents + (1 - abar).sqrt() * torch.randn(latents.shape)
    with torch.no_grad():
        found = net(noisy, torch.full((64,), 400)).argmax(dim=1)
    assert float((found == torch.arange(64) % 2).float().mean()) > 0.95


def test_an_interrupted_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole = trained(tmp_path / "whole", 6, of=6)
    trained(tmp_path / "parts", 3, of=6)
    parts = trained(tmp_path / "parts", 6, of=6)
    with torch.no_grad():
        times = torch.zeros(3)
        assert torch.equal(whole(X, times), parts(X, times))


@pytest.mark.parametrize(
    ("caption", "label"),
    [("a circle", 0), ("a square on a circle", 0), ("the square", 1), ("a star", NO_CLASS)],
)
def test_in_captions_the_first_of_the_words_is_the_class(caption: str, label: int) -> None:
    assert labels_of(Words((), 16), ("circle", "square"))(caption) == label


def test_where_classes_are_told_it_is_their_number() -> None:
    assert labels_of(Classes(("a", "b", "c")), ())("2") == 2
