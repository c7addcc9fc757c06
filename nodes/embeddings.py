"""Words that were learned from pictures, whose files lie below models/embeddings. No nodes here."""

from __future__ import annotations

from engine.api import Context
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.tau import Tau

FOLDER = "embeddings"


def let_find(text: Tau, ctx: Context) -> None:
    """Have a text encoder find the learned words that texts call."""
    found = Context(inputs=ctx.inputs)
    for tower in text.towers if isinstance(text, ClipPair) else (text,):
        if isinstance(tower, ClipTextEncoder):
            tower.find_embedding = lambda name: found.model_file(FOLDER, name)
