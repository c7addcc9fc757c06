"""All sheets of a ComfyUI workflow: itself, its subgraphs, and one for each use of its old groups."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.formats.comfy_groups import group_definitions, group_name, group_sheet
from engine.formats.comfy_sheet import Raw, Sheet, read_sheet, subgraphs
from engine.formats.comfy_virtual import GETTER
from engine.formats.comfy_wireless import wired
from engine.formats.scopes import MOST
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry

ROOT = ""  # the id of the workflow itself


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets by the ids of their subgraphs, and for each the subgraphs that its nodes stand for."""

    by_id: dict[str, Sheet] = field(default_factory=dict)
    instances: dict[str, dict[str, str]] = field(default_factory=dict)


def sheets_of(document: Raw, registry: Registry) -> tuple[Sheets, list[Problem]]:
    """The sheets of a workflow, and what of them cannot be read."""
    root, problems = read_sheet(document, "")
    definitions, wrong = subgraphs(document)
    problems += wrong
    sheets = Sheets({ROOT: root, **definitions}, {ROOT: {}, **{id: {} for id in definitions}})
    groups = group_definitions(document)
    waiting: list[tuple[str, tuple[str, ...]]] = [(id, ()) for id in sheets.by_id]
    count = 0
    while waiting:
        id, around = waiting.pop()
        for item in sheets.by_id[id].items.values():
            name = group_name(item.kind)
            if item.kind in definitions:
                sheets.instances[id][item.id] = item.kind
            if name not in groups or item.kind in definitions or item.kind in registry:
                continue
            if name in around:
                wish, found = "a group that does not contain itself", f"{name} inside itself"
                problems.append(Unreadable(f"group '{name}'", wish, found))
                continue
            inside, wrong = group_sheet(item.kind, groups[name], item, registry)
            problems += wrong
            count += len(inside.items)
            if count > MOST:
                wish = f"at most {MOST} nodes, counting those in groups"
                return Sheets({ROOT: Sheet({}, {})}, {ROOT: {}}), [Unreadable("the workflow", wish, "more")]
            own = _free(name, sheets)
            sheets.by_id[own], sheets.instances[own] = inside, {}
            sheets.instances[id][item.id] = own
            waiting.append((own, (*around, name)))
    if any(item.kind == GETTER for sheet in sheets.by_id.values() for item in sheet.items.values()):
        return Sheets(wired(sheets.by_id, sheets.instances), sheets.instances), problems
    return sheets, problems


def _free(name: str, sheets: Sheets) -> str:
    number, id = 1, name
    while id in sheets.by_id:
        number += 1
        id = f"{name} {number}"
    return id
