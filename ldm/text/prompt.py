r"""How loud the words of a prompt are, as ComfyUI reads it: (word) is 1.1, (word:1.3) is 1.3, \( is a bracket."""

from __future__ import annotations

import re
from dataclasses import dataclass

LOUDER = 1.1
_MARKS = re.compile(r"\\?[()]")
_WEIGHT = re.compile(r":\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*$")


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a prompt and how loud it is."""

    text: str
    weight: float = 1.0


@dataclass(slots=True)
class _Bracket:
    """What an opening bracket begins: the bracket around it, the piece that shows it, the weight set at its end."""

    around: int
    shown: int
    closed: bool = False
    weight: float | None = None


def weighted(prompt: str) -> list[Said]:
    """Split a prompt into pieces of one weight each.

    A bracket multiplies the weight around it by 1.1; a number at its end replaces that weight, whatever is around it.
    A bracket that is never closed, or never opened, is a character like any other.
    """
    brackets = [_Bracket(around=0, shown=-1, closed=True, weight=1.0)]  # the whole prompt
    inside = 0
    pieces: list[tuple[str, int]] = []
    place = 0
    for match in _MARKS.finditer(prompt):
        pieces.append((prompt[place : match.start()], inside))
        place = match.end()
        if match[0] == "(":
            brackets.append(_Bracket(around=inside, shown=len(pieces)))
            pieces.append(("(", inside))
            inside = len(brackets) - 1
        elif match[0] == ")" and inside:
            _close(brackets[inside], inside, pieces)
            inside = brackets[inside].around
        else:
            pieces.append((match[0][-1], inside))
    pieces.append((prompt[place:], inside))
    weights = _weights(brackets)
    return _joined([Said(text, weights[inside]) for text, inside in pieces if text])


def _close(bracket: _Bracket, itself: int, pieces: list[tuple[str, int]]) -> None:
    bracket.closed = True
    pieces[bracket.shown] = ("", bracket.around)
    text, inside = pieces[-1]
    if inside == itself and (match := _WEIGHT.search(text)):
        bracket.weight = float(match[1])
        pieces[-1] = (text[: match.start()], inside)


def _weights(brackets: list[_Bracket]) -> list[float]:
    weights: list[float] = []
    for bracket in brackets:  # those around a bracket were opened before it
        if bracket.weight is not None:
            weights.append(bracket.weight)
        else:
            weights.append(weights[bracket.around] * (LOUDER if bracket.closed else 1.0))
    return weights


def _joined(pieces: list[Said]) -> list[Said]:
    joined: list[Said] = []
    texts: list[str] = []
    for place, piece in enumerate(pieces):
        texts.append(piece.text)
        if place + 1 == len(pieces) or pieces[place + 1].weight != piece.weight:
            joined.append(Said("".join(texts), piece.weight))
            texts = []
    return joined
