"""Unfinished values as pictures."""

import io

import pytest
from PIL import Image

from engine.run.events import Picture
from engine.run.previews import picture_of, previewer


class Grey:
    """A value that is shown as a grey picture."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size


class Light(Grey):
    """A value of a class below."""


class Hidden:
    """A value of which there is nothing to see."""


@previewer(Grey)
def draw(grey: Grey) -> Image.Image:
    return Image.new("RGBA", grey.size, (128, 128, 128, 255))


@previewer(Hidden)
def hide(hidden: Hidden) -> None:
    return None


@pytest.mark.parametrize(
    ("size", "shown"), [((64, 32), (64, 32)), ((2000, 1000), (100, 50)), ((1, 400), (1, 100))]
)
@pytest.mark.parametrize("kind", [Grey, Light])
def test_a_value_is_drawn_as_its_class_says_and_no_larger_than_asked(
    kind: type[Grey], size: tuple[int, int], shown: tuple[int, int]
) -> None:
    picture = picture_of(kind(size), largest=100)

    assert picture is not None
    assert picture.media_type == "image/jpeg"
    with Image.open(io.BytesIO(picture.data)) as image:
        assert (image.format, image.size) == ("JPEG", shown)


def test_a_picture_stays_as_it_is() -> None:
    picture = Picture("image/png", b"bytes")

    assert picture_of(picture) is picture


@pytest.mark.parametrize("value", [Hidden(), 5, None, "text"])
def test_a_value_that_nobody_can_show_has_no_picture(value: object) -> None:
    assert picture_of(value) is None
