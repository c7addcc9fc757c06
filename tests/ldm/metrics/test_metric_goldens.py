"""Metrics in float64 against the numbers of scikit-image, lpips and pytorch-fid (tests/goldens/make_metrics.py)."""

import json
from pathlib import Path

import pytest
import torch

from ldm.metrics.distributions import frechet_distance
from ldm.metrics.nets import looks_apart, seen
from ldm.metrics.pairs import psnr, ssim
from tests.goldens.cases import summary
from tests.goldens.metrics import features, inception, lpips, pictures

GOLDEN = json.loads((Path(__file__).parents[2] / "goldens/metrics.json").read_text())


@pytest.mark.parametrize(("name", "measure"), [("psnr", psnr), ("ssim", ssim)])
def test_pairs_are_measured_as_by_scikit_image(name: str, measure: object) -> None:
    assert callable(measure)
    assert measure(*pictures(24), 2.0).tolist() == pytest.approx(GOLDEN[name], rel=1e-9)


def test_the_perceptual_distance_is_that_of_lpips() -> None:
    assert looks_apart(lpips(), *pictures(32)).tolist() == pytest.approx(GOLDEN["lpips"], rel=1e-9)


def test_the_distance_of_features_is_that_of_pytorch_fid() -> None:
    assert frechet_distance(*features()) == pytest.approx(GOLDEN["fid"], rel=1e-8)


@torch.no_grad()
def test_inception_describes_as_that_of_pytorch_fid() -> None:
    golden = GOLDEN["inception"]
    assert summary(seen(inception(), pictures(40)[0][:1]).features) == pytest.approx(
        golden, rel=1e-9, abs=1e-9
    )
    assert golden[1] > 0.1
