import pytest

from engine.graph.values import Lazy, Needed


def test_a_lazy_input_that_is_there_gives_its_value() -> None:
    assert Lazy.ready(3).get() == 3
    assert Lazy("picture", (None,)).get() is None


def test_a_lazy_input_that_is_not_there_says_which_it_is() -> None:
    with pytest.raises(Needed) as caught:
        Lazy[int]("picture").get()

    assert caught.value.input == "picture"


def test_a_node_cannot_swallow_the_wish_for_an_input() -> None:
    def node(value: Lazy[int]) -> int:
        try:
            return value.get()
        except Exception:
            return 0

    with pytest.raises(Needed):
        node(Lazy("value"))
