"""Nodes that say beforehand what will come out of them, and nodes that change by themselves."""

from pathlib import Path

from engine.api import Clash, Context, Fact, Facts, Look, Picture, Published, node, peeker


class Cloth:
    """A piece of cloth: so long, so wide."""

    def __init__(self, length: int, width: int) -> None:
        self.length = length
        self.width = width


def woven(length: int | None, width: int | None) -> Fact:
    """As large as it is said to be."""
    size = length * width if length and width else None
    return Fact("cloth", (length, width), "linen", size)


@node("Weave", facts=woven)
def weave(length: int = 3, width: int = 2) -> Cloth:
    """Weave a piece of cloth."""
    return Cloth(length, width)


def sewn(one: Fact, other: Fact) -> Facts:
    """As long as both together."""
    (length, width), (more, beside) = one.shape or (None, None), other.shape or (None, None)
    if width is not None and beside is not None and width != beside:
        return Clash("other", f"it is {beside} wide, but 'one' is {width}", "Weave both equally wide.")
    return Fact("cloth", (None if length is None or more is None else length + more, width), one.family)


@node("Sew", facts=sewn)
def sew(one: Cloth, other: Cloth) -> Cloth:
    """Sew two pieces together."""
    return Cloth(one.length + other.length, one.width)


def counted(cloth: Fact) -> Fact:
    """A number that may be known already."""
    return Fact("number", value=cloth.shape[0] if cloth.shape else None)


@node("Measure", facts=counted)
def measure(cloth: Cloth) -> int:
    """How long it is."""
    return cloth.length


def guessed(name: str | None, ctx: Context) -> Fact:
    """What the file says."""
    return Fact("cloth", (len(ctx.input_file(name or "").read_text()), 1))


@node("Find", facts=guessed)
def find(name: str, *, ctx: Context) -> Cloth:
    """Find a piece of cloth."""
    return Cloth(len(ctx.input_file(name).read_text()), 1)


def mistaken(cloth: Fact) -> Fact:
    """Does not know."""
    raise LookupError("nobody knows")


@node("Dye", facts=mistaken)
def dye(cloth: Cloth) -> Cloth:
    """Dye it."""
    return cloth


@node("Wear")
def wear(cloth: Cloth) -> Published:
    """Show how large it is."""
    return Published((), {"text": (f"{cloth.length} x {cloth.width}",)})


def in_file(path: str) -> str:
    """What stands in the file, with a note that somebody has looked."""
    asked = Path(path + ".asked")
    asked.write_text(asked.read_text() + "x" if asked.exists() else "x")
    return Path(path).read_text()


@node("ReadNumber", fingerprint=in_file)
def read_number(path: str) -> int:
    """The number in a file."""
    return int(Path(path).read_text())


def never() -> float:
    """Never the same."""
    return float("nan")


@node("Restless", fingerprint=never)
def restless(value: int = 0) -> int:
    """A number that is made anew every time."""
    return value


class Thread(str):
    """A value that shows itself."""


class Knot:
    """A value that cannot be shown."""


@peeker(Thread)
def show_thread(thread: Thread) -> Look:
    """Its words, and a picture."""
    return Look(picture=Picture("image/png", b"thread"), text=f"a thread of {thread}", length=len(thread))


@peeker(Knot)
def show_knot(knot: Knot) -> Look:
    """Fails."""
    raise ValueError("tangled")


@node("Spin")
def spin(wool: str = "sheep") -> Thread:
    """Spin a thread."""
    return Thread(wool)


@node("Tie")
def tie(thread: Thread) -> Knot:
    """Tie a knot."""
    return Knot()


@node("Unravel")
def unravel(thread: Thread) -> list[str]:
    """The letters of a thread."""
    return list(thread)


@node("Look")
def look_at(thread: Thread, knot: Knot, letters: list[str]) -> Published:
    """Show that all is there."""
    return Published((), {"text": (f"{thread} {len(letters)}",)})
