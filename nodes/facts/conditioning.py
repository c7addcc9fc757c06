"""What is known of conditionings: how many tokens of which width, of whose text encoder, and what they show.

Among a fact's `more`, `shown` is a sum of powers of two: what a conditioning shows a model beside the latent, or what a
model must be shown. A conditioning of which that is not known, such as a pack's, does not say it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from engine.api import Clash, Fact, Facts
from ldm.diffusion.beside import TOLD_BY
from ldm.spec import Beside
from nodes.facts.known import only, reshaped, sides, sized, together

CONTEXT = 3  # sides of a context: (b, tokens, width)
BITS: dict[Beside, int] = {name: 1 << place for place, name in enumerate(get_args(Beside))}


def encoded(clip: Fact) -> Fact:
    """A text in one go. A long text takes several times the encoder's length, which nobody counts here."""
    told = clip.more
    return sized("conditioning", (1, None, told.get("width")), clip.family, **only(told, "text"), shown=0)


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
    both = conditioning_1 if conditioning_1.shape == conditioning_2.shape else _open(conditioning_1)
    return clash or _both_shown(both, conditioning_2)


def averaged(conditioning_to: Fact, conditioning_from: Fact) -> Facts:
    """A mixture of two."""
    return unlike(conditioning_to, conditioning_from, "conditioning_from") or conditioning_to


def joined(conditioning_to: Fact, conditioning_from: Fact) -> Facts:
    """One behind the other."""
    batch, length, width = sides(conditioning_to, CONTEXT)
    more = together(length, sides(conditioning_from, CONTEXT)[1])
    clash = unlike(conditioning_to, conditioning_from, "conditioning_from")
    return clash or reshaped(conditioning_to, (batch, more, width))


def sum_of(names: Iterable[Beside]) -> int:
    """What is shown, as one number."""
    return sum(BITS[name] for name in names)


def showing(conditioning: Fact, *names: Beside) -> Fact:
    """A conditioning that shows these as well; one of which nothing is known stays so."""
    shown = conditioning.more.get("shown")
    if shown is None:
        return conditioning
    return replace(conditioning, more={**conditioning.more, "shown": shown | sum_of(names)})


def _both_shown(one: Fact, other: Fact) -> Fact:
    """What two conditionings show, each."""
    ours, theirs = one.more.get("shown"), other.more.get("shown")
    if ours is None or theirs is None:
        return replace(one, more={name: n for name, n in one.more.items() if name != "shown"})
    return replace(one, more={**one.more, "shown": ours & theirs})


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
    """The clash of a conditioning that a model does not listen to, or that does not show it what it must be shown."""
    shown = conditioning.more.get("shown")
    missing = 0 if shown is None else model.more.get("shown", 0) & ~shown
    for name, bit in BITS.items():
        if missing & bit:
            return Clash(
                input,
                f"it shows no {name.replace('_', ' ')}, but the model is shown one beside the latent",
                f"Send the conditioning through {TOLD_BY[name]} first.",
            )
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
