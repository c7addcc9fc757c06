"""V3 schemas: what their spec says, and what they get and give."""

from pathlib import Path

import pytest

from engine.graph.graph import Graph, Node
from engine.graph.spec import ChoiceWidget, NumberWidget, TextWidget, ToggleWidget
from engine.graph.types import Anything, Named, OneOf
from engine.run.events import NodeProgressed
from tests.engine.packs.comfy.lab import House, house, inputs, pack, ui, v1
from tests.engine.run.lab import graph, use

HEAD = """
from comfy_api.latest import ComfyExtension, io, ComfyAPI, ComfyAPISync
from comfy_execution.graph import ExecutionBlocker
from comfy_execution.graph_utils import GraphBuilder
"""

ENTRY = """
class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Add]

async def comfy_entrypoint():
    return Extension()
"""


def v3(
    name: str, schema: str, body: str = "return io.NodeOutput(1)", methods: str = "", wait: str = ""
) -> str:
    lines = "\n".join(f"        {line}" for line in body.strip().splitlines())
    more = "\n".join(f"    {line}" for line in methods.strip().splitlines())
    return f"""
class {name}(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id='{name}', {schema})
{more}
    @classmethod
    {wait}def execute(cls, **inputs):
{lines}
"""


def made(root: Path, *classes: str, wait: str = "async ") -> House:
    names = [
        line.split()[1].split("(")[0]
        for code in classes
        for line in code.splitlines()
        if line.startswith("class ")
    ]
    entry = f"""
class Extension(ComfyExtension):
    async def get_node_list(self):
        return [{", ".join(names)}]

{wait}def comfy_entrypoint():
    return Extension()
"""
    return house(root, HEAD + "".join(classes) + entry)


ADD = v3(
    "Add",
    "inputs=[io.Int.Input('a'), io.Int.Input('b', default=1)], outputs=[io.Int.Output()]",
    "return io.NodeOutput(inputs['a'] + inputs['b'])",
)


MANY = """inputs=[
        io.Int.Input('i', default=2, min=0, max=9, step=1, display_mode=io.NumberDisplay.slider,
                     control_after_generate=True),
        io.Float.Input('f', round=0.01, lazy=True), io.String.Input('s', multiline=True, dynamic_prompts=True),
        io.Boolean.Input('b', label_on='y', force_input=True), io.Combo.Input('c', options=['x', 'y'], default='x'),
        io.Combo.Input('r', remote=io.RemoteOptions('/list', True)),
        io.MultiCombo.Input('m', options=['p', 'q'], chip=True),
        io.Image.Input('image', optional=True, tooltip='to see', display_name='Picture'),
        io.MultiType.Input(io.Float.Input('n', default=0.5), types=[io.Int, io.Mask]),
        io.AnyType.Input('any'), io.Custom('FLOW').Input('flow', raw_link=True, extra_dict={'x': 1}),
    ], outputs=[
        io.Image.Output(display_name='picture', tooltip='made'),
        io.Custom('FLOW').Output('flow_out', is_output_list=True),
    ], hidden=[io.Hidden.unique_id], display_name='Many things', category='toys/v3', description='Does much.',
    is_output_node=True,
    is_deprecated=True, is_experimental=True"""


def test_inputs_of_a_schema_become_inputs_with_widgets(tmp_path: Path) -> None:
    spec = made(tmp_path, v3("Many", MANY)).spec("Many")
    by_name = {input.name: input for input in spec.inputs}

    assert {name: input.widget for name, input in by_name.items() if input.widget} == {
        "i": NumberWidget(True, 0, 9, 1),
        "f": NumberWidget(False),
        "s": TextWidget(True),
        "b": ToggleWidget(),
        "c": ChoiceWidget(("x", "y")),
        "r": TextWidget(),
    }


