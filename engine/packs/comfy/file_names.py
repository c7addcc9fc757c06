"""The names of files that a pack asked for to offer them as choices: the list remembers where they come from."""

from __future__ import annotations

from collections.abc import Iterable


class FileNames(list[str]):
    """Names of files. While `folder` is set, they are those of that folder, also of files that come later."""

    def __init__(self, names: Iterable[str] = (), folder: str | None = None) -> None:
        super().__init__(names)
        self.folder = folder
