"""The editor as a person sees it: what journeys do and look for, in one place, so that they read as sentences."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Locator, Page, expect

from tests.engine.installation import ROOT
from tests.web.graphs import Graph
from tests.web.lab import SCREENSHOTS, Watch
from tests.web.node import RUN, Node, bounds

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

    def node(self, title: str) -> Node:
        """A node by its title."""
        name = re.compile(rf"^Node {re.escape(title)}(,|$)")
        return Node(self.canvas.get_by_role("group", name=name))

    @property
    def nodes(self) -> Locator:
        """All nodes that are in sight."""
        return self.canvas.get_by_role("group", name=re.compile("^Node "))

    @property
    def links(self) -> Locator:
        """All links that are in sight."""
        return self.canvas.locator(".link")

    @property
    def chosen(self) -> Locator:
        """How many of how many nodes are chosen, or only how many there are."""
        return self.page.locator(".status > span").last

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def panel(self, title: str) -> Locator:
        """A panel at a side, by its title."""
        return self.page.get_by_role("complementary", name=title, exact=True)

    def tab(self, name: str) -> Locator:
        """The tab of a document, saved or not."""
        return self.page.get_by_role("tab", name=re.compile(rf"^{re.escape(name)}( ?, not saved)?$"))

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

    def hold(self, keys: str, times: int) -> Editor:
        """Hold keys down until the last of them has repeated so often."""
        *modifiers, key = keys.split("+")
        keyboard = self.page.keyboard
        for one in modifiers:
            keyboard.down(one)
        for _ in range(times):
            keyboard.down(key)
        for one in (key, *modifiers):
            keyboard.up(one)
        return self

    def choose(self, menu: str, entry: str) -> Editor:
        """Choose an entry of a menu."""
        self.button(menu).click()
        return self.choose_entry(entry)

    def choose_entry(self, entry: str) -> Editor:
        """Choose an entry of the menu that is open."""
        self.page.get_by_role("menuitem").filter(has=self.page.get_by_text(entry, exact=True)).click()
        return self

    def act(self, action: str) -> Editor:
        """Do something by its name, from the list of all that can be done."""
        self.press("Control+k")
        self.dialog.get_by_role("combobox").fill(action)
        found = self.dialog.get_by_role("option").first
        expect(found).to_contain_text(action)
        self.press("Enter")
        expect(self.page.get_by_role("dialog", name="All actions")).to_be_hidden()
        return self

    def run(self) -> Editor:
        """Run the graph, and wait until nothing runs any more."""
        self.button("Run").last.click()
        return self.wait_for_the_end()

    def wait_for_the_end(self) -> Editor:
        """Return when no node of the graph waits or runs."""
        busy = self.page.get_by_role("button", name=re.compile(r"^(Running|Waits|Will run).*Why\?$"))
        expect(busy).to_have_count(0, timeout=RUN)
        return self

    def open_graph(self, graph: Graph, name: str = "graph.json") -> Editor:
        """Open a document from this computer."""
        with self.page.expect_file_chooser() as choosing:
            self.choose("File", "Open a file from this computer")
        content = json.dumps(graph).encode()
        choosing.value.set_files({"name": name, "mimeType": "application/json", "buffer": content})
        title = graph.get("title", name.removesuffix(".json"))
        expect(self.page.get_by_role("tab", name=title, selected=True)).to_be_visible()
        return self

    def document(self) -> dict[str, Any]:
        """The document that is shown, as it is downloaded."""
        with self.page.expect_download() as downloading:
            self.choose("File", "Download")
        found: dict[str, Any] = json.loads(downloading.value.path().read_text("utf-8"))
        return found

    def drag(
        self, start: Locator | tuple[float, float], end: Locator | tuple[float, float], *, drop: bool = True
    ) -> Editor:
        """Drag with the mouse, from the middle of one thing to the middle of another."""
        mouse = self.page.mouse
        mouse.move(*_point(start))
        mouse.down()
        mouse.move(*_point(end), steps=6)
        if drop:
            mouse.up()
        return self

    def empty_place(self, x: float = 0.5, y: float = 0.85) -> tuple[float, float]:
        """A point of the canvas, by its share of width and height."""
        box = bounds(self.canvas)
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def on_link(
        self,
        *ends: str,
        button: Literal["left", "middle", "right"] = "left",
        double: bool = False,
        click: bool = True,
    ) -> Editor:
        """Click on a link in its middle, or only point at it: from node and output to node and input."""
        source, output, reader, name = ends
        a = _point(self.node(source).output(output))
        b = _point(self.node(reader).input(name))
        x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        self.page.mouse.move(x, y)
        if click:
            self.page.mouse.click(x, y, button=button, click_count=2 if double else 1)
        return self

    def add(self, kind: str) -> Editor:
        """Choose a kind of node in the search that is open."""
        search = self.page.get_by_role("dialog", name="Add a node")
        search.get_by_role("combobox").fill(kind)
        search.get_by_role("option", name=re.compile(rf"^{re.escape(kind)}\b")).first.click()
        expect(search).to_be_hidden()
        return self

    def focus_by_keys(self, wanted: Locator, *, key: str = "Tab", most: int = 120) -> Editor:
        """Press a key until something has the focus."""
        for _ in range(most):
            if wanted.evaluate("element => element === document.activeElement"):
                return self
            self.press(key)
        raise AssertionError(f"{key} does not lead to {wanted}")

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

    def from_afar(self, *things: Locator) -> list[tuple[float, float]]:
        """Go so far away that the sheet is one picture; gives where the middles of these things are then."""
        zoom = self.page.get_by_role("button", name=re.compile(r"^\d+%$"))
        near, middle = int(zoom.inner_text()[:-1]), _point(self.canvas)
        points = [_point(thing) for thing in things]
        while int(zoom.inner_text()[:-1]) > 41:
            before = zoom.inner_text()
            self.button("Zoom out").click()
            expect(zoom).not_to_have_text(before)
        expect(self.canvas.get_by_text(re.compile("^Overview of"))).to_be_attached()
        share = int(zoom.inner_text()[:-1]) / near
        return [(middle[0] + share * (x - middle[0]), middle[1] + share * (y - middle[1])) for x, y in points]

    def drop(self, file: Path, kind: str, *, onto: Locator | None = None) -> Editor:
        """Drop a file from the desktop onto the canvas, or onto a part of it."""
        data = self.page.evaluate_handle(
            """([bytes, name, type]) => {
                const data = new DataTransfer();
                data.items.add(new File([new Uint8Array(bytes)], name, { type }));
                return data;
            }""",
            [list(file.read_bytes()), file.name, kind],
        )
        for event in ("dragenter", "dragover", "drop"):
            (onto or self.canvas).dispatch_event(event, {"dataTransfer": data})
        return self

    # ---- checks

    def wait_until(self, holds: Callable[[], bool], patience: float = 20) -> Editor:
        """Return when something holds that is not to be seen in the page."""
        deadline = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < deadline, "it does not come to that"
            self.page.wait_for_timeout(50)
        return self

    def says(self, text: str | re.Pattern[str]) -> Editor:
        """Something was told to the person, for eyes and ears."""
        expect(self.page.locator(".notice-place")).to_contain_text(text)
        return self

    def faults_of_access(self, within: str = "body") -> list[str]:
        """What would keep people from using this: axe-core's serious and critical findings, with the elements."""
        # Not as a script of the page, which its policy forbids.
        self.page.evaluate(AXE.read_text("utf-8"))
        # The ends of a focus trap send the focus on at once: it never rests on what is hidden.
        found: Mapping[str, Any] = self.page.evaluate(
            """(within) => axe.run(
                { include: [within], exclude: ["[data-focus-trap]"] },
                { resultTypes: ["violations"] },
            )""",
            within,
        )
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {json.dumps([node['html'] for node in one['nodes']])}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
        ]


def _point(at: Locator | tuple[float, float]) -> tuple[float, float]:
    if isinstance(at, tuple):
        return at
    box = bounds(at)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
