"""V1 classes: what their spec says, and what they get and give when the engine calls them."""

from pathlib import Path

import pytest

from engine.graph.declare import node
from engine.graph.graph import Graph, Link, Node
from engine.graph.spec import ChoiceWidget, FileWidget, NumberWidget, TextWidget, ToggleWidget
from engine.graph.types import Anything, Named, OneOf
from engine.run.events import NodeFinished
from tests.engine.packs.comfy.lab import ANY, house, inputs, pack, ui, v1
from tests.engine.run.lab import graph, use

NUMBERS = v1("Numbers", inputs("'count': ('INT', {'default': 3})") + """
def run(self, count):
    return (list(range(count)),)
""", RETURN_TYPES=("INT",), OUTPUT_IS_LIST=(True,))  # fmt: skip

ADD = v1("Add", inputs("'a': ('INT', {'default': 1, 'min': 0, 'max': 100}), 'b': ('INT', {})") + """
def run(self, a, b):
    return (a + b,)
""", RETURN_TYPES=("INT",))  # fmt: skip

SEE = v1("See", inputs("", "'a': ('*',)") + """
def run(self, a='nothing'):
    return (a,)
""")  # fmt: skip

SHOW = v1("Show", inputs("'text': ('STRING', {'forceInput': True})") + """
def run(self, text):
    return {'ui': {'text': [text]}}
""", RETURN_TYPES=(), OUTPUT_NODE=True)  # fmt: skip


@node("Native")
def native(value: int) -> int:
    """One more."""
    return value + 1


def test_widgets_are_made_of_types_and_options(tmp_path: Path) -> None:
    fields = (
        "'i': ('INT', {'default': 2, 'min': 0, 'max': 9, 'step': 1, 'display': 'slider'}),"
        "'f': ('FLOAT', {'round': 0.01}), 's': ('STRING', {'multiline': True}), 'b': ('BOOLEAN', {'label_on': 'y'}),"
        "'c': (['x', 'y'], {'default': 'y'}), 'n': ([1, 2],), 'd': ('COMBO', {'options': ['p', 'q']}),"
        "'image': ('IMAGE', {'tooltip': 'what to see'}), 'u': ('IMAGE,MASK',), 'own': ('COLOR', {'x': 1})"
    )
    body = (
        inputs(fields, "'o': ('INT', {'lazy': True, 'rawLink': True})") + "def run(self, **all): return (1,)"
    )
    spec = house(tmp_path, pack(v1("Many", body))).spec("Many")
    by_name = {input.name: input for input in spec.inputs}

    assert {name: input.widget for name, input in by_name.items() if input.widget} == {
        "i": NumberWidget(True, 0, 9, 1),
        "f": NumberWidget(False),
        "s": TextWidget(True),
        "b": ToggleWidget(),
        "c": ChoiceWidget(("x", "y")),
        "n": ChoiceWidget((1, 2)),
        "d": ChoiceWidget(("p", "q")),
        "o": NumberWidget(True),
    }
    assert (by_name["image"].type, by_name["image"].help) == (Named("IMAGE"), "what to see")
    assert by_name["u"].type == OneOf((Named("IMAGE"), Named("MASK")))
    assert {name: dict(input.options) for name, input in by_name.items() if input.options} == {
        "i": {"display": "slider"},
        "f": {"round": 0.01},
        "b": {"label_on": "y"},
        "d": {"options": ("p", "q")},
        "own": {"x": 1},
    }
    assert [
        (input.name, input.required, input.lazy, input.raw_link)
        for input in spec.inputs
        if not input.required
    ] == [("o", False, True, True)]
    assert spec.style == "v1"


def test_a_type_that_is_unequal_to_nothing_flows_both_ways(tmp_path: Path) -> None:
    body = inputs("'a': (any_type,)") + "def run(self, a): return (a,)"
    code = pack(v1("Pass", body).replace("('*',)", "(any_type,)"), ADD, head=ANY)
    spec = (made := house(tmp_path, code, native)).spec("Pass")

    assert (spec.inputs[0].type, spec.outputs[0].type) == (Anything(), Anything())
    nodes = graph(n=use("Native", value=4), p=use("Pass", a="@n.0"), a=use("Add", a="@p.0", b=1))
    assert made.value(nodes, "a.0") == 6


def test_a_union_flows_into_each_of_its_members(tmp_path: Path) -> None:
    give = v1("Give", inputs() + "def run(self): return (5,)", RETURN_TYPES=("INT,FLOAT",))
    take = v1("Take", inputs("'a': ('FLOAT,STRING',)") + "def run(self, a): return (a,)")
    made = house(tmp_path, pack(give, take, ADD))

    assert made.value(graph(g=use("Give"), a=use("Add", a="@g.0", b=1)), "a.0") == 6
    assert made.value(graph(g=use("Give"), t=use("Take", a="@g.0")), "t.0") == 5


