from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import pytest

from engine.graph.declare import node
from engine.graph.declared import DeclarationError, spec_of
from engine.graph.hints import ModelFile, Range, Seed
from engine.graph.values import Expand, Published

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")


class Image: ...


class Context:
    __weft_context__ = True


def no_hint(x) -> Image: ...  # type: ignore[no-untyped-def, empty-body]
def no_return(x: int): ...  # type: ignore[no-untyped-def]
def stars(*images: Image) -> Image: ...  # type: ignore[empty-body]
def two_stars(**options: int) -> Image: ...  # type: ignore[empty-body]
def positional(x: int, /) -> Image: ...  # type: ignore[empty-body]
def unknown(x: Decimal) -> Image: ...  # type: ignore[empty-body]
def open_type(x: T) -> T: ...  # type: ignore[empty-body]
def no_class(x: 3) -> Image: ...  # type: ignore[valid-type, empty-body]
def out_of_range(x: Annotated[int, Range(0, 4)] = 9) -> Image: ...  # type: ignore[empty-body]
def negative_seed(x: Seed = -1) -> Image: ...  # type: ignore[empty-body]
def wrong_default(x: int = "1") -> Image: ...  # type: ignore[assignment, empty-body]
def no_choice(x: Literal["a", "b"] = "c") -> Image: ...  # type: ignore[assignment, empty-body]
def object_default(x: Image = Image()) -> Image: ...  # type: ignore[empty-body]  # noqa: B008
def range_of_text(x: Annotated[str, Range(0, 4)]) -> Image: ...  # type: ignore[empty-body]
def file_of_number(x: Annotated[int, ModelFile("vae")]) -> Image: ...  # type: ignore[empty-body]
def float_choice(x: Literal[b"a"]) -> Image: ...  # type: ignore[empty-body]
def two_contexts(a: Context, b: Context) -> Image: ...  # type: ignore[empty-body]
def only_expands(x: int) -> Expand: ...  # type: ignore[empty-body]
def maybe_nothing(x: int) -> Image | None: ...
def value_or_files(x: int) -> Image | Published: ...  # type: ignore[empty-body]


def stranger(x: int) -> Image:  # type: ignore[empty-body]
    """Do it.

    Args:
        x: A number.
        y: Not taken.
    """


@pytest.mark.parametrize(
    ("function", "what", "write"),
    [
        (no_hint, "parameter 'x' has no type hint", "x: int"),
        (no_return, "has no return hint", "-> Image"),
        (stars, "takes *images, but every input of a node has a name", "images: list[int]"),
        (two_stars, "takes **options", "options: list[int]"),
        (positional, "parameter 'x' is positional-only", "Remove the `/`"),
        (unknown, "its hints cannot be read: name 'Decimal' is not defined", "at the top of the file"),
        (open_type, "parameter 'x' is of the open type ~T", "x: Any"),
        (no_class, "parameter 'x' has the hint 3, which is no class", "x: a class"),
        (out_of_range, "the default of 'x' is 9, but must lie between 0 and 4", "Change one"),
        (
            negative_seed,
            "the default of 'x' is -1, but must lie between 0 and 18446744073709551615",
            "Change one",
        ),
        (wrong_default, "the default of 'x' is '1', but must be a whole number", "Change one"),
        (no_choice, "the default of 'x' is 'c', but must be one of 'a', 'b'", "Change one"),
        (object_default, "which a graph file cannot hold", "x: ... | None = None"),
        (range_of_text, "parameter 'x' combines Range(", "x: Annotated[int, Range("),
        (file_of_number, "parameter 'x' combines FileWidget(", "x: Annotated[str, "),
        (float_choice, "parameter 'x' offers the choice b'a'", "Literal of strings"),
        (two_contexts, "takes the Context twice, as a and b", "Take it once"),
        (only_expands, "says it expands, but not what that gives", "-> Latent | Expand"),
        (maybe_nothing, "may return None instead of a value", 'Blocked("why")'),
        (value_or_files, "returns either a value or a Published", "Make two nodes"),
        (stranger, "docstring describes ['y'], which it does not take", "Describe only x"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_wrong_declaration_says_what_to_write(function: Callable[..., Any], what: str, write: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        node()(function)

    assert what in caught.value.what
    assert write in caught.value.write


def test_a_declaration_error_begins_with_file_line_and_function() -> None:
    with pytest.raises(DeclarationError) as caught:
        node()(no_hint)

    line = no_hint.__code__.co_firstlineno
    assert str(caught.value).startswith(
        f"{__file__}:{line} no_hint(): parameter 'x' has no type hint.\n  Give it one"
    )


def test_only_functions_can_be_nodes() -> None:
    with pytest.raises(DeclarationError, match="is no plain function"):
        node()(Image)


def test_the_brackets_of_the_decorator_are_asked_for() -> None:
    with pytest.raises(DeclarationError, match=r"Write  @node\(\)"):
        node(maybe_nothing)  # type: ignore[arg-type]


def test_a_fingerprint_may_take_only_what_its_node_takes() -> None:
    with pytest.raises(DeclarationError, match=r"its fingerprint takes \['size'\]"):

        @node(fingerprint=lambda size: size)
        def fetch(url: str) -> Image:
            return Image()


def test_a_plain_function_has_no_spec() -> None:
    with pytest.raises(DeclarationError, match="is no node"):
        spec_of(stars)


def test_a_facts_function_may_take_only_what_its_node_takes() -> None:
    with pytest.raises(DeclarationError, match=r"its facts function takes \['size'\]"):

        @node(facts=lambda size: size)
        def decode(image: Image) -> Image: ...  # type: ignore[empty-body]
