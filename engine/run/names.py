"""Names of files that come from outside: which of them are safe, and the one way to turn one into a path.

A name is refused where it would leave its folder or would not be the same file everywhere: a graph that is shared, or a
folder on another system's disk, must not mean something else there.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

LONGEST = 255  # bytes of one part, which is what file systems take
LONGEST_PATH = 1024
RESERVED = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(\..*)?", re.IGNORECASE
)
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class BadName(ValueError):
    """A name that no file may have here: which, why, and what to give instead."""

    def __init__(self, name: str, why: str, hint: str) -> None:
        super().__init__(f"The name {name[:80]!r} {why}.")
        self.hint = hint


class LeavesFolder(BadName):
    """A name that would lead out of the folder it belongs to."""

    def __init__(self, folder: str, name: str) -> None:
        super().__init__(
            name,
            f"leads out of the folder '{folder}'",
            "Give a name below the folder, without '..' and without a leading '/'.",
        )


def relative_name(folder: str, name: str) -> PurePosixPath:
    """The name as a path below the folder; backslashes count as slashes. Raises `BadName` for one that is not safe.

    What is refused: names that lead out of the folder, and parts that some system takes for something else (`CON`,
    `a.txt:stream`, `dot.`, control characters, more than 255 bytes).
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or re.match("[a-zA-Z]:", name):
        raise LeavesFolder(folder, name)
    if UNPRINTABLE.search(name):
        raise BadName(name, "has characters that cannot be shown", "Use letters, digits and the usual signs.")
    if len(str(path).encode()) > LONGEST_PATH:
        raise BadName(name, "is too long", f"Use at most {LONGEST_PATH} bytes.")
    for part in path.parts:
        _check_part(name, part)
    return path


def safe_join(root: Path, name: str) -> Path:
    """The path of that name below the root, symbolic links followed. The file need not exist.

    Raises:
        BadName: the name is not safe, or a symbolic link on the way leads out of the root.
    """
    home = root.resolve()
    path = (home / relative_name(root.name, name)).resolve()
    if not path.is_relative_to(home):
        raise LeavesFolder(root.name, name)
    return path


def _check_part(name: str, part: str) -> None:
    if ":" in part:
        raise BadName(name, "has a ':', which some systems take for something else", "Leave the ':' out.")
    if part.endswith((".", " ")):
        raise BadName(name, "has a part that ends in a dot or a space", "Leave them out at the end.")
    if RESERVED.fullmatch(part):
        raise BadName(name, f"has the part {part!r}, which is a device on some systems", "Choose another.")
    if len(part.encode()) > LONGEST:
        raise BadName(name, "has a part that is too long", f"Use at most {LONGEST} bytes.")
