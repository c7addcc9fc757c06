"""Small pictures in files."""

from pathlib import Path

import PIL.Image


def picture(path: Path, colour: str = "red", size: tuple[int, int] = (40, 24)) -> Path:
    """A picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.new("RGB", size, colour).save(path)
    return path


def striped(path: Path) -> Path:
    """A wide picture: red, green and blue from left to right, each 20 x 20."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = PIL.Image.new("RGB", (60, 20))
    for index, colour in enumerate(("red", "lime", "blue")):
        whole.paste(PIL.Image.new("RGB", (20, 20), colour), (20 * index, 0))
    whole.save(path)
    return path