def test_what_else_a_schema_says_of_its_inputs_is_kept(tmp_path: Path) -> None:
    spec = made(tmp_path, v3("Many", MANY)).spec("Many")
    by_name = {input.name: input for input in spec.inputs}

    assert by_name["n"].type == OneOf((Named("float"), Named("int"), Named("MASK")))
    assert (by_name["any"].type, by_name["image"].required, by_name["f"].lazy, by_name["flow"].raw_link) == (
        Anything(),
        False,
        True,
        True,
    )
    assert dict(by_name["i"].options) == {"display": "slider", "control_after_generate": True}
    assert dict(by_name["s"].options) == {"dynamicPrompts": True}
    assert dict(by_name["b"].options) == {"label_on": "y", "forceInput": True}
    assert by_name["r"].options["remote"] == {
        "route": "/list",
        "refresh_button": True,
        "control_after_refresh": "first",
    }
    assert by_name["m"].options["multi_select"] == {"chip": True}
    assert dict(by_name["flow"].options) == {"x": 1}
    assert dict(by_name["image"].options) == {"display_name": "Picture"}


def test_a_schema_names_its_outputs_and_itself(tmp_path: Path) -> None:
    spec = made(tmp_path, v3("Many", MANY)).spec("Many")

    assert [(output.name, output.label, output.gives_list) for output in spec.outputs] == [
        ("_0_IMAGE_", "picture", False),
        ("flow_out", "", True),
    ]
    assert (spec.title, spec.category, spec.help, spec.effect, spec.style) == (
        "Many things",
        "toys/v3",
        "Does much.",
        True,
        "v3",
    )
    assert dict(spec.hidden) == {
        "unique_id": "UNIQUE_ID",
        "prompt": "PROMPT",
        "extra_pnginfo": "EXTRA_PNGINFO",
    }
    assert (spec.deprecated, spec.experimental, spec.once_per_node) == (True, True, True)


@pytest.mark.parametrize("wait", ["", "async "])
def test_an_entry_point_may_be_awaited_or_not(tmp_path: Path, wait: str) -> None:
    assert made(tmp_path, ADD, wait=wait).value(graph(a=use("Add", a=1, b=2)), "a.0") == 3


def test_v1_and_v3_may_be_mixed_in_a_graph(tmp_path: Path) -> None:
    old = pack(
        v1("Old", inputs("'a': ('INT', {})") + "def run(self, a): return (a * 10,)", RETURN_TYPES=("INT",))
    )
    both = house(
        tmp_path,
        HEAD + ADD + ENTRY,
        files={"old.py": old},
    )

    assert both.value(graph(a=use("Add", a=1, b=2), o=use("Old", a="@a.0")), "o.0") == 30


def test_the_old_mapping_counts_where_a_pack_has_both(tmp_path: Path) -> None:
    code = HEAD + ADD + ENTRY + "NODE_CLASS_MAPPINGS = {}\n"

    assert list(house(tmp_path, code).loaded.registry) == []


def test_what_a_node_may_return(tmp_path: Path) -> None:
    forms = {
        "Output": "return io.NodeOutput(1, ui={'text': ['shown']})",
        "Tuple": "return (1,)",
        "Dictionary": "return {'result': (1,), 'ui': {'text': ['shown']}}",
    }
    house = made(tmp_path, *(v3(name, "outputs=[io.Int.Output()]", body) for name, body in forms.items()))

    assert [house.value(graph(x=use(name)), "x.0") for name in forms] == [1, 1, 1]
    assert ui(house.run(graph(x=use("Dictionary")), "x.0")) == {"x": {"text": ("shown",)}}


@pytest.mark.parametrize(
    "body",
    [
        "return io.NodeOutput(block_execution='no')",
        "return ExecutionBlocker('no')",
        "return io.NodeOutput(ExecutionBlocker('no'))",
    ],
)
def test_a_bare_blocker_blocks(tmp_path: Path, body: str) -> None:
    blocked = made(tmp_path, v3("Block", "outputs=[io.Int.Output()]", body), ADD)
    outcome = blocked.run(graph(b=use("Block"), a=use("Add", a="@b.0", b=1)), "a.0")

    assert (outcome.started, outcome.status) == (["b"], "done")


