from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest

from engine.graph.declare import node
from engine.graph.declared import facts_of, fingerprint_of, spec_of
from engine.graph.hints import ModelFile, Multiline, Output, Range, Seed, output_name
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
from engine.graph.values import Blocked, Expand, Lazy, Published

INT, FLOAT, STR, BOOL = Named("int"), Named("float"), Named("str"), Named("bool", ("int",))


class Image: ...


class Mask(Image): ...


class FirstStage:
    __port_name__ = "VAE"


class Tuned(FirstStage): ...


class Context:
    __weft_context__ = True


Depth = NewType("Depth", Image)


class Halves(NamedTuple):
    """Two halves.

    Attributes:
        left: What was on the left.
    """

    left: Image
    masks: list[Mask]


@node("VAEDecode", category="latent", version=3, device=True, pinned=True)
def decode_latent(samples: Image, vae: FirstStage, tile: Annotated[int, Range(0, 64, step=8)] = 16) -> Image:
    """Decode a latent to pixels.

    With the first stage's decoder.

    Args:
        samples: What to decode,
            in any size.
        tile: Zero for no tiles.
    """
    return samples


def test_a_signature_becomes_a_spec() -> None:
    spec = spec_of(decode_latent)

    assert (spec.id, spec.title, spec.category, spec.version) == ("VAEDecode", "Decode latent", "latent", 3)
    assert spec.help == "Decode a latent to pixels.\n\nWith the first stage's decoder."
    assert spec.inputs == (
        InputSpec("samples", Named("Image"), required=True, help="What to decode, in any size."),
        InputSpec("vae", Named("VAE"), required=True),
        InputSpec("tile", INT, False, 16, NumberWidget(True, 0, 64, 8), "Zero for no tiles."),
    )
    assert spec.outputs == (OutputSpec("image", Named("Image")),)
    assert (spec.device, spec.pinned, spec.effect, spec.is_async) == (True, True, False, False)
    assert (spec.module, spec.function) == (__name__, "decode_latent")


def test_a_declared_function_stays_a_plain_function() -> None:
    picture = Image()

    assert decode_latent(picture, FirstStage()) is picture


def test_the_id_of_a_node_is_its_name_in_camel_case() -> None:
    @node()
    def blend_two_images(a: Image, b: Image) -> Image:
        return a

    spec = spec_of(blend_two_images)

    assert (spec.id, spec.title) == ("BlendTwoImages", "Blend two images")


@pytest.mark.parametrize(
    ("hint", "type", "widget"),
    [
        (Image, Named("Image"), None),
        (Mask, Named("Mask", ("Image",)), None),
        (Tuned, Named("Tuned", ("VAE",)), None),
        (Depth, Named("Depth", ("Image",)), None),
        (int, INT, NumberWidget(whole=True)),
        (float, FLOAT, NumberWidget(whole=False)),
        (str, STR, TextWidget()),
        (bool, BOOL, ToggleWidget()),
        (Seed, INT, SeedWidget()),
        (Multiline, STR, TextWidget(multiline=True)),
        (Annotated[str, Multiline], STR, TextWidget(multiline=True)),
        (Annotated[str, ModelFile("vae")], STR, FileWidget("vae")),
        (Annotated[float, Range(0, 30, step=0.5)], FLOAT, NumberWidget(False, 0, 30, 0.5)),
        (Annotated[int, Range(minimum=1)], INT, NumberWidget(True, 1)),
        (Literal["a", "b"], STR, ChoiceWidget(("a", "b"))),
        (Literal[1, 2], INT, ChoiceWidget((1, 2))),
        (Image | Mask, OneOf((Named("Image"), Named("Mask", ("Image",)))), None),
        (Any, Anything(), None),
        (object, Anything(), None),
        (list[Image], ListOf(Named("Image")), None),
        (list[float], ListOf(FLOAT), None),
        (list, ListOf(Anything()), None),
        (dict[str, int], Named("dict"), None),
    ],
)
def test_a_hint_becomes_a_port(hint: Any, type: object, widget: object) -> None:
    def function(value: hint) -> None: ...

    function.__annotations__["value"] = hint
    (port,) = spec_of(node()(function)).inputs

    assert (port.type, port.widget, port.required) == (type, widget, True)
    assert port.takes_list == isinstance(type, ListOf)


