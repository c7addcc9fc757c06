"""A node on the canvas as a person sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import FloatRect, Locator, expect

RUN = 60_000  # ms that a run may take on a machine that has other things to do
WILL_RUN = re.compile("^Will run")
RAN = re.compile("^Ran")
CACHED = re.compile("^Cached")
WILL_NOT_RUN = re.compile("^Will not run")


def bounds(thing: Locator) -> FloatRect:
    """Where something is on the page."""
    found = thing.bounding_box()
    assert found is not None, f"{thing} is out of sight"
    return found


@dataclass(frozen=True)
class Node:
    """A node that is in sight."""

    box: Locator

    @property
    def title(self) -> Locator:
        """Its title; by it the node is dragged."""
        return self.box.locator(".node-title")

    @property
    def badge(self) -> Locator:
        """The mark in its head: what would become of it in a run, or became of it in the last one."""
        return self.box.get_by_role("button", name=re.compile(r"Why\?$"))

    @property
    def pictures(self) -> Locator:
        """The pictures that it shows."""
        return self.box.get_by_role("button", name=re.compile("^Look at "))

    def field(self, label: str) -> Locator:
        """The field of an input, by its label."""
        return self.box.get_by_label(label, exact=True)

    def input(self, name: str) -> Locator:
        """The socket of an input."""
        return self.box.get_by_role("button", name=re.compile(rf"^Input {re.escape(name)}: "))

    def output(self, name: str) -> Locator:
        """The socket of an output."""
        return self.box.get_by_role("button", name=re.compile(rf"^Output {re.escape(name)}: "))

    # ---- what a person does

    def choose(self, *, adding: bool = False) -> Node:
        """Choose it, alone or beside what is chosen."""
        self.title.click(modifiers=["Shift"] if adding else [])
        return self

    def set(self, label: str, value: object) -> Node:
        """Type a value into a field."""
        self.field(label).fill(str(value))
        self.field(label).press("Enter" if self.field(label).get_attribute("role") == "spinbutton" else "Tab")
        return self

    def pick(self, label: str, option: str) -> Node:
        """Choose a value of a list."""
        self.field(label).click()
        self.box.page.get_by_role("option", name=option, exact=True).click()
        expect(self.field(label)).to_contain_text(option)
        return self

    # ---- checks

    def is_linked(self, name: str) -> None:
        """Something is linked to an input."""
        expect(self.input(name)).to_have_accessible_name(re.compile(", linked$"))

    def is_open(self, name: str) -> None:
        """Nothing is linked to an input."""
        expect(self.input(name)).not_to_have_accessible_name(re.compile(", linked$"))

    def says(self, state: re.Pattern[str]) -> None:
        """Its badge tells that."""
        expect(self.badge).to_have_accessible_name(state, timeout=RUN)

    def shows_a_picture(self) -> None:
        """A picture was made, and it is really there."""
        expect(self.pictures.first).to_be_visible(timeout=RUN)
        expect(self.pictures.first.get_by_role("img")).to_have_js_property("complete", True)
        assert self.pictures.first.get_by_role("img").evaluate("image => image.naturalWidth") > 0
