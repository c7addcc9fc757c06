"""Nodes that work on masks, and on pictures with alpha."""

import pytest
import torch

from nodes.alpha import join_alpha, porter_duff, split_alpha
from nodes.mask import (
    colour_to_mask,
    composite_masks,
    crop_mask,
    feather_mask,
    grow_mask,
    image_to_mask,
    invert_mask,
    mask_to_image,
    solid_mask,
    threshold_mask,
)
from nodes.port_types import Image, Mask


def dot(side: int = 7) -> Mask:
    """A mask that is open in its middle only."""
    values = torch.zeros(1, side, side)
    values[0, side // 2, side // 2] = 1
    return Mask(values)


def shape(mask: Mask) -> list[str]:
    """A mask as lines of dots and hashes."""
    return ["".join("#" if value else "." for value in row) for row in mask.values[0]]


def test_a_mask_as_a_picture_and_back_is_the_same() -> None:
    values = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(0))
    picture = mask_to_image(Mask(values))
    assert picture.pixels.shape == (2, 3, 4, 3)
    assert torch.equal(image_to_mask(picture, "blue").values, values)


def test_a_single_mask_without_a_batch_is_taken_as_well() -> None:
    assert mask_to_image(Mask(torch.ones(3, 4))).pixels.shape == (1, 3, 4, 3)


def test_a_picture_without_alpha_has_no_alpha_to_take() -> None:
    with pytest.raises(ValueError, match="has 3 channels and no alpha"):
        image_to_mask(Image(torch.zeros(1, 2, 2, 3)), "alpha")


def test_a_colour_is_found_exactly() -> None:
    pixels = torch.tensor([[[[1.0, 0.5, 0.0], [1.0, 0.51, 0.0]]]])
    assert colour_to_mask(Image(pixels), 0xFF8000).values.tolist() == [[[1.0, 0.0]]]


def test_plain_masks() -> None:
    assert solid_mask(0.25, 3, 2).values.tolist() == [[[0.25] * 3] * 2]
    assert invert_mask(solid_mask(0.25, 3, 2)).values.eq(0.75).all()
    assert threshold_mask(Mask(torch.tensor([[[0.5, 0.51]]]))).values.tolist() == [[[0.0, 1.0]]]
    assert crop_mask(dot(), 2, 3, 2, 9).values.shape == (1, 4, 2)
    assert crop_mask(dot(), 70, 3, 2, 9).values.shape == (1, 4, 1)  # never nothing at all


def test_a_mask_grows_into_a_diamond_or_a_square_and_shrinks_again() -> None:
    diamond = grow_mask(dot(), 2)
    assert shape(diamond) == [".......", "...#...", "..###..", ".#####.", "..###..", "...#...", "......."]
    assert shape(grow_mask(dot(), 2, tapered_corners=False))[1:6] == [".#####."] * 5
    assert shape(grow_mask(diamond, -2)) == shape(dot())


def test_growing_to_the_end_stops_there() -> None:
    assert grow_mask(dot(), 16384).values.eq(1).all()


def test_a_mask_fades_towards_the_edges_that_are_named() -> None:
    faded = feather_mask(solid_mask(1.0, 5, 2), left=2, right=4).values[0, 0]
    assert faded.tolist() == pytest.approx([0.5, 1.0, 0.75, 0.5, 0.25])
    assert feather_mask(solid_mask(1.0, 5, 2)).values.eq(1).all()


@pytest.mark.parametrize(
    ("operation", "left", "right"),
    [
        ("multiply", 0.32, 0.0),
        ("add", 1.0, 0.4),
        ("subtract", 0.0, 0.4),
        ("and", 0.0, 0.0),
        ("or", 1.0, 0.0),
        ("xor", 1.0, 0.0),
    ],
)
def test_masks_are_combined_where_they_overlap(operation: str, left: float, right: float) -> None:
    below, above = solid_mask(0.4, 4, 2), Mask(torch.tensor([[[0.8, 0.0]]]))
    done = composite_masks(below, above, 2, 1, operation).values[0]  # type: ignore[arg-type]
    assert done[1, 2:].tolist() == pytest.approx([left, right])
    assert done[0].tolist() == pytest.approx([0.4] * 4)


def test_one_mask_is_combined_with_each_of_many() -> None:
    many = Mask(torch.tensor([0.1, 0.2, 0.3])[:, None, None].expand(3, 2, 4))
    for pair in ((solid_mask(0.5, 4, 2), many), (many, solid_mask(0.5, 4, 2))):
        assert composite_masks(*pair, operation="add").values[:, 0, 0].tolist() == pytest.approx(
            [0.6, 0.7, 0.8]
        )


def test_one_alpha_is_put_on_each_of_many_pictures() -> None:
    joined = join_alpha(Image(torch.zeros(3, 2, 4, 3)), solid_mask(0.25, 4, 2)).pixels
    assert joined.shape == (3, 2, 4, 4)
    assert joined[..., 3].eq(0.75).all()


def test_alpha_is_taken_off_as_a_mask_and_put_back() -> None:
    pixels = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    image, mask = split_alpha(Image(pixels))
    assert torch.allclose(mask.values, 1 - pixels[..., 3])
    assert torch.allclose(join_alpha(image, mask).pixels, pixels, atol=1e-6)
    assert split_alpha(image).mask.values.eq(0).all()


def composed(mode: str, above_clear: float, below_clear: float) -> tuple[list[float], float]:
    """Red over blue, each partly see-through: the colour and what is see-through of it."""
    red, blue = (Image(torch.tensor(colour).expand(1, 1, 1, 3)) for colour in ((1.0, 0, 0), (0, 0, 1.0)))
    masks = [Mask(torch.full((1, 1, 1), clear)) for clear in (above_clear, below_clear)]
    image, mask = porter_duff(red, masks[0], blue, masks[1], mode)  # type: ignore[arg-type]
    return image.pixels.flatten().tolist(), float(mask.values)


@pytest.mark.parametrize(
    ("mode", "colour", "clear"),
    [
        ("SRC", [1, 0, 0], 0.5),
        ("DST", [0, 0, 1], 0.75),
        ("CLEAR", [0, 0, 0], 1.0),
        ("SRC_OVER", [0.8, 0, 0.2], 0.375),
        ("DST_OVER", [0.6, 0, 0.4], 0.375),
        ("SRC_IN", [1, 0, 0], 0.875),
        ("DST_OUT", [0, 0, 1], 0.875),
        ("SRC_ATOP", [0.5, 0, 0.5], 0.75),
        ("XOR", [0.75, 0, 0.25], 0.5),
        ("ADD", [2 / 3, 0, 1 / 3], 0.25),
        ("SCREEN", [0.8, 0, 0.4], 0.375),
        ("MULTIPLY", [0, 0, 0], 0.875),
    ],
)
def test_porter_and_duffs_ways(mode: str, colour: list[float], clear: float) -> None:
    found, see_through = composed(mode, 0.5, 0.75)
    assert found == pytest.approx(colour, abs=1e-5)
    assert see_through == pytest.approx(clear)


def test_over_a_solid_ground_light_and_dark_are_chosen_channel_by_channel() -> None:
    assert composed("DARKEN", 0.0, 0.0) == ([0, 0, 0], 0.0)
    assert composed("LIGHTEN", 0.0, 0.0) == ([1, 0, 1], 0.0)
    assert composed("OVERLAY", 0.0, 0.0) == ([0, 0, 1], 0.0)
