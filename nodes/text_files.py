"""Texts in files."""

from __future__ import annotations

from engine.api import Context, Multiline, Published, node


@node("SaveText", title="Save text", category="utilities")
def save_text(text: Multiline, filename_prefix: str = "Weft", *, ctx: Context) -> Published:
    """Save a text as a file in the output folder.

    Args:
        text: What to save.
        filename_prefix: How the file's name begins; a slash makes a folder.
    """
    return ctx.files.publish(filename_prefix, ".txt", "text/plain", lambda path: path.write_text(text + "\n"))
