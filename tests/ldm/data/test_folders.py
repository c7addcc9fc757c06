"""Data sets in folders: what is read of them, and what is said about those that are wrong."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from ldm.data.folders import captioned, in_classes, mapped, masked, plain
from ldm.data.picture_set import MappedPictureSet, MaskedPictureSet, PictureSet
from ldm.data.reading import DataSetError, read_picture
from ldm.data.told import Classes, Maps, Silence, Words
from tests.ldm.data.pictures import picture, striped


def caption(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_captions_stand_beside_their_pictures_and_their_words_are_the_vocabulary(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    caption(tmp_path / "a.txt", "A red thing.\n\nsomething red\n")
    picture(tmp_path / "deep" / "b.jpg", "blue")
    caption(tmp_path / "deep" / "b.txt", "A blue thing")
    data = captioned(tmp_path, 16)
    assert data.count == 2
    assert data.told == Words(("a", "red", "thing", "blue", "something"), 5)
    assert {data.describe(0, chance(seed)) for seed in range(20)} == {"A red thing.", "something red"}
    assert data.describe(1, chance()) == "A blue thing"


def test_pictures_are_squares_out_of_the_middle(tmp_path: Path) -> None:
    striped(tmp_path / "a.png")
    data: PictureSet = plain(tmp_path, 8)
    (pixels,) = data.pictures(0, 1)
    assert pixels.shape == (3, 8, 8)
    inner = pixels[:, :, 1:-1]  # at its edges a square sees a little of what is beside it
    assert torch.allclose(inner, torch.tensor([-1.0, 1.0, -1.0])[:, None, None].expand(3, 8, 6), atol=0.02)
    assert data.told == Silence()


def test_training_sees_squares_from_anywhere_as_its_chance_says(tmp_path: Path) -> None:
    striped(tmp_path / "a.png")
    data = plain(tmp_path, 4)
    pixels = data.pixels(64, chance())
    assert pixels.shape == (64, 3, 4, 4)
    assert torch.equal(pixels, data.pixels(64, chance()))
    assert not torch.equal(pixels, data.pixels(64, chance(1)))
    seen = pixels.mean(dim=(0, 2, 3))
    assert bool((seen > -0.8).all())  # each of the three colours is met


def test_a_square_of_a_place_is_cut_there(tmp_path: Path) -> None:
    path = striped(tmp_path / "a.png")
    left, right = (read_picture(path, 4, (share, 0.0)).mean(dim=(1, 2)).tolist() for share in (0.0, 1.0))
    assert left == pytest.approx([1.0, -1.0, -1.0], abs=0.05)
    assert right == pytest.approx([-1.0, -1.0, 1.0], abs=0.05)


def test_a_picture_that_lies_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    turned = PIL.Image.new("RGB", (20, 40), "red")
    turned.paste(PIL.Image.new("RGB", (20, 20), "blue"), (0, 0))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees: above becomes right
    turned.save(tmp_path / "a.png", exif=exif)
    right = read_picture(tmp_path / "a.png", 4, (1.0, 0.0)).mean(dim=(1, 2)).tolist()
    assert right == pytest.approx([-1.0, -1.0, 1.0], abs=0.05)


def test_sixteen_bits_are_brought_to_eight(tmp_path: Path) -> None:
    PIL.Image.fromarray(np.full((8, 8), 49151, dtype=np.uint16)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", 4).unique().tolist() == pytest.approx([191 / 127.5 - 1])


def test_classes_are_folders_in_their_order(tmp_path: Path) -> None:
    picture(tmp_path / "dog" / "x.png")
    picture(tmp_path / "cat" / "x.png")
    picture(tmp_path / "cat" / "more" / "y.png")
    data = in_classes(tmp_path, 16)
    assert data.told == Classes(("cat", "dog"))
    assert [data.describe(index, chance()) for index in range(3)] == ["0", "0", "1"]


def test_masks_are_found_by_name_and_cut_like_their_pictures(tmp_path: Path) -> None:
    striped(tmp_path / "pictures" / "a.png")
    mask = PIL.Image.new("L", (60, 20))
    mask.paste(255, (20, 0, 30, 20))
    (tmp_path / "masks").mkdir()
    mask.save(tmp_path / "masks" / "a.webp", lossless=True)
    data = masked(tmp_path / "pictures", tmp_path / "masks", 8)
    assert isinstance(data, MaskedPictureSet)
    (cells,) = data.masks(0, 1)
    assert cells[0].tolist() == [[1, 1, 1, 1, 0, 0, 0, 0]] * 8


def test_maps_are_numbers_of_classes_whatever_the_picture_is_made_of(tmp_path: Path) -> None:
    numbers = np.repeat(np.arange(4, dtype=np.uint8)[None], 4, axis=0)
    grey = PIL.Image.fromarray(numbers)
    palette = PIL.Image.fromarray(numbers).convert("P")
    palette.putpalette([90, 80, 70] * 256)
    coloured = PIL.Image.merge("RGB", (grey, grey.point(lambda value: 9), grey.point(lambda value: 7)))
    (tmp_path / "maps").mkdir()
    for name, made in (("a", grey), ("b", palette), ("c", coloured)):
        picture(tmp_path / "pictures" / f"{name}.png", size=(4, 4))
        made.save(tmp_path / "maps" / f"{name}.png")
    data = mapped(tmp_path / "pictures", tmp_path / "maps", 8, classes=4)
    assert isinstance(data, MappedPictureSet)
    assert data.told == Maps(4)
    assert data.maps(0, 3).tolist() == [[[[0, 0, 1, 1, 2, 2, 3, 3]] * 8]] * 3
    with pytest.raises(DataSetError, match=r"a\.png says class 3, but there are 3"):
        mapped(tmp_path / "pictures", tmp_path / "maps", 8, classes=3).maps(0, 1)


def test_a_data_set_without_masks_is_none_with_masks(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    assert not isinstance(plain(tmp_path, 8), MaskedPictureSet)


def test_nothing_is_read_before_it_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    data = plain(tmp_path, 8)
    with pytest.raises(DataSetError, match=r"broken\.png cannot be read as a picture"):
        data.pictures(0, 1)


def test_a_picture_that_is_cut_short_is_named(tmp_path: Path) -> None:
    path = picture(tmp_path / "half.png", size=(400, 400))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataSetError, match=r"half\.png cannot be read"):
        plain(tmp_path, 8).pictures(0, 1)


def test_a_picture_without_a_caption_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    with pytest.raises(DataSetError, match=r"a\.png has no caption: write it into a\.txt"):
        captioned(tmp_path, 8)


@pytest.mark.parametrize(("text", "said"), [(b"", "is empty"), (b"\xff\xfe\xfa", "no text in UTF-8")])
def test_a_caption_that_says_nothing_is_named(tmp_path: Path, text: bytes, said: str) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "a.txt").write_bytes(text)
    with pytest.raises(DataSetError, match=rf"a\.txt .*{said}"):
        captioned(tmp_path, 8)


def test_folders_that_are_not_there_or_empty_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"There is no folder .*nowhere"):
        plain(tmp_path / "nowhere", 8)
    with pytest.raises(DataSetError, match="has no pictures"):
        plain(tmp_path, 8)
    with pytest.raises(DataSetError, match="has no folders in it"):
        in_classes(tmp_path, 8)


def test_a_picture_beside_the_classes_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "cat" / "a.png")
    picture(tmp_path / "stray.png")
    with pytest.raises(DataSetError, match=r"stray\.png lies beside the folders"):
        in_classes(tmp_path, 8)


def test_a_class_without_pictures_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "cat" / "a.png")
    (tmp_path / "dog").mkdir()
    with pytest.raises(DataSetError, match=r"dog has no pictures"):
        in_classes(tmp_path, 8)


def test_a_mask_that_is_missing_or_of_another_size_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "pictures" / "a.png")
    (tmp_path / "masks").mkdir()
    with pytest.raises(DataSetError, match=r"a\.png has no mask"):
        masked(tmp_path / "pictures", tmp_path / "masks", 8)
    picture(tmp_path / "masks" / "a.png", size=(10, 10))
    with pytest.raises(DataSetError, match=r"masks/a\.png has 10 x 10 pixels, but a\.png has 40 x 24"):
        masked(tmp_path / "pictures", tmp_path / "masks", 8)


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / ".trash" / "b.png")
    picture(tmp_path / ".c.png")
    assert plain(tmp_path, 8).count == 1
