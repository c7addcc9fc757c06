"""Pictures of every kind in files, and pictures that go elsewhere."""

import io
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

from engine.api import Context
from engine.run.context import Nobody
from ldm.checkpoint import load_first_stage
from ldm.first_stage.glance import colours_of, is_quick
from nodes.first_stage import decode_latent
from nodes.image import load_image, load_mask, save_image
from nodes.image_animation import save_animated_png, save_animated_webp
from nodes.image_elsewhere import load_output, send_images
from nodes.mask import preview_mask, solid_mask
from nodes.port_types import FirstStage, Image, Latent, UnfinishedLatent
from nodes.previews import show_image, show_latent
from nodes.saving import named, to_bytes
from tests.architecture.sources import ROOT
from tests.nodes.test_image import context, picture, put


def test_sixteen_bits_a_channel_are_kept(tmp_path: Path) -> None:
    values = np.array([[0, 1000], [40000, 65535]], dtype=np.uint16)
    put(tmp_path, "deep.png", PIL.Image.fromarray(values))
    pixels = load_image("deep.png", ctx=context(tmp_path)).image.pixels
    assert pixels[0, ..., 1].flatten().tolist() == pytest.approx([0, 1000 / 65535, 40000 / 65535, 1])


def test_deep_greys_are_a_mask_and_may_have_a_see_through_one(tmp_path: Path) -> None:
    values = np.array([[0, 1000], [40000, 65535]], dtype=np.uint16)
    put(tmp_path, "deep.png", PIL.Image.fromarray(values))
    mask = load_mask("deep.png", "red", ctx=context(tmp_path)).values
    assert mask.flatten().tolist() == pytest.approx([0, 1000 / 65535, 40000 / 65535, 1])
    PIL.Image.fromarray(values).save(tmp_path / "input" / "hole.png", transparency=40000)
    assert load_mask("hole.png", "alpha", ctx=context(tmp_path)).values.tolist() == [[[0, 0], [1, 0]]]


def test_a_palette_with_a_transparent_colour_has_a_mask(tmp_path: Path) -> None:
    indexed = PIL.Image.new("P", (4, 2), 1)
    indexed.putpalette([0, 0, 0, 255, 0, 0])
    indexed.putpixel((0, 0), 0)
    (tmp_path / "input").mkdir()
    indexed.save(tmp_path / "input" / "few.png", transparency=0)
    image, mask = load_image("few.png", ctx=context(tmp_path))
    assert image.pixels[0, 1, 1].tolist() == [1.0, 0.0, 0.0]
    assert mask.values[0].tolist() == [[1.0, 0.0, 0.0, 0.0], [0.0] * 4]


def test_a_picture_without_alpha_has_an_empty_mask_of_comfyuis_size(tmp_path: Path) -> None:
    put(tmp_path, "plain.png", PIL.Image.new("L", (4, 2), 51))
    image, mask = load_image("plain.png", ctx=context(tmp_path))
    assert image.pixels.shape == (1, 2, 4, 3)
    assert torch.allclose(image.pixels, torch.tensor(0.2))
    assert mask.values.shape == (1, 64, 64)
    assert not mask.values.any()


@pytest.mark.parametrize("format", ["gif", "webp", "png"])
def test_a_moving_picture_becomes_a_batch(tmp_path: Path, format: str) -> None:
    frames = [PIL.Image.new("RGB", (4, 2), colour) for colour in ("red", "lime", "blue")]
    (tmp_path / "input").mkdir()
    frames[0].save(
        tmp_path / "input" / f"moving.{format}", save_all=True, append_images=frames[1:], lossless=True
    )
    image, mask = load_image(f"moving.{format}", ctx=context(tmp_path))
    assert image.pixels[:, 0, 0].argmax(dim=1).tolist() == [0, 1, 2]
    assert len(mask.values) == 3


def test_each_channel_of_a_picture_can_be_a_mask(tmp_path: Path) -> None:
    put(tmp_path, "glass.png", PIL.Image.new("RGBA", (4, 2), (255, 102, 0, 51)))
    found = {
        channel: load_mask("glass.png", channel, ctx=context(tmp_path))
        for channel in ("red", "green", "alpha")
    }
    assert {name: float(mask.values[0, 0, 0]) for name, mask in found.items()} == pytest.approx(
        {"red": 1.0, "green": 0.4, "alpha": 0.8}
    )
    put(tmp_path, "solid.png", PIL.Image.new("RGB", (4, 2)))
    assert load_mask("solid.png", "alpha", ctx=context(tmp_path)).values.shape == (1, 64, 64)


