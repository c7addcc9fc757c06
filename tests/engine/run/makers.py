"""Whether files can carry who made them here."""

import os
from pathlib import Path


def notes_makers(folder: Path) -> bool:
    """Whether this file system can tell who made a file."""
    folder.mkdir(exist_ok=True)
    (folder / "probe").touch()
    try:
        os.setxattr(folder / "probe", "user.weft.probe", b"")
    except OSError:
        return False
    return True
