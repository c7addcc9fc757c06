"""Nodes that change pictures."""

import math

import pytest
import torch

from nodes.image_batch import image_from_batch, join_images, rebatch_images, repeat_images
from nodes.image_edges import canny, morphology
from nodes.image_effects import (
    add_image_noise,
    blend_images,
    blur_image,
    invert_image,
    quantize_image,
    sharpen_image,
)
from nodes.image_layout import (
    composite_images,
    crop_image,
    empty_image,
    flip_image,
    pad_image,
    rotate_image,
    stitch_images,
)
from nodes.image_size import (
    fit_image,
    image_size,
    scale_image,
    scale_image_by,
    scale_image_to_pixels,
    scale_image_to_side,
)
from nodes.port_types import Image, Mask


def picture(batch: int = 1, height: int = 6, width: int = 9, channels: int = 3, seed: int = 0) -> Image:
    """Pictures of random colours."""
    return Image(torch.rand(batch, height, width, channels, generator=torch.Generator().manual_seed(seed)))


def grey(value: float, height: int = 6, width: int = 9) -> Image:
    """A picture of one grey."""
    return Image(torch.full((1, height, width, 3), value))


# --- sizes


@pytest.mark.parametrize(
    ("width", "height", "size"), [(4, 5, (4, 5)), (0, 12, (18, 12)), (18, 0, (18, 12)), (0, 0, (9, 6))]
)
@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"])
def test_a_picture_gets_the_size_it_is_told(
    method: str, width: int, height: int, size: tuple[int, int]
) -> None:
    scaled = scale_image(picture(2), method, width, height)  # type: ignore[arg-type]
    assert image_size(scaled) == (*size, 2)


def test_a_plain_picture_stays_plain_in_any_size() -> None:
    for method in ("nearest-exact", "bilinear", "area", "bicubic", "lanczos"):
        scaled = scale_image(grey(51 / 255), method, 20, 30, "center")
        assert torch.allclose(scaled.pixels, torch.tensor(51 / 255), atol=1e-6), method


def test_other_ways_to_name_a_size() -> None:
    assert image_size(scale_image_by(picture(), "area", 1.5))[:2] == (14, 9)
    assert image_size(scale_image_to_side(picture(), "area", 90))[:2] == (90, 60)
    width, height, _ = image_size(scale_image_to_pixels(picture(), "area", 0.01))
    assert (width, height) == (125, 84)
    assert width * height == pytest.approx(0.01 * 1024 * 1024, rel=0.01)


def test_a_picture_is_fitted_into_the_middle_of_a_ground() -> None:
    fitted = fit_image(grey(0.5), 9, 10, "white").pixels[0, :, 0, 0]
    assert fitted.tolist() == [1, 1, *[0.5] * 6, 1, 1]


# --- layout


def test_an_empty_picture_has_the_colour_it_is_told() -> None:
    assert empty_image(2, 3, 4, 0xFF8000).pixels.shape == (4, 3, 2, 3)
    assert empty_image(1, 1, 1, 0xFF8000).pixels.flatten().tolist() == pytest.approx([1.0, 128 / 255, 0.0])


def test_a_crop_stays_inside() -> None:
    one = picture()
    assert torch.equal(crop_image(one, 3, 2, 4, 1).pixels, one.pixels[:, 1:3, 4:7])
    assert image_size(crop_image(one, 100, 100, 100, 100)) == (1, 1, 1)


def test_turning_and_mirroring() -> None:
    one = picture()
    assert torch.equal(rotate_image(one, "90 degrees").pixels[0, :, -1], one.pixels[0, 0])
    assert torch.equal(rotate_image(rotate_image(one, "180 degrees"), "180 degrees").pixels, one.pixels)
    assert torch.equal(flip_image(one, "x-axis: vertically").pixels[0, 0], one.pixels[0, -1])
    assert torch.equal(flip_image(one, "y-axis: horizontally").pixels[0, :, 0], one.pixels[0, :, -1])


def test_the_room_around_a_picture_is_grey_and_open_to_be_painted() -> None:
    image, mask = pad_image(grey(1.0, 8, 8), left=8, feathering=2)
    assert image.pixels[0, 0, :, 0].tolist() == [0.5] * 8 + [1.0] * 8
    assert mask.values[0, 4].tolist() == [1.0] * 8 + [1.0, 0.25] + [0.0] * 6
    assert (
        pad_image(grey(1.0, 8, 8), left=8, feathering=4).mask.values[0, 4, 8:].eq(0).all()
    )  # too wide to fade


