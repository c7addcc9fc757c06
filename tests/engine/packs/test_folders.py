from dataclasses import dataclass

from engine.packs.folders import listing
from tests.engine.graph.toys import REGISTRY


@dataclass(frozen=True)
class Shelf:
    def names(self, folder: str) -> list[str]:
        return [f"{folder}.safetensors"]


def test_only_folders_that_nodes_read_are_listed() -> None:
    assert listing(Shelf(), REGISTRY) == {"checkpoints": ("checkpoints.safetensors",)}
