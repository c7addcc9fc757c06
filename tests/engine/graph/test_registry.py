from types import ModuleType

import pytest

from engine.graph.declare import node
from engine.graph.declared import DeclarationError, spec_of
from engine.graph.registry import collect, registry_of
from engine.graph.spec import NodeSpec
from engine.graph.types import Named
from tests.engine.graph import toys
from tests.engine.graph.toys import REGISTRY

LATENT, PICTURE = Named("Latent"), Named("Picture")


def test_a_registry_is_a_mapping_of_ids_to_specs() -> None:
    assert REGISTRY["Decode"] is spec_of(toys.decode)
    assert "Decode" in REGISTRY
    assert len(REGISTRY) == len(list(REGISTRY)) == 10


def test_two_nodes_of_one_id_are_refused_with_both_their_names() -> None:
    @node("Decode")
    def other(x: int) -> int:
        return x

    with pytest.raises(DeclarationError) as caught:
        registry_of([spec_of(toys.decode), spec_of(other)])

    assert "has the id 'Decode', which tests.engine.graph.toys.decode has already" in str(caught.value)
    assert "other" in caught.value.where


def test_bridges_take_one_type_and_give_the_other() -> None:
    assert REGISTRY.bridges(PICTURE, LATENT) == ("Encode",)
    assert REGISTRY.bridges(LATENT, PICTURE) == ("Decode",)
    assert REGISTRY.bridges(LATENT, Named("MODEL")) == ()


def test_givers_have_an_output_that_fits() -> None:
    assert REGISTRY.givers(Named("Poster")) == ("Write",)
    assert REGISTRY.givers(LATENT) == ("Start", "Encode")


def test_near_ids_are_found() -> None:
    assert REGISTRY.closest("decod") == ("Decode", "Encode")


def test_the_folders_that_nodes_read_are_known() -> None:
    assert REGISTRY.file_folders() == ("checkpoints",)
    assert REGISTRY.file_folders(["Load", "Decode", "Unheard of"]) == ("checkpoints",)
    assert REGISTRY.file_folders(["Decode"]) == ()


def test_what_is_made_of_a_spec_is_made_once_for_each_registry() -> None:
    asked: list[str] = []

    def named(spec: NodeSpec) -> str:
        asked.append(spec.id)
        return spec.title

    assert REGISTRY.once(named, "Decode") == REGISTRY.once(named, "Decode") == "Decode"
    assert registry_of(REGISTRY.values()).once(named, "Encode") == "Encode"
    assert asked == ["Decode", "Encode"]


def test_the_declared_functions_of_a_module_are_collected_in_order() -> None:
    names = [function.__name__ for function in collect(toys)]

    assert names == ["load", "start", "decode", "encode", "write", "halve", "pick", "frames", "look", "save"]


def test_collecting_leaves_out_what_is_no_node_and_what_is_there_twice() -> None:
    class Obliging:
        def __getattr__(self, name: str) -> object:
            return self

    module = ModuleType("module")
    vars(module).update(first=toys.load, again=toys.load, plain=len, odd=Obliging(), cls=toys.Latent)

    assert collect(module) == [toys.load]
