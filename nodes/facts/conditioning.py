"""What is known of conditionings: how many tokens of which width, and of whose text encoder."""

from __future__ import annotations

from engine.api import Clash, Fact, Facts
from nodes.facts.known import only, reshaped, sides, sized, together

CONTEXT = 3  # sides of a context: (b, tokens, width)


def encoded(clip: Fact) -> Fact:
    """A text in one go. A long text takes several times the encoder's length, which nobody counts here."""
    told = clip.more
    return sized("conditioning", (1, None, told.get("width")), clip.family, **only(told, "text"))


def encoded_tokens(tokens: Fact, clip: Fact) -> Facts:
    """Tokens, which must be of the same text encoder."""
    theirs, ours = tokens.more.get("text"), clip.more.get("text")
    if theirs is not None and ours is not None and theirs != ours:
        return Clash("tokens", f"they are {tokens.family} tokens, but the text encoder is {clip.family}")
    return encoded(clip)


def same_clip(clip: Fact) -> Fact:
    """A text encoder that is listened to in another way."""
    return clip


def tokens(clip: Fact) -> Fact:
    """A text's tokens."""
    return Fact("tokens", family=clip.family, more=only(clip.more, "text"))


def same(conditioning: Fact) -> Fact:
    """It stays what it is."""
    return conditioning


def combined(conditioning_1: Fact, conditioning_2: Fact) -> Facts:
    """Two beside each other."""
    clash = unlike(conditioning_1, conditioning_2, "conditioning_2")
    return clash or (
        conditioning_1 if conditioning_1.shape == conditioning_2.shape else _open(conditioning_1)
    )


def averaged(conditioning_to: Fact, conditioning_from: Fact) -> Facts:
    """A mixture of two."""
    return unlike(conditioning_to, conditioning_from, "conditioning_from") or conditioning_to


def joined(conditioning_to: Fact, conditioning_from: Fact) -> Facts:
    """One behind the other."""
    batch, length, width = sides(conditioning_to, CONTEXT)
    more = together(length, sides(conditioning_from, CONTEXT)[1])
    clash = unlike(conditioning_to, conditioning_from, "conditioning_from")
    return clash or reshaped(conditioning_to, (batch, more, width))


def unlike(one: Fact, other: Fact, input: str) -> Clash | None:
    """The clash of two conditionings that are not of the same text encoder."""
    ours, theirs = one.more.get("text"), other.more.get("text")
    if ours is None or theirs is None or ours == theirs:
        return None
    return Clash(
        input,
        f"it was made by the text encoder of {_whose(other)}, and the other one by that of {_whose(one)}",
        "Encode both texts with the text encoder of the same checkpoint.",
    )


def unheard(model: Fact, conditioning: Fact, input: str) -> Clash | None:
    """The clash of a conditioning that a model does not listen to."""
    ours, theirs = model.more.get("text"), conditioning.more.get("text")
    if ours is None or theirs is None or ours == theirs:
        return None
    return Clash(
        input,
        f"it was made by the text encoder of {_whose(conditioning)}, but the model listens to that of {_whose(model)}",
        "Encode the text with the text encoder of the model's own checkpoint.",
    )


def _whose(fact: Fact) -> str:
    width = fact.more.get("width") or sides(fact, CONTEXT)[2]
    return f"{fact.family or 'another model'}{f' (width {width})' if width else ''}"


def _open(conditioning: Fact) -> Fact:
    batch, _, width = sides(conditioning, CONTEXT)
    return reshaped(conditioning, (batch, None, width))
