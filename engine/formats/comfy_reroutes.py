"""The reroutes that a workflow file has beside its nodes: points that a link is led through, which change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.formats.comfy_sheet import Raw, Sheet, Wire, id_of, listed, pair


@dataclass(frozen=True, slots=True)
class Reroute:
    """A point: where it is, the one before it on the way, and a link that leads through it."""

    position: tuple[float, float]
    before: str | None
    wire: Wire


@dataclass(frozen=True, slots=True)
class Reroutes:
    """The points of a sheet by their ids, and the last one on the way of each link that has some."""

    points: Mapping[str, Reroute]
    last: Mapping[str, str]


def reroutes_of(sheet: Sheet) -> Reroutes:
    """The reroutes on the links of a sheet. One whose links come from different outputs is left out."""
    extra = sheet.raw.get("extra")
    old: Raw = extra if isinstance(extra, Mapping) else {}
    rows = dict(_rows(sheet.raw.get("reroutes") or old.get("reroutes")))
    if not rows:
        return Reroutes({}, {})
    points: dict[str, Reroute] = {}
    last: dict[str, str] = {}
    for link, parent in _parents(sheet.raw, old):
        wire = sheet.wires.get(link)
        way = _way(rows, parent)
        if wire is None or not way:
            continue
        others = [points[id].wire for id in way if id in points]
        if any((other.source, other.slot) != (wire.source, wire.slot) for other in others):
            continue
        last[link] = parent
        for id in way:
            position, before = rows[id]
            points.setdefault(id, Reroute(position, before, wire))
    return Reroutes(points, last)


def _rows(raw: object) -> Iterator[tuple[str, tuple[tuple[float, float], str | None]]]:
    for row in listed(raw):
        id = id_of(row.get("id")) if isinstance(row, Mapping) else None
        if isinstance(row, Mapping) and id is not None:
            yield id, (pair(row.get("pos")) or (0, 0), id_of(row.get("parentId")))


def _parents(raw: Raw, old: Raw) -> Iterator[tuple[str, str]]:
    """The last reroute of each link: with the link in the newer version, apart from it in the older."""
    for row in (*listed(raw.get("links")), *listed(old.get("linkExtensions"))):
        if isinstance(row, Mapping):
            link, parent = id_of(row.get("id")), id_of(row.get("parentId"))
            if link is not None and parent is not None:
                yield link, parent


def _way(rows: Mapping[str, tuple[tuple[float, float], str | None]], last: str) -> list[str]:
    """The reroutes from the last one up to the first; none if one is missing, or if they run in a ring."""
    way: list[str] = []
    at: str | None = last
    passed: set[str] = set()
    while at is not None:
        if at in passed or at not in rows:
            return []
        passed.add(at)
        way.append(at)
        at = rows[at][1]
    return way