def test_none_in_a_hint_makes_an_input_optional() -> None:
    @node()
    def blend(
        a: Image | None, b: Annotated[int, Range(0, 9)] | None = None, c: list[Image] | None = None
    ) -> None: ...

    a, b, c = spec_of(blend).inputs

    assert [port.required for port in (a, b, c)] == [False, False, False]
    assert (a.type, b.widget, c.takes_list) == (Named("Image"), NumberWidget(True, 0, 9), True)


def test_lazy_inputs_are_of_the_type_inside() -> None:
    @node()
    def switch(on: bool, yes: Lazy[Image], no: Lazy[Image | None] | None = None) -> Image:
        return yes.get()

    on, yes, no = spec_of(switch).inputs

    assert [port.lazy for port in (on, yes, no)] == [False, True, True]
    assert (yes.type, yes.required, no.type, no.required) == (Named("Image"), True, Named("Image"), False)


def test_the_context_is_no_socket() -> None:
    @node()
    def work(image: Image, *, ctx: Context) -> Image:
        return image

    spec = spec_of(work)

    assert ([port.name for port in spec.inputs], spec.context) == (["image"], "ctx")


def test_the_fields_of_a_named_tuple_are_outputs() -> None:
    @node()
    def halve(image: Image) -> Halves | Expand | Blocked:
        return Halves(image, [])

    assert spec_of(halve).outputs == (
        OutputSpec("left", Named("Image"), help="What was on the left."),
        OutputSpec("masks", ListOf(Named("Mask", ("Image",))), gives_list=True),
    )


@pytest.mark.parametrize("hint", [None, Published, Published | None, None | Expand, Published | Blocked])
def test_a_node_that_gives_nothing_is_run_for_what_it_does(hint: object) -> None:
    def save(image: Image) -> None: ...

    save.__annotations__["return"] = hint
    spec = spec_of(node()(save))

    assert (spec.effect, spec.outputs) == (True, ())


@pytest.mark.parametrize(
    ("hint", "name"),
    [
        (FirstStage, "first_stage"),
        (int, "int"),
        (list[FirstStage], "first_stage"),
        (Literal["a"], "str"),
        (Depth, "depth"),
        (Image | Mask, "value"),
        (Any, "value"),
        (dict[str, int], "dict"),
        (type("CLIPVisionV2", (), {}), "clip_vision_v2"),
    ],
)
def test_an_output_is_named_after_its_class(hint: object, name: str) -> None:
    assert output_name(hint) == name


def test_an_output_may_be_given_a_name() -> None:
    @node()
    def noise(image: Image) -> Annotated[Image, Output("noisy")] | Expand:
        return image

    assert [output.name for output in spec_of(noise).outputs] == ["noisy"]


def test_async_functions_are_nodes() -> None:
    @node()
    async def fetch(url: str) -> Image:
        return Image()

    spec = spec_of(fetch)

    assert (spec.is_async, spec.outputs[0].type) == (True, Named("Image"))


def test_a_fingerprint_is_kept_with_its_node() -> None:
    def state(url: str) -> str:
        return url

    @node(fingerprint=state)
    def fetch(url: str, size: int = 1) -> Image:
        return Image()

    assert spec_of(fetch).fingerprinted
    assert fingerprint_of(fetch) is state
    assert fingerprint_of(decode_latent) is None


def test_a_facts_function_is_kept_with_its_node_and_may_take_its_context() -> None:
    def known(x: object, ctx: object) -> None:
        """Nothing."""

    @node(facts=known)
    def fetch(x: int, *, ctx: Context) -> Image: ...  # type: ignore[empty-body]

    assert facts_of(fetch) is known
    assert facts_of(decode_latent) is None