def test_what_is_not_declared_is_dropped_if_it_is_a_literal(tmp_path: Path) -> None:
    collect = v1("Collect", inputs("'a': ('INT', {})") + "def run(self, **all): return (all,)")
    made = house(tmp_path, pack(collect, ADD))
    nodes = graph(x=use("Add", a=1, b=1), c=Node("Collect", {"a": 1, "literal": 5, "linked": Link("x", 0)}))

    assert made.value(nodes, "c.0") == {"a": 1, "linked": 2}


def test_an_optional_of_any_name_gets_literals_too(tmp_path: Path) -> None:
    flexible = "class Flexible(dict):\n    def __contains__(self, key): return True\n"
    types = "@classmethod\ndef INPUT_TYPES(cls): return {'required': {}, 'optional': Flexible()}\n"
    body = types + "def run(self, **all): return (all,)"
    made = house(tmp_path, pack(v1("Loras", body), head=flexible))
    nodes = Graph({"l": Node("Loras", {"lora_1": {"on": True, "strength": 0.5}})})

    assert made.value(nodes, "l.0") == {"lora_1": {"on": True, "strength": 0.5}}
    assert made.run(nodes, "l.0").started == []


def test_types_of_a_packs_own_take_any_literal(tmp_path: Path) -> None:
    body = inputs("'colour': ('COLOR', {})") + "def run(self, colour): return (colour,)"
    made = house(tmp_path, pack(v1("Paint", body)))

    assert made.value(Graph({"p": Node("Paint", {"colour": ({"r": 1}, (1, 2))})}), "p.0") == [
        {"r": 1},
        [1, 2],
    ]


def test_optional_inputs_that_are_left_out_are_not_passed(tmp_path: Path) -> None:
    assert house(tmp_path, pack(SEE)).value(graph(s=use("See")), "s.0") == "nothing"


def test_a_node_is_called_for_each_item_and_shorter_lists_repeat_their_last(tmp_path: Path) -> None:
    made = house(tmp_path, pack(NUMBERS, ADD))
    nodes = graph(l=use("Numbers", count=3), k=use("Numbers", count=2), a=use("Add", a="@l.0", b="@k.0"))

    assert made.value(nodes, "a.0") == [0, 2, 3]


def test_a_node_that_takes_lists_is_called_once_with_nothing_but_lists(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {}), 'b': ('INT', {})", hidden="'id': 'UNIQUE_ID'")
    take = v1("Take", body + "def run(self, a, b, id): return ((a, b, id),)", INPUT_IS_LIST=True)
    made = house(tmp_path, pack(NUMBERS, take))

    assert made.value(graph(l=use("Numbers", count=2), t=use("Take", a="@l.0", b=7)), "t.0") == (
        [0, 1],
        [7],
        ["t"],
    )


def test_what_a_mapped_node_shows_is_put_in_a_row(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {})") + "def run(self, a): return {'ui': {'value': [a]}, 'result': (a * 2,)}"
    made = house(tmp_path, pack(NUMBERS, v1("Tell", body, OUTPUT_NODE=True)))
    outcome = made.run(graph(l=use("Numbers", count=3), t=use("Tell", a="@l.0")), "t.0")

    assert (outcome.value, ui(outcome)) == ([0, 2, 4], {"t": {"value": (0, 1, 2)}})


def test_pictures_that_a_node_shows_keep_comfyuis_shape(tmp_path: Path) -> None:
    picture = "{'filename': 'a.png', 'subfolder': '', 'type': 'output'}"
    save = v1(
        "Save",
        inputs() + f"def run(self): return {{'ui': {{'images': [{picture}]}}}}",
        RETURN_TYPES=(),
        OUTPUT_NODE=True,
    )
    made = house(tmp_path, pack(save))
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "a.png").write_bytes(b"png")
    first = made.run(graph(s=use("Save")))
    (published,) = (event.published for event in first.events if isinstance(event, NodeFinished))

    assert ui(first) == {"s": {"images": ({"filename": "a.png", "subfolder": "", "type": "output"},)}}
    assert published is not None
    assert [file.path for file in published.files] == [str(tmp_path / "output" / "a.png")]
    assert made.run(graph(s=use("Save"))).started == []
    (tmp_path / "output" / "a.png").unlink()
    assert made.run(graph(s=use("Save"))).started == ["s"]


