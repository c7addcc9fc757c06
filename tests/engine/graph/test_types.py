import pytest

from engine.graph.types import Anything, ListOf, Named, OneOf, PortType, fits, type_text

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
