"""V3 inputs that stand for others: what clients are told, what is checked, and what `execute` gets."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.formats.coerce import coerced
from engine.graph.graph import Graph, InputValue, Node
from engine.graph.problems import (
    MissingInput,
    NotAChoice,
    OutOfRange,
    Problem,
    TypeMismatch,
    UnknownInput,
)
from engine.graph.spec import NodeSpec
from engine.graph.validate import validate
from engine.packs.plain import plain, revived
from engine.server.nodes.object_info import object_info
from engine.server.prompts.input_errors import error_at
from tests.engine.packs.comfy.lab import House
from tests.engine.packs.comfy.test_v3 import ADD, made, v3
from tests.engine.run.lab import graph, link, use

GIVE = v3(
    "Give", "inputs=[io.Int.Input('a')], outputs=[io.Int.Output()]", "return io.NodeOutput(inputs['a'])"
)
TEXT = v3("Text", "outputs=[io.String.Output()]", "return io.NodeOutput('words')")

PREFIX = "io.Autogrow.TemplatePrefix(io.Int.Input('value'), prefix='value', min=2, max=4)"
GROW = v3(
    "Grow",
    f"inputs=[io.Autogrow.Input('values', template={PREFIX})], outputs=[io.AnyType.Output()]",
    "return io.NodeOutput(inputs)",
)
NAMES = "io.Autogrow.TemplateNames(io.AnyType.Input('x', optional=True), names=['left', 'right'], min=1)"
NAMED = v3(
    "Named",
    f"inputs=[io.Autogrow.Input('sides', template={NAMES})], outputs=[io.AnyType.Output()]",
    "return io.NodeOutput(inputs)",
)
OPTIONS = """[
        io.DynamicCombo.Option('by size', [io.Int.Input('width', min=1), io.Float.Input('ratio', optional=True)]),
        io.DynamicCombo.Option('by name', [io.String.Input('width'), io.DynamicCombo.Input('how', options=[
            io.DynamicCombo.Option('exactly', []), io.DynamicCombo.Option('nearly', [io.Int.Input('steps')])])]),
    ]"""
CHOOSE = v3(
    "Choose",
    f"inputs=[io.Int.Input('n'), io.DynamicCombo.Input('crop', options={OPTIONS})], outputs=[io.AnyType.Output()]",
    "return io.NodeOutput(inputs)",
)
ATTACH = v3(
    "Attach",
    "inputs=[io.DynamicSlot.Input(io.Int.Input('base'), inputs=[io.Float.Input('strength')])],"
    "outputs=[io.AnyType.Output()]",
    "return io.NodeOutput(inputs)",
)
SWITCH = """
class Switch(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        template = io.MatchType.Template('T', [io.Int, io.String])
        return io.Schema(node_id='Switch', inputs=[
            io.Boolean.Input('on'),
            io.MatchType.Input('no', template=template, lazy=True),
            io.MatchType.Input('yes', template=template, lazy=True, optional=True),
        ], outputs=[io.MatchType.Output(template=template, display_name='chosen')])
    @classmethod
    def check_lazy_status(cls, on, no=None, yes=None):
        return ['yes' if on else 'no']
    @classmethod
    def execute(cls, on, no=None, yes=None):
        return io.NodeOutput(yes if on else no)
"""


def node(kind: str, inputs: Mapping[str, InputValue]) -> Node:
    """A node whose inputs' names have points in them."""
    return use(kind, **inputs)


def problems(house: House, nodes: Graph) -> list[Problem]:
    """What a check finds, with values converted as a prompt's are."""
    registry = house.inline.workers.registry
    return validate(coerced(nodes, registry), registry, wanted=[link(f"{list(nodes.nodes)[-1]}.0")])


def inputs_told(spec: NodeSpec) -> Mapping[str, object]:
    told = object_info(spec, {})["input"]
    assert isinstance(told, dict)
    return told


def test_an_autogrow_is_declared_as_comfyui_declares_it(tmp_path: Path) -> None:
    house = made(tmp_path, GROW, NAMED)
    item = {"required": {"value": ["INT", {"forceInput": True}]}}

    assert inputs_told(house.spec("Grow")) == {
        "required": {
            "values": [
                "COMFY_AUTOGROW_V3",
                {"template": {"input": item, "prefix": "value", "min": 2, "max": 4}},
            ]
        }
    }
    named = inputs_told(house.spec("Named"))["required"]["sides"]  # type: ignore[index]
    assert named[1]["template"]["names"] == ["left", "right"]


def test_a_dynamic_combo_is_declared_with_the_inputs_of_each_choice(tmp_path: Path) -> None:
    crop = inputs_told(made(tmp_path, CHOOSE).spec("Choose"))["required"]["crop"]  # type: ignore[index]

    assert crop[0] == "COMFY_DYNAMICCOMBO_V3"
    assert crop[1]["options"][0] == {
        "key": "by size",
        "inputs": {"required": {"width": ["INT", {"min": 1}]}, "optional": {"ratio": ["FLOAT", {}]}},
    }


def test_a_dynamic_slot_is_declared_with_its_type(tmp_path: Path) -> None:
    base = inputs_told(made(tmp_path, ATTACH).spec("Attach"))["optional"]["base"]  # type: ignore[index]

    assert (base[0], base[1]["slotType"], base[1]["forceInput"]) == ("COMFY_DYNAMICSLOT_V3", "INT", True)
    assert base[1]["inputs"] == {"required": {"strength": ["FLOAT", {}]}}


def test_a_match_type_is_declared_with_its_template(tmp_path: Path) -> None:
    info = object_info(made(tmp_path, SWITCH).spec("Switch"), {})

    no = info["input"]["required"]["no"]  # type: ignore[index]
    assert no == [
        "COMFY_MATCHTYPE_V3",
        {"lazy": True, "template": {"template_id": "T", "allowed_types": "INT,STRING"}},
    ]
    assert (info["output"], info["output_matchtypes"]) == (["COMFY_MATCHTYPE_V3"], ["T"])


def test_such_a_spec_is_the_same_when_it_is_read_from_the_manifest(tmp_path: Path) -> None:
    house = made(tmp_path, GROW, CHOOSE, ATTACH, SWITCH)

    assert [revived(plain(spec)) for spec in house.loaded.registry.values()] == list(
        house.loaded.registry.values()
    )


def test_what_has_grown_is_given_in_a_dictionary(tmp_path: Path) -> None:
    house = made(tmp_path, GIVE, GROW)
    nodes = graph(a=use("Give", a=7), g=node("Grow", {"values.value0": "@a.0", "values.value1": 8}))

    assert problems(house, nodes) == []
    assert house.value(nodes, "g.0") == {"values": {"value0": 7, "value1": 8}}


def test_where_nothing_has_grown_the_dictionary_is_empty(tmp_path: Path) -> None:
    house = made(tmp_path, NAMED)

    assert house.value(graph(n=use("Named")), "n.0") == {"sides": {}}


def test_a_choice_is_given_with_what_belongs_to_it(tmp_path: Path) -> None:
    house = made(tmp_path, CHOOSE)
    size = node("Choose", {"n": 1, "crop": "by size", "crop.width": 3, "crop.ratio": 2})
    name = node(
        "Choose", {"n": 1, "crop": "by name", "crop.width": "w", "crop.how": "nearly", "crop.how.steps": 5}
    )

    assert problems(house, graph(a=size, b=name)) == []
    sized, named = house.value(graph(a=size), "a.0"), house.value(graph(b=name), "b.0")
    assert sized == {"n": 1, "crop": {"crop": "by size", "width": 3, "ratio": 2.0}}
    assert isinstance(sized, dict)
    assert isinstance(sized["crop"]["ratio"], float)
    assert named == {"n": 1, "crop": {"crop": "by name", "width": "w", "how": {"how": "nearly", "steps": 5}}}


def test_a_slot_is_given_with_what_it_brings(tmp_path: Path) -> None:
    house = made(tmp_path, GIVE, ATTACH)
    nodes = graph(a=use("Give", a=7), x=node("Attach", {"base": "@a.0", "base.strength": 0.5}))

    assert problems(house, nodes) == []
    assert house.value(nodes, "x.0") == {"base": {"base": 7, "strength": 0.5}}
    assert house.value(graph(x=use("Attach")), "x.0") == {}


@pytest.mark.parametrize(
    ("wanting", "input", "type"),
    [
        (use("Grow", **{"values.value0": 1}), "values.value1", "int"),
        (use("Choose", n=1, **{"crop": "by size"}), "crop.width", "int"),
        (use("Choose", n=1), "crop", "str"),
        (use("Attach", base=1), "base.strength", "float"),
    ],
)
def test_what_has_to_be_there_is_missed(tmp_path: Path, wanting: Node, input: str, type: str) -> None:
    (problem,) = problems(made(tmp_path, GROW, CHOOSE, ATTACH), Graph({"x": wanting}))

    assert isinstance(problem, MissingInput)
    assert (problem.input, problem.expected) == (input, type)


@pytest.mark.parametrize(
    ("inputs", "kind", "input"),
    [
        ({"crop": "by eye"}, NotAChoice, "crop"),
        ({"crop": "by size", "crop.width": 0}, OutOfRange, "crop.width"),
        ({"crop": "by size", "crop.width": 1, "crop.how": "@t.0"}, UnknownInput, "crop.how"),
        ({"crop": "by size", "crop.width": "@t.0"}, TypeMismatch, "crop.width"),
    ],
)
def test_what_is_given_is_checked_as_the_choice_declares_it(
    tmp_path: Path, inputs: dict[str, str], kind: type[Problem], input: str
) -> None:
    house = made(tmp_path, TEXT, CHOOSE)
    (problem,) = problems(house, graph(t=use("Text"), x=use("Choose", n=1, **inputs)))

    assert isinstance(problem, kind)
    assert getattr(problem, "input", "") == input


def test_more_than_a_template_allows_is_unknown(tmp_path: Path) -> None:
    house = made(tmp_path, GIVE, GROW)
    given = {f"values.value{index}": "@a.0" for index in range(5)}
    (problem,) = problems(house, graph(a=use("Give", a=1), g=use("Grow", **given)))

    assert isinstance(problem, UnknownInput)
    assert problem.input == "values.value4"


def test_a_missing_part_is_named_in_comfyuis_way(tmp_path: Path) -> None:
    house = made(tmp_path, GROW)
    nodes = graph(g=use("Grow", **{"values.value0": 1}))
    (problem,) = problems(house, nodes)
    error = error_at(problem, nodes, house.inline.workers.registry, {})

    assert (error["type"], error["details"]) == ("required_input_missing", "value1")
    assert error["extra_info"] == {"input_name": "values.value1"}


def test_a_changed_part_runs_the_node_again(tmp_path: Path) -> None:
    house = made(tmp_path, CHOOSE)

    def run(width: int) -> list[str]:
        return house.run(
            graph(c=node("Choose", {"n": 1, "crop": "by size", "crop.width": width})), "c.0"
        ).started

    assert [run(1), run(1), run(2)] == [["c"], [], ["c"]]


def test_a_check_a_fingerprint_and_lazy_parts_see_what_the_node_sees(tmp_path: Path) -> None:
    methods = """
@classmethod
def validate_inputs(cls, crop): return crop['width'] < 5 or 'too wide'
@classmethod
def fingerprint_inputs(cls, crop): return crop['width']
@classmethod
def check_lazy_status(cls, crop): return ['crop.late'] if crop['late'] is None and crop['width'] == 1 else []
"""
    schema = """inputs=[io.DynamicCombo.Input('crop', options=[io.DynamicCombo.Option('a', [
        io.Int.Input('width'), io.Int.Input('late', lazy=True)])])], outputs=[io.AnyType.Output()]"""
    house = made(tmp_path, v3("Ask", schema, "return io.NodeOutput(inputs['crop']['late'])", methods), GIVE)

    def nodes(width: int) -> Graph:
        part: dict[str, InputValue] = {"crop": "a", "crop.width": width, "crop.late": "@g.0"}
        return graph(g=use("Give", a=9), k=node("Ask", part))

    assert (house.value(nodes(1), "k.0"), house.value(nodes(2), "k.0")) == (9, None)
    assert house.run(nodes(3), "k.0").started == ["k"]


def test_what_flows_through_a_matched_node_keeps_its_type(tmp_path: Path) -> None:
    house = made(tmp_path, GIVE, TEXT, SWITCH, ADD)
    through = {"s": use("Switch", on=False, no="@g.0"), "t": use("Switch", on=False, no="@s.0")}
    right = graph(g=use("Give", a=1), **through, a=use("Add", a="@t.0", b=1))
    wrong = graph(g=use("Text"), **through, a=use("Add", a="@t.0", b=1))

    assert problems(house, right) == []
    assert house.value(right, "a.0") == 2
    (problem,) = problems(house, wrong)
    assert isinstance(problem, TypeMismatch)
    assert (problem.node, problem.expected, problem.given) == ("a", "int", "str")


def test_matched_inputs_have_to_agree_and_to_be_allowed(tmp_path: Path) -> None:
    house = made(tmp_path, GIVE, TEXT, SWITCH, v3("Mask", "outputs=[io.Mask.Output()]"))
    apart = graph(g=use("Give", a=1), t=use("Text"), s=use("Switch", on=True, no="@g.0", yes="@t.0"))
    banned = graph(m=use("Mask"), s=use("Switch", on=True, no="@m.0"))

    (disagrees,) = problems(house, apart)
    (not_allowed,) = problems(house, banned)
    assert isinstance(disagrees, TypeMismatch)
    assert isinstance(not_allowed, TypeMismatch)
    assert (disagrees.input, disagrees.expected) == ("yes", "int")
    assert (not_allowed.input, not_allowed.expected) == ("no", "int | str")


def test_only_what_is_chosen_is_computed(tmp_path: Path) -> None:
    house = made(tmp_path, GIVE, SWITCH)
    nodes = graph(g=use("Give", a=1), h=use("Give", a=2), s=use("Switch", on=True, no="@g.0", yes="@h.0"))
    outcome = house.run(nodes, "s.0")

    assert outcome.value == 2
    assert "g" not in outcome.started


def test_an_autogrow_may_have_one_type_for_all(tmp_path: Path) -> None:
    code = """
class Same(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        match = io.MatchType.Template('T')
        template = io.Autogrow.TemplatePrefix(io.MatchType.Input('v', template=match), prefix='v', min=1, max=3)
        return io.Schema(node_id='Same', inputs=[io.Autogrow.Input('all', template)],
                         outputs=[io.MatchType.Output(match)])
    @classmethod
    def execute(cls, all):
        return io.NodeOutput(list(all.values())[-1])
"""
    house = made(tmp_path, GIVE, TEXT, ADD, code)
    same = graph(g=use("Give", a=1), s=use("Same", **{"all.v0": "@g.0"}), a=use("Add", a="@s.0", b=1))
    apart = graph(g=use("Give", a=1), t=use("Text"), s=use("Same", **{"all.v0": "@g.0", "all.v1": "@t.0"}))

    assert house.value(same, "a.0") == 2
    assert [getattr(each, "input", "") for each in problems(house, apart)] == ["all.v1"]
