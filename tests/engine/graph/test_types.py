import pytest

from engine.formats.specs import port_json
from engine.graph.types import Anything, ListOf, Named, OneOf, PortType, fits, type_text
from tests.goldens.tables import table, types_in

IMAGE, LATENT = Named("Image"), Named("Latent")
MASK = Named("Mask", ("Image", "Value"))
INT, FLOAT, BOOL = Named("int"), Named("float"), Named("bool", ("int",))
EITHER = OneOf((IMAGE, LATENT))


@pytest.mark.parametrize(
    ("given", "wanted", "answer"),
    [
        (IMAGE, IMAGE, True),
        (IMAGE, LATENT, False),
        (MASK, IMAGE, True),
        (IMAGE, MASK, False),
        (INT, FLOAT, True),
        (FLOAT, INT, False),
        (BOOL, INT, True),
        (BOOL, FLOAT, True),
        (INT, BOOL, False),
        (Anything(), IMAGE, True),
        (IMAGE, Anything(), True),
        (IMAGE, EITHER, True),
        (MASK, EITHER, True),
        (INT, EITHER, False),
        (EITHER, IMAGE, False),
        (EITHER, EITHER, True),
        (OneOf((MASK, IMAGE)), IMAGE, True),
        (EITHER, OneOf((LATENT, INT, IMAGE)), True),
        (ListOf(IMAGE), IMAGE, True),
        (IMAGE, ListOf(IMAGE), True),
        (ListOf(INT), ListOf(FLOAT), True),
        (ListOf(IMAGE), LATENT, False),
        (ListOf(EITHER), IMAGE, False),
        (ListOf(ListOf(IMAGE)), ListOf(IMAGE), True),
        (OneOf((ListOf(IMAGE), MASK)), IMAGE, True),
    ],
)
def test_a_value_flows_where_its_type_fits(given: PortType, wanted: PortType, answer: bool) -> None:
    assert fits(given, wanted) is answer


def test_types_flow_as_the_table_says_to_which_the_editor_is_held_too() -> None:
    found = table("fits")
    types = types_in(found)

    assert {name: port_json(type) for name, type in types.items()} == found["types"]
    assert {
        name: [other for other, wanted in types.items() if fits(given, wanted)]
        for name, given in types.items()
    } == found["flows_into"]


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (IMAGE, "Image"),
        (EITHER, "Image | Latent"),
        (ListOf(EITHER), "list of Image | Latent"),
        (Anything(), "anything"),
    ],
)
def test_a_type_reads_as_words(type: PortType, text: str) -> None:
    assert type_text(type) == text
