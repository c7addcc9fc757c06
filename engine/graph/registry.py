"""Every node that is known, by id, and what can be asked of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar, cast

from engine.graph.declared import SPEC, DeclarationError
from engine.graph.growing import possible_inputs
from engine.graph.literals import closest
from engine.graph.spec import FileWidget, NodeSpec
from engine.graph.types import Anything, PortType, fits

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Registry(Mapping[str, NodeSpec]):
    """Node specs by id; it never changes."""

    specs: Mapping[str, NodeSpec]
    _made: dict[tuple[object, str], Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __getitem__(self, id: str) -> NodeSpec:
        return self.specs[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def once(self, make: Callable[[NodeSpec], T], id: str) -> T:
        """What `make` gives for a spec, made once: small runs would spend their time on indexes of specs.

        `make` belongs to a module, since what it gives is kept as long as the registry.
        """
        made = self._made.get((make, id))
        if made is None:
            made = self._made[make, id] = make(self.specs[id])
        return cast("T", made)

    def closest(self, name: str) -> tuple[str, ...]:
        """The ids that a person may have meant, best first."""
        return closest(name, list(self.specs))

    def file_folders(self, kinds: Iterable[str] | None = None) -> tuple[str, ...]:
        """The folders that some node reads files from, or a node of these kinds, as far as they are known."""
        known = self.specs.keys() if kinds is None else self.specs.keys() & set(kinds)
        return tuple(sorted({folder for kind in known for folder in self.once(_folders, kind)}))

    def givers(self, wanted: PortType) -> tuple[str, ...]:
        """The nodes with an output that fits."""
        return tuple(spec.id for spec in self.specs.values() if _gives(spec, wanted))

    def bridges(self, given: PortType, wanted: PortType) -> tuple[str, ...]:
        """The nodes that take a `given` and give a `wanted`."""
        return tuple(spec.id for spec in self.specs.values() if _gives(spec, wanted) and _takes(spec, given))


def registry_of(specs: Iterable[NodeSpec]) -> Registry:
    """A registry of these specs. Two nodes of the same id are a DeclarationError."""
    by_id: dict[str, NodeSpec] = {}
    for spec in specs:
        other = by_id.setdefault(spec.id, spec)
        if other is not spec:
            raise DeclarationError(
                f"{spec.module}.{spec.function}",
                f"has the id '{spec.id}', which {other.module}.{other.function} has already",
                f'Give one of them another, e.g.  @node("{spec.pack or "My"}{spec.id}")',
            )
    return Registry(by_id)


def collect(module: ModuleType) -> list[Callable[..., object]]:
    """The functions of a module that are declared as nodes, in the order they stand there."""
    found = {id(value): value for value in vars(module).values() if isinstance(_spec(value), NodeSpec)}
    return list(found.values())


def _spec(value: object) -> object:
    # Only functions: a module may hold objects that answer to any attribute's name.
    return vars(value).get(SPEC) if hasattr(value, "__code__") and hasattr(value, "__dict__") else None


def _folders(spec: NodeSpec) -> frozenset[str]:
    widgets = (input.widget for input in possible_inputs(spec))
    return frozenset(widget.folder for widget in widgets if isinstance(widget, FileWidget))


# A port that takes or gives anything would answer every question; it helps nobody as an advice.
def _gives(spec: NodeSpec, wanted: PortType) -> bool:
    return any(output.type != Anything() and fits(output.type, wanted) for output in spec.outputs)


def _takes(spec: NodeSpec, given: PortType) -> bool:
    return any(input.type != Anything() and fits(given, input.type) for input in spec.inputs)
