"""Pictures in and out, through real files."""

from pathlib import Path

import PIL.Image
import pytest
import torch

from engine.api import Context, Files, Folders
from nodes.image import load_image, preview_image, save_image
from nodes.port_types import Image


def context(folder: Path, **provenance: str) -> Context:
    """A context whose folders all lie in one."""
    files = Files(folder / "output", folder / "temp")
    return Context(provenance=provenance, outputs=files, inputs=Folders(folder / "models", folder / "input"))


def picture(count: int = 1) -> Image:
    """Pictures whose values are whole 255ths, so that files keep them exactly."""
    values = torch.randint(0, 256, (count, 5, 7, 3), generator=torch.Generator().manual_seed(0))
    return Image((values + 0.5) / 255)


def put(folder: Path, name: str, content: PIL.Image.Image) -> None:
    """Put a picture into the input folder."""
    (folder / "input").mkdir(exist_ok=True)
    content.save(folder / "input" / name)


def test_each_picture_of_a_batch_becomes_a_file_with_the_graph_inside(tmp_path: Path) -> None:
    published = save_image(picture(2), "shapes/red", ctx=context(tmp_path, weft='{"weft": 1}'))
    assert [file.name for file in published.files] == ["shapes/red_00001_.png", "shapes/red_00002_.png"]
    for file in published.files:
        with PIL.Image.open(file.path) as saved:
            assert saved.size == (7, 5)
            assert saved.info["weft"] == '{"weft": 1}'


def test_a_second_save_never_overwrites_the_first(tmp_path: Path) -> None:
    (first,) = save_image(picture(), ctx=context(tmp_path)).files
    (second,) = save_image(picture(), ctx=context(tmp_path)).files
    assert first.path != second.path
    assert Path(first.path).read_bytes() == Path(second.path).read_bytes()


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    (file,) = save_image(picture(), ctx=context(tmp_path)).files
    put(tmp_path, "back.png", PIL.Image.open(file.path))
    loaded = load_image("back.png", ctx=context(tmp_path))
    assert torch.allclose(loaded.image.pixels, picture().pixels - 0.5 / 255, atol=1e-6)
    assert float(loaded.mask.values.max()) == 0.0


def test_transparency_becomes_the_mask(tmp_path: Path) -> None:
    put(tmp_path, "glass.png", PIL.Image.new("RGBA", (4, 2), (255, 0, 0, 51)))
    loaded = load_image("glass.png", ctx=context(tmp_path))
    assert torch.allclose(loaded.mask.values, torch.full((1, 2, 4), 0.8))


def test_a_picture_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    (tmp_path / "input").mkdir()
    PIL.Image.new("RGB", (8, 2), "white").save(tmp_path / "input" / "side.jpg", exif=exif)
    assert load_image("side.jpg", ctx=context(tmp_path)).image.pixels.shape == (1, 8, 2, 3)


def test_a_file_that_is_no_picture_says_so(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "notes.png").write_text("not a picture")
    with pytest.raises(ValueError, match=r"notes\.png cannot be read as a picture"):
        load_image("notes.png", ctx=context(tmp_path))


def test_a_missing_picture_is_named_with_near_ones(tmp_path: Path) -> None:
    put(tmp_path, "shapes.png", PIL.Image.new("RGB", (4, 4)))
    with pytest.raises(FileNotFoundError, match=r"shape\.png"):
        load_image("shape.png", ctx=context(tmp_path))


def test_a_preview_goes_to_the_temporary_folder(tmp_path: Path) -> None:
    (file,) = preview_image(picture(), ctx=context(tmp_path)).files
    assert file.folder == "temp"
    assert Path(file.path).is_relative_to(tmp_path / "temp")
