"""The first stage: shapes, scale, sampling, and its own refusals."""

from dataclasses import replace

import pytest
import torch

from ldm.first_stage.autoencoder import AutoencoderKL, AutoencoderVQ, Identity, first_stage
from ldm.first_stage.blocks import Downsample, LinAttnBlock, sample_gaussian
from ldm.first_stage.codebook import Codebook
from ldm.first_stage.features import FeatureNet, cell_labels, perceptual_distance
from ldm.shapeland.scene import COLOURS, SHAPES, Scene, Thing
from ldm.spec import FirstStageSpec
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


VQ = FirstStageSpec(
    kind="vq", codes=9, channels=32, channel_mult=(1, 2), res_blocks=1, attention="linear", scale_factor=0.5
)


def vq_model(spec: FirstStageSpec = VQ) -> AutoencoderVQ:
    """A small first stage with a codebook, in float64."""
    model = AutoencoderVQ(spec).double()
    randomise(model)
    return model


@torch.no_grad()
def test_a_latent_of_a_vq_first_stage_is_not_quantised_and_its_decoder_begins_with_the_codebook() -> None:
    model, pixels = vq_model(), PIXELS.double()
    latent = model.encode(pixels)
    assert latent.shape == (2, 3, 8, 12)
    assert torch.allclose(latent, 0.5 * model.moments(pixels))
    snapped = model.snapped(latent)
    assert not torch.allclose(snapped, latent, atol=1e-3)
    assert torch.allclose(model.decode(latent), model.decode(snapped, quantize=False), atol=1e-12)
    assert not torch.allclose(model.decode(latent), model.decode(latent, quantize=False), atol=1e-6)


def test_every_cell_goes_to_the_code_that_is_nearest_to_it() -> None:
    book = Codebook(20, 3)
    randomise(book)
    z = 0.1 * torch.randn(2, 3, 50, 60, generator=torch.Generator().manual_seed(1))
    cells = z.movedim(1, -1).flatten(0, 2)
    expected = torch.cdist(cells, book.embedding.weight).argmin(dim=1).reshape(2, 50, 60)
    assert torch.equal(book.nearest(z), expected)
    assert len(expected.unique()) == 20
    assert torch.allclose(book(z), book.embedding.weight[expected].movedim(-1, 1))


def test_gradients_pass_through_the_codebook_as_if_it_were_not_there() -> None:
    book = Codebook(20, 3)
    z = torch.randn(1, 3, 4, 4, requires_grad=True)
    (2 * book(z)).sum().backward()
    assert z.grad is not None
    assert torch.equal(z.grad, torch.full_like(z, 2.0))


def test_linear_attention_weighs_values_by_the_keys_softmax_over_all_places() -> None:
    block = LinAttnBlock(4).double()
    randomise(block)
    x = torch.randn(1, 4, 2, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    rows = block.to_qkv(x)[0].flatten(1)
    q, k, v = rows[:4], rows[4:8].exp(), rows[8:]
    gathered = torch.zeros(4, 6, dtype=torch.float64)
    for place in range(6):
        for there in range(6):
            heard = sum(float(q[d, place]) * float(k[d, there] / k[d].sum()) for d in range(4))
            gathered[:, place] += heard * v[:, there]
    assert torch.allclose(block(x), block.to_out(gathered.reshape(1, 4, 2, 3)), atol=1e-12)


def test_a_first_stage_without_attention_has_none_and_works() -> None:
    model = vq_model(replace(VQ, attention="none"))
    assert not [key for key in model.state_dict() if "attn" in key]
    assert model.decode(model.encode(PIXELS.double())).shape == PIXELS.shape


def test_without_a_first_stage_latents_are_pixels() -> None:
    model = first_stage(FirstStageSpec(kind="identity", channel_mult=(1,), scale_factor=2.0))
    assert isinstance(model, Identity)
    assert model.spec.factor == 1
    assert torch.equal(model.encode(PIXELS), 2 * PIXELS)
    assert torch.equal(model.decode(model.encode(PIXELS)), PIXELS)


def test_a_first_stage_of_each_kind_is_made_by_its_spec() -> None:
    assert isinstance(first_stage(VQ), AutoencoderVQ)
    assert isinstance(first_stage(SPEC.first_stage), AutoencoderKL)
