"""The two versions of ComfyUI's editor workflows, and how one is turned into the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from engine.formats.comfy_sheet import listed

Version: TypeAlias = Literal["0.4", "1.0"]

LINK_KEYS = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
STATE = {"last_node_id": "lastNodeId", "last_link_id": "lastLinkId"}


def as_version(document: Mapping[str, object], version: Version) -> dict[str, object]:
    """The workflow in that version of the format."""
    is_old = document.get("version") == 0.4
    if version == "1.0":
        return _newer(document) if is_old else dict(document)
    return dict(document) if is_old else _older(document)


def _newer(document: Mapping[str, object]) -> dict[str, object]:
    extra = _object(document.get("extra"))
    parents = {
        row["id"]: row["parentId"]
        for row in listed(extra.pop("linkExtensions", ()))
        if isinstance(row, Mapping) and "id" in row and "parentId" in row
    }
    reroutes = list(listed(extra.pop("reroutes", ())))
    groups, state = listed(document.get("groups")), {new: document.get(old, 0) for old, new in STATE.items()}
    moved = {"version", "links", "extra", "floatingLinks", *STATE}
    floating = [_as_object(row, {}) for row in listed(document.get("floatingLinks"))]
    return {
        **{key: value for key, value in document.items() if key not in moved},
        "version": 1,
        "state": {
            "lastGroupId": _highest(groups),
            **state,
            "lastRerouteId": _highest(reroutes),
        },
        "links": [_as_object(row, parents) for row in listed(document.get("links"))],
        **({"floatingLinks": floating} if floating else {}),
        **({"reroutes": reroutes} if reroutes else {}),
        "extra": extra,
    }


def _older(document: Mapping[str, object]) -> dict[str, object]:
    extra = _object(document.get("extra"))
    state = _object(document.get("state"))
    links = [row for row in listed(document.get("links")) if isinstance(row, Mapping)]
    parents = [{"id": row.get("id"), "parentId": row["parentId"]} for row in links if "parentId" in row]
    moved = {"version", "links", "extra", "reroutes", "state"}
    return {
        **{key: value for key, value in document.items() if key not in moved},
        **{old: state.get(new, 0) for old, new in STATE.items()},
        "links": [[row.get(key) for key in LINK_KEYS] for row in links],
        "extra": {
            **extra,
            **({"reroutes": document["reroutes"]} if document.get("reroutes") else {}),
            **({"linkExtensions": parents} if parents else {}),
        },
        "version": 0.4,
    }


def _as_object(row: object, parents: Mapping[object, object]) -> object:
    if not isinstance(row, list | tuple):
        return row
    link = dict(zip(LINK_KEYS, row, strict=False))
    return {**link, "parentId": parents[link["id"]]} if link.get("id") in parents else link


def _highest(rows: object) -> int:
    ids = [row.get("id") for row in listed(rows) if isinstance(row, Mapping)]
    return max((id for id in ids if isinstance(id, int)), default=0)


def _object(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}
