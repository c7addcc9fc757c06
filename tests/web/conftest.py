"""One server and one browser for all journeys, and a page of its own for each.

Playwright's plain API keeps an event loop running in this thread for as long as it is there, and no other test of this
process could use asyncio then: the browser is closed after the last journey, not after the last test.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.engine.served import Served
from tests.web.editor import Editor
from tests.web.lab import SCREENSHOTS, SIZE, Watch, base_directory, build_editor, chromium, flags, serving

PATIENCE = 20_000  # ms that is waited for something to be there; nothing is measured
Scheme: TypeAlias = Literal["light", "dark"]
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="package")
def built() -> None:
    """The editor, built from its sources."""
    build_editor()


@pytest.fixture(scope="package")
def weft(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that all journeys share which leave it alive."""
    with serving(base_directory(tmp_path_factory.mktemp("weft") / "base")) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=flags())
        yield browser
        browser.close()


@pytest.fixture
def watch(weft: Served) -> Watch:
    """What goes wrong in the page."""
    return Watch(weft.address)


@pytest.fixture
def scheme() -> Scheme:
    """Whether the person likes it dark; a test may have it otherwise, by a parameter of this name."""
    return "dark"


@pytest.fixture
def size() -> ViewportSize:
    """How large the page is; a test may have it otherwise, by a parameter or fixture of this name."""
    return SIZE


@pytest.fixture
def page(
    browser: Browser,
    watch: Watch,
    scheme: Scheme,
    size: ViewportSize,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Generator[Page, None, None]:
    """A new page, as for somebody who has never been here. A fault in it that nobody expected fails the test."""
    context = browser.new_context(viewport=size, locale="en-US", color_scheme=scheme, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watch.see(page)
    yield page
    if request.node.stash.get(FAILED, False) and not page.is_closed():
        shot = Path(SCREENSHOTS or tmp_path) / f"failed-{request.node.name}.png"
        page.screenshot(path=shot)
        print(f"The page as it was: {shot}")
    context.close()
    assert watch.unexpected == []


@pytest.fixture
def editor(page: Page, weft: Served, watch: Watch) -> Editor:
    """The editor, open and connected, with no choices of whoever was here before."""
    weft.post("/settings/Weft.Choices", {})
    return Editor(page, weft.address, watch).open()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Take note of tests that fail, for a picture of the page."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
