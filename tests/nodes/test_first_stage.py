"""Encoding, decoding, in tiles too, and encoding for inpainting."""

import pytest
import torch

from nodes.first_stage import decode_latent, decode_latent_tiled, encode_image, encode_image_tiled
from nodes.inpaint import encode_for_inpaint, set_noise_mask
from nodes.port_types import FirstStage, Image, Latent, Mask
from tests.ldm.tiny import tiny_model

VAE = FirstStage(tiny_model().first_stage)


def picture(height: int, width: int) -> Image:
    """A picture of random colours."""
    return Image(torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(0)))


def test_a_picture_is_cropped_evenly_to_whole_cells() -> None:
    whole = picture(18, 25)
    inner = Image(whole.pixels[:, 1:17, 0:24])
    assert torch.equal(encode_image(whole, VAE).samples, encode_image(inner, VAE).samples)
    assert encode_image(whole, VAE).factor == 4


def test_alpha_is_left_out() -> None:
    with_alpha = Image(torch.cat([picture(16, 16).pixels, torch.zeros(1, 16, 16, 1)], dim=-1))
    assert torch.equal(encode_image(with_alpha, VAE).samples, encode_image(picture(16, 16), VAE).samples)


def test_tiles_give_what_the_whole_gives() -> None:
    large = picture(96, 136)
    whole, tiled = encode_image(large, VAE), encode_image_tiled(large, VAE, 64, 32)
    assert torch.allclose(tiled.samples, whole.samples, atol=1e-4)
    decoded, in_tiles = decode_latent(whole, VAE), decode_latent_tiled(whole, VAE, 64, 32)
    assert float((decoded.pixels - in_tiles.pixels).abs().max()) < 0.1 / 255


def test_what_fits_into_one_tile_is_the_whole() -> None:
    latent = Latent(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(
        decode_latent_tiled(latent, VAE, 64, 4096).pixels, decode_latent(latent, VAE).pixels, atol=1e-6
    )


def test_for_inpainting_the_masked_part_is_grey_and_grows_for_the_sampler() -> None:
    mask = torch.zeros(1, 32, 32)
    mask[:, 10:20, 10:20] = 1
    encoded = encode_for_inpaint(picture(32, 32), VAE, Mask(mask), 6)
    grey = picture(32, 32).pixels.clone()
    grey[:, 10:20, 10:20] = 0.5
    assert torch.equal(encoded.samples, encode_image(Image(grey), VAE).samples)
    assert encoded.noise_mask is not None
    assert encoded.noise_mask.shape == (1, 1, 32, 32)
    rows = encoded.noise_mask[0, 0].amax(dim=1).nonzero().flatten().tolist()
    assert (rows[0], rows[-1]) == (8, 22)  # a box of six pixels reaches two before and three behind
    assert encode_for_inpaint(picture(32, 32), VAE, Mask(mask), 0).noise_mask[0, 0, 9].any() == 0  # type: ignore[index]


def test_a_mask_of_another_size_and_a_picture_that_is_cropped_go_together() -> None:
    encoded = encode_for_inpaint(picture(35, 33), VAE, Mask(torch.ones(8, 8)))
    assert encoded.noise_mask is not None
    assert (encoded.samples.shape[-2:], encoded.noise_mask.shape[-2:]) == ((8, 8), (32, 32))


def test_a_mask_is_set_on_a_latent_as_one_for_each_latent() -> None:
    masked = set_noise_mask(Latent(torch.zeros(2, 4, 8, 8)), Mask(torch.ones(2, 64, 64)))
    assert masked.noise_mask is not None
    assert masked.noise_mask.shape == (2, 1, 64, 64)


def test_a_picture_smaller_than_a_cell_says_so() -> None:
    with pytest.raises(ValueError, match=r"has 9 x 3 pixels, but one cell of the latent spans 4 x 4"):
        encode_image(picture(3, 9), VAE)