def reference_mask(height: int, width: int, ends: tuple[int, int, int, int], fade: int) -> torch.Tensor:
    """The same by its definition, pixel by pixel; ends are left, top, right, bottom."""
    left, top, right, bottom = ends
    mask = torch.ones(height + top + bottom, width + left + right)
    for y in range(height):
        for x in range(width):
            away = min(
                y if top else height,
                height - y if bottom else height,
                x if left else width,
                width - x if right else width,
            )
            mask[top + y, left + x] = max(0.0, (fade - away) / fade) ** 2
    return mask


def test_the_padding_fades_by_the_distance_to_the_nearest_open_edge() -> None:
    _, mask = pad_image(grey(1.0, 20, 30), 8, 16, 0, 24, 7)
    assert torch.allclose(mask.values[0], reference_mask(20, 30, (8, 16, 0, 24), 7))


@pytest.mark.parametrize(
    ("direction", "row"), [("right", [0.0] * 4 + [1.0] * 2), ("left", [1.0] * 2 + [0.0] * 4)]
)
def test_pictures_are_put_beside_each_other(direction: str, row: list[float]) -> None:
    stitched = stitch_images(grey(0.0, 2, 4), direction, image2=grey(1.0, 4, 4))  # type: ignore[arg-type]
    assert stitched.pixels[0, 0, :, 0].tolist() == row


def test_pictures_of_other_sizes_are_padded_where_they_are_not_matched() -> None:
    stitched = stitch_images(grey(0.0, 2, 4), "down", False, 1, "white", grey(0.5, 1, 2))
    assert stitched.pixels[0, :, :, 0].tolist() == [*[[0.0] * 4] * 2, *[[1.0] * 4] * 2, [1.0, 0.5, 0.5, 1.0]]


def test_a_shorter_batch_repeats_its_last_picture() -> None:
    assert stitch_images(picture(3), image2=picture(1)).pixels.shape == (3, 6, 18, 3)
    assert torch.equal(stitch_images(picture()).pixels, picture().pixels)  # a picture alone stays as it is


def test_a_picture_is_laid_over_another_through_a_mask() -> None:
    done = composite_images(grey(0.0), grey(1.0, 2, 2), 1, 2, mask=Mask(torch.full((1, 2, 2), 0.5)))
    assert float(done.pixels.sum()) == pytest.approx(4 * 3 * 0.5)
    assert done.pixels[0, 2, 1].tolist() == [0.5] * 3


# --- batches


def test_batches_of_pictures_are_joined_taken_apart_and_cut_anew() -> None:
    joined = join_images(picture(2), picture(1, 12, 12, channels=4))
    assert joined.pixels.shape == (3, 6, 9, 4)
    assert joined.pixels[0, ..., 3].eq(1).all()
    assert torch.equal(image_from_batch(joined, 1, 9).pixels, joined.pixels[1:])
    assert torch.equal(repeat_images(picture(2), 2).pixels[2:], picture(2).pixels)
    assert [len(batch.pixels) for batch in rebatch_images([picture(3), picture(2)], 2)] == [2, 2, 1]


# --- effects


def test_a_negative_of_a_negative_is_the_picture() -> None:
    assert torch.allclose(invert_image(invert_image(picture())).pixels, picture().pixels, atol=1e-6)


@pytest.mark.parametrize(
    ("mode", "value"),
    [
        ("normal", 0.8),
        ("multiply", 0.2),
        ("screen", 0.85),
        ("overlay", 0.4),
        ("soft_light", 0.25 + 0.6 * (0.5 - 0.25)),
        ("difference", 0.0),
    ],
)
def test_pictures_are_mixed_in_the_usual_ways(mode: str, value: float) -> None:
    blended = blend_images(grey(0.25), grey(0.8), 1.0, mode)  # type: ignore[arg-type]
    assert float(blended.pixels[0, 0, 0, 0]) == pytest.approx(value, abs=1e-6)
    assert torch.allclose(blend_images(grey(0.25), grey(0.8), 0.0, mode).pixels, grey(0.25).pixels)  # type: ignore[arg-type]


