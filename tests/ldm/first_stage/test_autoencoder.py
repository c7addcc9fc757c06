"""The first stage: shapes, scale, sampling, and its own refusals."""

from dataclasses import replace

import pytest
import torch

from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.first_stage.blocks import Downsample, sample_gaussian
from ldm.first_stage.features import FeatureNet, cell_labels, perceptual_distance
from ldm.shapeland.scene import COLOURS, SHAPES, Scene, Thing
from tests.ldm.tiny import SPEC, randomise, tiny_model

PIXELS = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_a_picture_becomes_a_latent_f_times_smaller_and_back() -> None:
    model = tiny_model().first_stage
    latent = model.encode(PIXELS)
    assert latent.shape == (2, 4, 4, 6)
    assert model.decode(latent).shape == PIXELS.shape


def test_the_scale_is_the_autoencoders_own_affair() -> None:
    model = tiny_model().first_stage
    unscaled = AutoencoderKL(replace(SPEC.first_stage, scale_factor=1.0))
    unscaled.load_state_dict(model.state_dict())
    assert torch.allclose(model.encode(PIXELS), 0.5 * unscaled.encode(PIXELS))
    assert torch.allclose(
        model.decode(model.encode(PIXELS)), unscaled.decode(unscaled.encode(PIXELS)), atol=1e-6
    )


def test_a_side_that_does_not_fit_is_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match=r"24x15, but both sides must be multiples of 4"):
        tiny_model().first_stage.encode(PIXELS[:, :, :15])


def test_a_sample_is_the_mode_plus_noise_of_the_posteriors_width() -> None:
    moments = torch.cat(
        [torch.full((1, 2, 2, 2), 3.0), torch.full((1, 2, 2, 2), 2 * torch.tensor(0.5).log().item())], 1
    )
    assert torch.equal(sample_gaussian(moments, None), torch.full((1, 2, 2, 2), 3.0))
    assert torch.allclose(sample_gaussian(moments, torch.ones(1, 2, 2, 2)), torch.full((1, 2, 2, 2), 3.5))


def test_the_log_variance_is_kept_within_bounds() -> None:
    moments = torch.cat([torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 1e4)], 1)
    assert float(sample_gaussian(moments, torch.ones(1, 1, 1, 1))) == pytest.approx(
        torch.tensor(10.0).exp().item()
    )


def test_halving_pads_on_the_right_and_bottom_only() -> None:
    """The top left output sees no padding: it is the plain convolution of the first 3x3 pixels."""
    down = Downsample(32)
    randomise(down)
    x = torch.randn(1, 32, 6, 6, generator=torch.Generator().manual_seed(1))
    whole, corner = down(x), torch.nn.functional.conv2d(x[:, :, :3, :3], down.conv.weight, down.conv.bias)
    assert whole.shape[-2:] == (3, 3)
    assert torch.allclose(whole[:, :, :1, :1], corner, atol=1e-5)


def test_pictures_that_are_equal_look_equal_and_others_do_not() -> None:
    net = FeatureNet().requires_grad_(requires_grad=False)
    assert float(perceptual_distance(net, PIXELS, PIXELS).abs().max()) < 1e-9
    assert float(perceptual_distance(net, PIXELS, -PIXELS).min()) > 0.01


def test_labels_name_the_thing_in_each_cell() -> None:
    thing = Thing(shape="star", colour="blue", size="small", row=2, column=0, radius=6.5, dx=0.0, dy=0.0)
    cells, background = cell_labels([Scene("white", (thing,))])
    kind = 1 + SHAPES.index("star") * len(COLOURS) + list(COLOURS).index("blue")
    assert cells.tolist() == [[[0, 0, 0], [0, 0, 0], [kind, 0, 0]]]
    assert background.tolist() == [2]