def test_hidden_values_stand_at_the_class(tmp_path: Path) -> None:
    body = "h = cls.hidden\nreturn io.NodeOutput([h.unique_id, h.prompt, h.extra_pnginfo, h.nothing])"
    looking = made(tmp_path, v3("Look", "outputs=[io.AnyType.Output()], hidden=[io.Hidden.unique_id]", body))
    nodes = graph(a=use("Look"), b=use("Look"))
    outcome = looking.run(nodes, "a.0", "b.0", request={"prompt": {"x": {}}})

    assert list(outcome.values.values()) == [["a", None, None, None], ["b", None, None, None]]


def test_nothing_can_be_kept_at_the_class(tmp_path: Path) -> None:
    keeping = made(tmp_path, v3("Keep", "outputs=[io.Int.Output()]", "cls.kept = 1\nreturn io.NodeOutput(1)"))

    assert keeping.run(graph(k=use("Keep")), "k.0").failure.error == "AttributeError"


def test_checks_fingerprints_and_lazy_inputs_are_those_that_a_class_overrides(tmp_path: Path) -> None:
    methods = """
@classmethod
def validate_inputs(cls, a): return a < 5 or 'too much'
@classmethod
def fingerprint_inputs(cls, **inputs): return float('nan')
@classmethod
def check_lazy_status(cls, a, late): return ['late'] if a == 1 and late is None else []
"""
    schema = (
        "inputs=[io.Int.Input('a', max=3), io.Int.Input('late', lazy=True)], outputs=[io.AnyType.Output()]"
    )
    asking = made(tmp_path, v3("Ask", schema, "return io.NodeOutput(inputs['late'])", methods), ADD)
    plain = asking.spec("Add")

    assert (plain.validated, plain.fingerprinted) == (False, False)
    nodes = [graph(x=use("Add", a=1, b=1), k=use("Ask", a=a, late="@x.0")) for a in (1, 2)]
    assert [asking.value(each, "k.0") for each in nodes] == [2, None]
    assert asking.run(nodes[1], "k.0").started == ["k"]


def test_only_a_schema_that_says_so_may_expand(tmp_path: Path) -> None:
    body = """
graph = GraphBuilder()
add = graph.node('Add', a=1, b=2)
return io.NodeOutput(add.out(0), expand=graph.finalize())
"""
    nodes = [
        v3(name, f"outputs=[io.Int.Output()], enable_expand={name == 'May'}", body) for name in ("May", "Not")
    ]
    house = made(tmp_path, *nodes, ADD)

    assert house.value(graph(x=use("May")), "x.0") == 3
    assert house.run(graph(x=use("Not")), "x.0").failure.error == "WrongReturn"


def test_lists_are_taken_and_given(tmp_path: Path) -> None:
    give = v3("Give", "outputs=[io.Int.Output(is_output_list=True)]", "return io.NodeOutput([1, 2])")
    take = v3(
        "Take",
        "inputs=[io.Int.Input('a')], outputs=[io.AnyType.Output()], is_input_list=True",
        "return io.NodeOutput(inputs['a'])",
    )
    house = made(tmp_path, give, take)

    assert house.value(graph(g=use("Give"), t=use("Take", a="@g.0")), "t.0") == [1, 2]


def test_an_async_node_tells_how_far_it_is(tmp_path: Path) -> None:
    body = "await ComfyAPI().execution.set_progress(2, 4)\nComfyAPISync().execution.set_progress(4, 4)"
    body += "\nreturn io.NodeOutput(1)"
    house = made(tmp_path, v3("Slow", "outputs=[io.Int.Output()]", body, wait="async "))
    events = house.run(graph(s=use("Slow")), "s.0").events

    assert [(event.done, event.total) for event in events if isinstance(event, NodeProgressed)] == [
        (2, 4),
        (4, 4),
    ]


def test_a_node_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    twice = v3("Twice", "inputs=[io.Int.Input('a'), io.Int.Input('a')]")
    house = made(tmp_path, twice, ADD)

    assert list(house.loaded.registry) == ["Add"]
    (failure,) = house.loaded.failures
    assert "its node 'Twice' is left out: the ids ['a']" in failure.message
    assert house.run(Graph({"a": Node("Add", {"a": 1, "b": 1})}), "a.0").value == 2