def test_blurring_spreads_and_sharpening_gathers_without_changing_plain_pictures() -> None:
    dot = torch.zeros(1, 7, 7, 3)
    dot[0, 3, 3] = 1
    blurred = blur_image(Image(dot), 2, 0.5).pixels
    assert float(blurred[..., 0].sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(blurred[0, 3, 4, 0] / blurred[0, 3, 3, 0]) == pytest.approx(math.exp(-0.25 / 0.5), rel=1e-4)
    for change in (blur_image, sharpen_image):
        assert torch.allclose(change(grey(0.3)).pixels, grey(0.3).pixels, atol=1e-5)
    edge = torch.full((1, 7, 7, 3), 0.4)
    edge[:, :, 4:] = 0.6
    sharp = sharpen_image(Image(edge), alpha=0.1).pixels[0, 3, :, 0]
    assert float(sharp[3]) < 0.4
    assert float(sharp[4]) > 0.6


def test_a_radius_beyond_the_picture_says_so() -> None:
    with pytest.raises(ValueError, match="the picture's shorter side has only 6 pixels"):
        blur_image(picture(), 6)


@pytest.mark.parametrize("dither", ["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"])
def test_a_picture_is_left_with_few_colours(dither: str) -> None:
    pixels = quantize_image(picture(2, 32, 32), 5, dither).pixels  # type: ignore[arg-type]
    for one in pixels:
        assert len(one.flatten(0, 1).unique(dim=0)) <= 5


def test_dithering_imitates_what_lies_between() -> None:
    ramp = torch.linspace(0, 1, 64).expand(1, 64, 64)[..., None].expand(-1, -1, -1, 3)
    plain, dithered = (quantize_image(Image(ramp), 2, way).pixels for way in ("none", "bayer-8"))
    columns = plain.mean(dim=1).unique(dim=1).shape[1], dithered.mean(dim=1).unique(dim=1).shape[1]
    assert columns[0] == 2
    assert columns[1] > 8


def test_grain_comes_from_its_seed() -> None:
    first, again, other = (add_image_noise(picture(), seed, 0.2).pixels for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(add_image_noise(picture(), 1, 0.0).pixels, picture().pixels)


# --- edges


def square(side: int = 12, thickness: int = 4) -> Image:
    """A white square on black."""
    pixels = torch.zeros(1, side, side, 3)
    pixels[:, thickness:-thickness, thickness:-thickness] = 1
    return Image(pixels)


def bright(image: Image) -> int:
    """How many pixels are white."""
    return int(image.pixels[..., 0].sum())


def test_a_brush_grows_and_shrinks_what_is_bright() -> None:
    assert bright(square()) == 16
    assert bright(morphology(square(), "dilate", 3)) == 36
    assert bright(morphology(square(), "erode", 3)) == 4
    assert bright(morphology(square(), "gradient", 3)) == 32
    assert torch.equal(morphology(square(), "open", 3).pixels, square().pixels)
    assert bright(morphology(square(), "open", 5)) == 0
    assert bright(morphology(square(), "top_hat", 5)) == 16
    assert bright(morphology(square(), "bottom_hat", 5)) == 0
    assert (
        bright(morphology(grey(1.0), "erode", 3)) == 54
    )  # beyond the edges there is nothing that could eat it


def test_edges_are_thin_lines_where_the_brightness_changes() -> None:
    edges = canny(square(40, 10)).pixels
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    row = edges[0, 20, :, 0].nonzero().flatten().tolist()
    assert len(row) in (2, 4)
    assert all(min(abs(place - 9.5), abs(place - 29.5)) <= 1 for place in row)
    assert bright(canny(grey(0.5, 20, 20))) == 0


def test_weak_edges_stay_where_they_go_on_from_strong_ones() -> None:
    values = torch.zeros(1, 40, 40, 3)
    values[:, :, 20:] = torch.linspace(1.0, 0.25, 40)[:, None, None]
    kept = canny(Image(values), 0.2, 0.9).pixels[0, :, :, 0].amax(dim=1)
    assert kept[2:-2].eq(1).all()
    alone = canny(Image(values * 0.3), 0.2, 0.99).pixels
    assert not alone.any()


def test_thresholds_in_the_wrong_order_are_named() -> None:
    with pytest.raises(ValueError, match=r"low threshold is 0\.8, above the high one of 0\.4"):
        canny(square(), 0.8, 0.4)
