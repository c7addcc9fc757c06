"""What goes with a run and is written down nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Aside:
    """What a run's nodes may be told in secret, and the stamp of the nodes with which its graph was found right.

    After a restart both are gone: then nodes get no secrets, and the worker checks the graph again.
    """

    secrets: Mapping[str, str] = field(default_factory=dict)
    checked_with: str = ""


NOTHING = Aside()
