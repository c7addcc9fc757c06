import json

import pytest

from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    NumberWidget,
    OutputSpec,
    SeedWidget,
    TextWidget,
    ToggleWidget,
)
from engine.graph.types import Anything, ListOf, Named, OneOf
from engine.packs.plain import plain, revived


@pytest.mark.parametrize(
    "value",
    [
        Named("Mask", ("Image",)),
        ListOf(OneOf((Named("int"), Anything()))),
        NumberWidget(True, 0, None, 0.5),
        ChoiceWidget(("a", 1)),
        (SeedWidget(), TextWidget(True), ToggleWidget(), FileWidget("vae")),
        InputSpec("x", Named("dict"), False, {"a": (1, {"is": None})}),
        OutputSpec("x", Anything(), True),
        (),
        None,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_spec_survives_json(value: object) -> None:
    assert revived(json.loads(json.dumps(plain(value)))) == value


@pytest.mark.parametrize("value", [{}, {"is": "Path"}, {"is": "Named"}, {"is": "Named", "nmae": "x"}])
def test_what_is_no_spec_is_refused(value: object) -> None:
    with pytest.raises((KeyError, TypeError)):
        revived(value)
