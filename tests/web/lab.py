"""What a journey needs: the built editor, a server with a folder of its own, and a browser that hides no fault."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, ViewportSize

from tests.engine.installation import ROOT, Installation
from tests.engine.served import Served, served

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A test machine may have no GPU; and the browser is to speak with nobody but the server.
FLAGS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SIZE: ViewportSize = {"width": 1280, "height": 800}
SCREENSHOTS = os.environ.get("WEFT_SCREENSHOTS")  # a folder, where screenshots are wanted


def chromium() -> str:
    """The browser: `$CHROMIUM`, or what the machine has."""
    wanted = os.environ.get("CHROMIUM")
    for name in (wanted,) if wanted else BROWSERS:
        if found := shutil.which(name):
            return found
    raise AssertionError(
        f"There is no {wanted or 'chromium'}: `make browser` installs one, or name it in $CHROMIUM."
    )


def flags() -> list[str]:
    """How the browser is started. Chromium's sandbox does not start for root."""
    return [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def build_editor() -> None:
    """Have the editor built as it is now; it takes no time if it is."""
    done = subprocess.run(
        [sys.executable, "main.py", "build-editor"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def base_directory(folder: Path) -> Path:
    """A folder for a server: the project's models, templates and pictures to start from, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("models", "workflows"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "input", folder / "input")
    return folder


@contextmanager
def serving(base: Path, *arguments: str, port: str = "0", **environment: str) -> Iterator[Served]:
    """The server as people start it, over a folder of `base_directory`."""
    more = ("--base-directory", str(base), "--cpu", "--grace", "1", *arguments)
    with served(Installation(ROOT), "serve", *more, port=port, OMP_NUM_THREADS="1", **environment) as server:
        yield server


@dataclass
class Watch:
    """Sees everything that goes wrong in a page. A test that wants something to go wrong says what it expects."""

    address: str
    faults: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def see(self, page: Page) -> None:
        """Listen to a page."""
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}\n{error.stack or ''}"))
        page.on("console", self._heard)
        page.on("request", self._asked)

    def expect(self, pattern: str) -> None:
        """Do not count faults in which this is found."""
        self.expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        """The faults that nobody expected."""
        return [fault for fault in self.faults if not any(one.search(fault) for one in self.expected)]

    @property
    def elsewhere(self) -> list[str]:
        """The requests that left the server's origin."""
        return [url for url in self.asked if urlsplit(url).netloc != urlsplit(self.address).netloc]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"}:
            place = message.location.get("url", "")
            self.faults.append(f"console: {message.text} ({place})")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.asked.append(request.url)
