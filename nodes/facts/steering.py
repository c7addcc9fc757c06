"""What is known of a model that something steers: it stays what it is."""

from __future__ import annotations

from engine.api import Clash, Fact, Facts


def steered(model: Fact) -> Facts:
    """The same model."""
    return model


def steered_by_picture(model: Fact, vae: Fact) -> Facts:
    """The same model, whose latents the first stage must be able to decode."""
    ours, theirs = model.more.get("channels"), vae.more.get("channels")
    if ours is not None and theirs is not None and ours != theirs:
        return Clash(
            "vae",
            f"it decodes latents of {theirs} channels, but the model samples {ours}",
            "Take the first stage of the same model.",
        )
    return model