def test_an_object_lives_as_long_as_its_node_is_used(tmp_path: Path) -> None:
    body = "def __init__(self): self.calls = 0\n" + inputs("'a': ('INT', {})") + """
def run(self, a):
    self.calls += 1
    return (self.calls,)
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Count", body)))

    def calls(id: str, a: int) -> object:
        prompt = {id: {"class_type": "Count", "inputs": {"a": a}}}
        return made.run(Graph({id: Node("Count", {"a": a})}), f"{id}.0", request={"prompt": prompt}).value

    assert [calls("x", 1), calls("x", 2), calls("y", 3), calls("x", 4)] == [1, 2, 1, 1]


def test_hidden_inputs_come_from_the_request(tmp_path: Path) -> None:
    secrets = "'token': 'AUTH_TOKEN_COMFY_ORG', 'key': 'API_KEY_COMFY_ORG'"
    hidden = f"'id': 'UNIQUE_ID', 'prompt': 'PROMPT', 'png': 'EXTRA_PNGINFO', {secrets}"
    body = (
        inputs(hidden=hidden)
        + "def run(self, id, prompt, png, token, key): return ([id, prompt, png, token, key],)"
    )
    made = house(tmp_path, pack(v1("Look", body)))
    prompt = {"7": {"class_type": "Look", "inputs": {}}}
    request = {
        "prompt": prompt,
        "extra": {"extra_pnginfo": {"workflow": {"id": 1}}},
        "secrets": {"auth_token_comfy_org": "t", "api_key_comfy_org": "k"},
    }

    outcome = made.run(Graph({"7": Node("Look")}), "7.0", request=request)

    assert outcome.value == ["7", prompt, {"workflow": {"id": 1}}, "t", "k"]
    assert made.spec("Look").once_per_node
    assert dict(made.spec("Look").hidden)["png"] == "EXTRA_PNGINFO"


def test_nodes_that_are_not_idempotent_do_not_share_a_result(tmp_path: Path) -> None:
    body = inputs() + "def run(self): return (object(),)"
    made = house(tmp_path, pack(v1("Once", body), v1("Own", body, NOT_IDEMPOTENT=True)))

    def same(kind: str) -> bool:
        values = list(made.run(graph(a=use(kind), b=use(kind)), "a.0", "b.0").values.values())
        return values[0] is values[1]

    assert (same("Once"), same("Own")) == (True, False)


def test_uploads_and_folders_are_choices_that_stay_up_to_date(tmp_path: Path) -> None:
    fields = "'image': (['old.png'], {'image_upload': True}), 'lora': (f.get_filename_list('loras'),)"
    code = pack(
        v1("Load", inputs(fields) + "def run(self, **all): return (1,)"),
        head="import folder_paths as f\nf.folder_names_and_paths['loras'] = ([f.models_dir + '/loras'], set())\n",
    )
    spec = house(tmp_path, code).spec("Load")

    assert [input.widget for input in spec.inputs] == [FileWidget("input"), FileWidget("loras")]


def test_async_nodes_wait_side_by_side(tmp_path: Path) -> None:
    code = """
import asyncio
here = asyncio.Event
waiting = []
"""
    body = inputs("'a': ('INT', {})") + """
async def run(self, a):
    waiting.append(a)
    while len(waiting) < 2:
        await asyncio.sleep(0.005)
    return (a,)
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Meet", body), head=code))
    outcome = made.run(graph(a=use("Meet", a=1), b=use("Meet", a=2)), "a.0", "b.0")

    assert list(outcome.values.values()) == [1, 2]


WRONG = {
    "too few": ("return ()", "WrongReturn"),
    "nothing": ("return None", "WrongReturn"),
    "a text": ("return 'abc'", "WrongReturn"),
    "a dictionary": ("return {'samples': 1}", "WrongReturn"),
    "a generator": ("return (x for x in [1])", "WrongReturn"),
    "exit": ("import sys; sys.exit(3)", "SystemExit"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "generator exit": ("raise GeneratorExit", "GeneratorExit"),
    "odd": ("raise BaseException('odd')", "BaseException"),
    "a strange argument": ("return self.run(stranger=1)", "TypeError"),
}


@pytest.mark.parametrize(("body", "error"), WRONG.values(), ids=WRONG)
def test_whatever_a_node_does_wrong_is_its_own_failure(tmp_path: Path, body: str, error: str) -> None:
    made = house(tmp_path, pack(v1("Wrong", inputs() + f"def run(self): {body}"), ADD))
    failure = made.run(graph(w=use("Wrong"), a=use("Add", a="@w.0", b=1)), "a.0").failure

    assert (failure.path, failure.error) == ("w", error)
    assert made.value(graph(a=use("Add", a=1, b=1)), "a.0") == 2


def test_a_list_will_do_for_a_tuple_and_more_values_than_outputs_are_dropped(tmp_path: Path) -> None:
    made = house(tmp_path, pack(v1("Listed", inputs() + "def run(self): return [1, 2]")))

    assert made.value(graph(x=use("Listed")), "x.0") == 1


def test_outputs_have_names_of_their_own_even_if_two_are_called_the_same(tmp_path: Path) -> None:
    made = house(
        tmp_path,
        pack(
            v1(
                "Two",
                inputs() + "def run(self): return (1, 2)",
                RETURN_TYPES=("INT", "INT"),
                RETURN_NAMES=("n", "n"),
            )
        ),
    )

    assert [(output.name, output.label) for output in made.spec("Two").outputs] == [("n", ""), ("n_1", "n")]
    assert made.value(graph(x=use("Two")), "x.1") == 2