def test_a_picture_with_alpha_is_saved_with_it(tmp_path: Path) -> None:
    (file,) = save_image(Image(torch.full((1, 2, 2, 4), 0.5)), ctx=context(tmp_path)).files
    with PIL.Image.open(file.path) as saved:
        assert saved.mode == "RGBA"


def test_placeholders_in_names_are_filled() -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7).astimezone()
    prefix = "%year%-%month%-%day%/%hour%%minute%%second% %width%x%height% %batch_num% %other%"
    assert named(prefix, picture(), 2, moment) == "2026-03-04/050607 7x5 2 %other%"


@pytest.mark.parametrize("save", [save_animated_png, save_animated_webp])
def test_a_batch_is_saved_as_one_moving_picture_with_its_graph(tmp_path: Path, save: Any) -> None:
    published = save(picture(3), "moving", 10.0, ctx=context(tmp_path, prompt='{"1": {}}'))
    assert published.shown == {"animated": (True,)}
    (file,) = published.files
    assert b'{"1": {}}' in Path(file.path).read_bytes()
    with PIL.Image.open(file.path) as saved:
        assert saved.n_frames == 3  # type: ignore[attr-defined]
        saved.seek(1)
        saved.load()
        assert saved.info["duration"] == 100
        shown = torch.from_numpy(np.asarray(saved.convert("RGB"), dtype=np.float32))
    assert torch.equal(shown, (picture(3).pixels[1] * 255).floor())


def test_a_mask_is_shown_in_the_temporary_folder(tmp_path: Path) -> None:
    (file,) = preview_mask(solid_mask(1.0, 3, 2), ctx=context(tmp_path)).files
    assert (file.folder, file.media_type) == ("temp", "image/png")


@dataclass
class Audience(Nobody):
    """Hears what a node tells."""

    heard: list[tuple[bytes, str, int | None]] = field(default_factory=list)

    def tell(self, kind: str, data: bytes, client: str, binary: int | None) -> None:
        """Keep it."""
        self.heard.append((data, client, binary))


def test_pictures_are_sent_to_whoever_watches_instead_of_to_a_file() -> None:
    audience = Audience()
    send_images(picture(2), ctx=Context(watcher=audience, request={"client": "someone"}))
    assert [(client, event) for _, client, event in audience.heard] == [("someone", 1)] * 2
    with PIL.Image.open(io.BytesIO(audience.heard[1][0][4:])) as sent:
        assert sent.format == "PNG"
        shown = torch.from_numpy(np.asarray(sent, dtype=np.float32))
    assert torch.equal(shown, (picture(2).pixels[1] * 255).floor())
    assert audience.heard[0][0][:4] == b"\0\0\0\x02"


def test_a_picture_is_loaded_from_the_output_folder_and_from_nowhere_else(tmp_path: Path) -> None:
    (file,) = save_image(picture(), ctx=context(tmp_path)).files
    loaded = load_output(f"{file.name} [output]", ctx=context(tmp_path))
    assert torch.allclose(loaded.image.pixels, picture().pixels - 0.5 / 255, atol=1e-6)
    put(tmp_path, "secret.png", PIL.Image.new("RGB", (4, 4)))
    with pytest.raises(FileNotFoundError, match=r"\.\./input/secret\.png"):
        load_output("../input/secret.png", ctx=context(tmp_path))


def test_unfinished_latents_of_a_small_model_are_shown_decoded() -> None:
    model = load_first_stage(ROOT / "models" / "checkpoints" / "shapeland-nano.safetensors")
    guess = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    shown = show_latent(UnfinishedLatent(guess, colours_of(model), model))
    assert is_quick(model)
    assert isinstance(shown, PIL.Image.Image)
    assert shown == to_bytes(decode_latent(Latent(guess[:1]), FirstStage(model)))[0]
    large = show_latent(UnfinishedLatent(torch.zeros(1, 4, 64, 64), colours_of(model), model))
    assert isinstance(large, PIL.Image.Image)
    assert large.size == (512, 512)  # a glance, enlarged


def test_unfinished_latents_are_shown_enlarged_if_the_model_tells_their_colours() -> None:
    colours = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    guess = torch.zeros(2, 2, 3, 6)
    guess[0, 0] = 0.6
    shown = show_latent(UnfinishedLatent(guess, colours))
    assert isinstance(shown, PIL.Image.Image)
    assert (shown.size, shown.getpixel((0, 0))) == ((512, 256), (153, 0, 255))
    assert show_latent(UnfinishedLatent(guess, None)) is None
    still = show_image(picture(2))
    assert isinstance(still, PIL.Image.Image)
    assert still.size == (7, 5)
