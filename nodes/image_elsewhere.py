"""Pictures that come from the output folder, or go to whoever watches instead of to a file."""

from __future__ import annotations

import io
import math

from engine.api import Context, node
from nodes.image import LoadedImage, load_picture
from nodes.port_types import Image
from nodes.saving import to_bytes

PICTURE, PNG_FOLLOWS = (
    1,
    2,
)  # the event, and the number in front of the bytes, by which ComfyUI's clients know a PNG


def always() -> float:
    """Run every time: nothing that the cache knows tells whether it is needed."""
    return math.nan


@node("SaveImageWebsocket", title="Send images", category="api/image", fingerprint=always)
def send_images(images: Image, *, ctx: Context) -> None:
    """Send pictures as PNG to whoever watches the run, and keep none of them.

    Args:
        images: What to send.
    """
    pictures = to_bytes(images)
    for number, picture in enumerate(pictures):
        encoded = io.BytesIO()
        picture.save(encoded, "PNG")
        ctx.progress(number, len(pictures))
        # Not as a preview: of those only the newest is kept for a slow client.
        client = ctx.request.get("client")
        to = client if isinstance(client, str) else ""
        ctx.tell("preview", PNG_FOLLOWS.to_bytes(4) + encoded.getvalue(), to, PICTURE)
    ctx.progress(len(pictures), len(pictures))


@node(
    "LoadImageOutput",
    title="Load image (from outputs)",
    category="image",
    experimental=True,
    fingerprint=always,
)
def load_output(image: str, *, ctx: Context) -> LoadedImage:
    """Load a picture from the output folder; its transparency becomes the mask.

    Args:
        image: A file of the output folder; " [output]" behind its name does not count.
    """
    root = ctx.files.output.resolve()
    path = (root / image.removesuffix(" [output]")).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise FileNotFoundError(
            f"There is no '{image}' in {root}. Choose a picture that a run has saved there."
        )
    return load_picture(path, image)
