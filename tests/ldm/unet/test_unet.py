"""The UNet's behaviour where it is easily got wrong; its shape is in test_published_shapes."""

import math
from dataclasses import replace

import pytest
import torch

from ldm.unet.attention import SpatialTransformer
from ldm.unet.blocks import timestep_embedding
from ldm.unet.unet import UNet
from ldm.unet.vector import size_vector
from tests.ldm.tiny import SPEC, randomise, tiny_model


def test_the_timestep_embedding_has_cosines_first_and_no_shift() -> None:
    embedding = timestep_embedding(torch.tensor([5]), 8)[0]
    expected = [math.cos(5 * 10000 ** (-k / 4)) for k in range(4)]
    expected += [math.sin(5 * 10000 ** (-k / 4)) for k in range(4)]
    assert embedding.tolist() == pytest.approx(expected, abs=1e-5)


def test_the_unet_listens_to_time_and_to_every_token_of_the_context() -> None:
    unet = tiny_model().unet.double()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 4, 8, 8, generator=generator, dtype=torch.float64)
    context = torch.randn(1, 5, 16, generator=generator, dtype=torch.float64)
    base = unet(x, torch.tensor([100]), context)
    assert base.std() > 0.01
    assert not torch.allclose(unet(x, torch.tensor([101]), context), base, atol=1e-9)
    for token in range(5):
        changed = context.clone()
        changed[0, token] += 1
        assert not torch.allclose(unet(x, torch.tensor([100]), changed), base, atol=1e-9), token


def test_a_pooled_unet_hears_the_text_even_where_it_attends_nowhere() -> None:
    spec = replace(SPEC.unet, pooled=True, attention_factors=())
    unet = UNet(spec)
    randomise(unet)
    with torch.no_grad():
        for block in unet.middle_block:
            if isinstance(block, SpatialTransformer):
                block.proj_out.weight.zero_()
                block.proj_out.bias.zero_()  # type: ignore[union-attr]
    x, time = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([100])
    one, other = torch.zeros(1, 5, 16), torch.ones(1, 5, 16)
    assert not torch.allclose(unet(x, time, one), unet(x, time, other), atol=1e-4)


def test_samples_of_a_batch_do_not_touch_each_other() -> None:
    unet = tiny_model().unet.double()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 4, 8, 12, generator=generator, dtype=torch.float64)
    context = torch.randn(3, 5, 16, generator=generator, dtype=torch.float64)
    times = torch.tensor([0, 500, 999])
    together = unet(x, times, context)
    for row in range(3):
        alone = unet(x[row : row + 1], times[row : row + 1], context[row : row + 1])
        assert torch.allclose(together[row], alone[0], atol=1e-10, rtol=0)


def test_a_fresh_unet_guesses_nothing() -> None:
    """Its last convolution starts at zero, so that training starts from the mean (CompVis)."""
    fresh = UNet(SPEC.unet)
    assert float(fresh(torch.randn(1, 4, 8, 8), torch.tensor([3]), torch.randn(1, 5, 16)).abs().max()) == 0.0


CONTEXT = torch.randn(1, 5, 16, generator=torch.Generator().manual_seed(3))


def test_a_unet_that_needs_a_context_or_a_vector_says_so() -> None:
    x, time = torch.randn(1, 4, 8, 8), torch.tensor([100])
    with pytest.raises(ValueError, match="attends to a context of width 16, but is given none"):
        UNet(SPEC.unet)(x, time)
    with pytest.raises(ValueError, match="a vector of 8 numbers"):
        UNet(replace(SPEC.unet, vector_dim=8))(x, time, CONTEXT)
    with pytest.raises(ValueError, match="the number of a class"):
        UNet(replace(SPEC.unet, classes=8))(x, time, CONTEXT)


@pytest.mark.parametrize("resize_in_blocks", [False, True])
def test_a_map_of_odd_sides_comes_back_as_large(resize_in_blocks: bool) -> None:
    spec = replace(SPEC.unet, channel_mult=(1, 1, 2), context_dim=None, resize_in_blocks=resize_in_blocks)
    unet = UNet(spec)
    randomise(unet)
    assert unet(torch.randn(1, 4, 9, 14), torch.tensor([3])).shape == (1, 4, 9, 14)


def test_a_vector_of_sizes_is_the_pooled_text_and_an_embedding_for_each_size() -> None:
    pooled = torch.randn(2, 10, generator=torch.Generator().manual_seed(0))
    told = size_vector(pooled, (64, 96, 0))
    assert told.shape == (2, 10 + 3 * 256)
    assert torch.equal(told[:, :10], pooled)
    assert torch.equal(told[1, 10 + 256 : 10 + 512], timestep_embedding(torch.tensor([96]), 256)[0])
