"""The editor as a person sees it: what journeys do and look for, in one place, so that they read as sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.engine.installation import ROOT
from tests.web.lab import SCREENSHOTS, Watch

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}


@dataclass
class Editor:
    """A page with the editor in it."""

    page: Page
    address: str
    watch: Watch

    def open(self, path: str = "/") -> Editor:
        """Load the page, and wait until it talks with the server."""
        self.page.goto(self.address + path)
        expect(self.canvas).to_be_visible()
        expect(self.page.get_by_text("Connected", exact=True)).to_be_visible()
        return self

    def reload(self) -> Editor:
        """Load the page again, as it is."""
        self.page.reload()
        expect(self.canvas).to_be_visible()
        return self

    # ---- what is to be seen

    @property
    def canvas(self) -> Locator:
        """Where the graph is drawn."""
        return self.page.get_by_role("main", name="Canvas")

    def button(self, name: str) -> Locator:
        """A button by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def picture(self, name: str) -> Path | None:
        """A screenshot for the documents, if `$WEFT_SCREENSHOTS` names a folder; fonts and motion have settled."""
        if not SCREENSHOTS:
            return None
        path = Path(SCREENSHOTS) / f"{name}.png"
        self.page.evaluate("() => document.fonts.ready.then(() => true)")
        self.page.screenshot(path=path, animations="disabled", caret="hide")
        return path

    # ---- what a person does

    def press(self, *keys: str) -> Editor:
        """Press keys, one after the other: "Control+z", "Enter"."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def choose(self, menu: str, entry: str) -> Editor:
        """Choose an entry of a menu."""
        self.button(menu).click()
        self.page.get_by_role("menuitem", name=entry).click()
        return self

    def open_template(self, title: str) -> Editor:
        """Open one of the graphs to begin with. All of it is in sight then, perhaps from afar, as one picture."""
        self.button("Templates").click()
        self.page.get_by_role("button", name=title).first.click()
        expect(self.page.get_by_role("tab", name=title, selected=True)).to_be_visible()
        expect(self.page.get_by_text(re.compile(r"^[1-9]\d* nodes?$")).last).to_be_visible()
        return self

    def go_near(self) -> Editor:
        """Look at the middle of the sheet so closely that nodes have their fields."""
        self.page.get_by_role("button", name=re.compile(r"^\d+%$")).click()
        expect(self.canvas.locator(".react-flow__node").first).to_be_visible()
        return self

    def drop(self, file: Path, kind: str) -> Editor:
        """Drop a file from the desktop onto the canvas."""
        data = self.page.evaluate_handle(
            """([bytes, name, type]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], name, { type }));
                return data;
            }""",
            [list(file.read_bytes()), file.name, kind],
        )
        for event in ("dragenter", "dragover", "drop"):
            self.canvas.dispatch_event(event, {"dataTransfer": data})
        return self

    # ---- checks

    def faults_of_access(self, within: str = "body") -> list[str]:
        """What would keep people from using this: axe-core's serious and critical findings, with the elements."""
        # Not as a script of the page, which its policy forbids.
        self.page.evaluate(AXE.read_text("utf-8"))
        found: Mapping[str, Any] = self.page.evaluate(
            "(within) => axe.run(within, { resultTypes: ['violations'] })", within
        )
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {json.dumps([node['html'] for node in one['nodes']])}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
        ]
