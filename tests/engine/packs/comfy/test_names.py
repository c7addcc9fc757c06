"""The Python names that packs find: what they get, and that nobody else gets it."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import nodes as our_nodes
from engine.graph.declare import node
from engine.graph.declared import spec_of
from engine.packs.comfy.known import learn
from engine.packs.discover import discover
from engine.packs.load import load_again
from engine.packs.prestart import prestart
from engine.packs.source import PackSource
from engine.run.context import Context
from engine.run.events import NodePreviewed, NodeProgressed, NodeTold
from engine.run.inbox import Inbox
from tests.engine.packs.comfy.lab import House, house, inputs, pack, v1
from tests.engine.packs.toys import write_packs
from tests.engine.run.lab import graph, use


@node("Shift")
def shift(value: int, by: int = 1, *, ctx: Context) -> int:
    """So much more."""
    ctx.progress(1, 1)
    return value + by


def of_pack(name: str = "toys") -> dict[str, Any]:
    return vars(sys.modules[f"custom_nodes.{name}"])


def imported(root: Path, code: str, **files: str) -> dict[str, Any]:
    """What a pack has after these lines."""
    made = house(root, code, files={f"toys/{name}.py": text for name, text in files.items()})
    assert made.loaded.failures == (), made.loaded.failures[0].describe()
    return of_pack()


BY_PATH = """
import importlib.util, os
spec = importlib.util.spec_from_file_location('by_path', os.path.join(os.path.dirname(__file__), 'inner.py'))
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
N = module.N
"""

FROM_PATH = """
import sys, os
sys.path.insert(0, os.path.dirname(__file__))
import inner
sys.path.pop(0)
N = inner.N
"""
WAYS = {
    "plain": "import nodes\nN = nodes",
    "as": "import nodes as N",
    "from": "from comfy import utils as N",
    "dotted": "import comfy.utils\nN = comfy.utils",
    "dotted as": "import comfy.model_management as N",
    "importlib": "import importlib\nN = importlib.import_module('nodes')",
    "from importlib": "from importlib import import_module\nN = import_module('comfy.utils')",
    "in a function": "def late():\n    import nodes\n    return nodes\nN = late()",
    "in exec": "exec('import nodes as N')",
    "from another file": "from .inner import N",
    "from a file by its path": BY_PATH,
    "from sys.path": FROM_PATH,
}


@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
def test_a_pack_finds_comfyuis_modules_however_it_imports_them(tmp_path: Path, code: str) -> None:
    found = imported(tmp_path, code, inner="import nodes as N\n")["N"]

    assert found is not our_nodes
    assert (
        hasattr(found, "ProgressBar")
        or hasattr(found, "MAX_RESOLUTION")
        or hasattr(found, "get_torch_device")
    )


def test_nobody_else_finds_them(tmp_path: Path) -> None:
    before = set(sys.modules)
    imported(
        tmp_path, "import nodes, folder_paths, server, comfy.utils, comfy_execution.graph, comfy_api.latest\n"
    )
    new = {
        name
        for name in set(sys.modules) - before
        if not name.startswith(("engine.", "custom_nodes", "aiohttp"))
    }

    assert not new & {
        "folder_paths",
        "server",
        "comfy",
        "comfy.utils",
        "comfy_execution",
        "comfy_api",
        "execution",
    }
    assert sys.modules["nodes"] is our_nodes


def test_our_own_modules_of_nodes_are_still_there_for_packs(tmp_path: Path) -> None:
    assert imported(tmp_path, "import nodes\nfrom nodes.widgets import LARGEST\n")["LARGEST"] == 16384


MISSING = {
    "import comfy.ldm.modules.attention": "comfy.ldm.modules.attention",
    "from comfy.utils import no_such_thing": "no_such_thing",
    "import comfy_extras.nodes_mask": "comfy_extras",
    "import nodes\nnodes.NoSuchNode": "NoSuchNode",
    "import folder_paths\nfolder_paths.no_such()": "no_such",
}


@pytest.mark.parametrize(("code", "name"), MISSING.items())
def test_what_is_not_there_is_named_in_the_packs_failure(tmp_path: Path, code: str, name: str) -> None:
    (failure,) = house(tmp_path, code).loaded.failures

    assert failure.pack == "toys"
    assert name in failure.message


def test_a_pack_may_do_without_what_is_not_there(tmp_path: Path) -> None:
    code = "try:\n    import comfy.ldm.flux\nexcept ImportError:\n    N = 'without'\n"

    assert imported(tmp_path, code)["N"] == "without"


# ---- our nodes as V1 classes


def test_our_nodes_can_be_looked_up_extended_and_called(tmp_path: Path) -> None:
    extended = (
        "class Twice(nodes.Shift):\n    def execute(self, **all): return (super().execute(**all)[0] * 2,)\n"
    )
    calling = v1(
        "Call",
        inputs("'a': ('INT', {})") + "def run(self, a): return (nodes.Shift().execute(a, 5)[0],)",
        RETURN_TYPES=("INT",),
    )
    code = pack(extended, calling, head="import nodes\n")
    learn(spec_of(shift), shift)
    made = house(tmp_path, code, shift)

    twice = made.spec("Twice")
    assert [(input.name, input.required) for input in twice.inputs] == [("value", True), ("by", True)]
    assert made.value(graph(t=use("Twice", value=3, by=1)), "t.0") == 8
    assert made.value(graph(c=use("Call", a=3)), "c.0") == 8
    classes = of_pack()["nodes"].NODE_CLASS_MAPPINGS
    assert ("Shift" in classes, classes["Shift"].RETURN_TYPES, "Nowhere" in classes) == (
        True,
        ("INT",),
        False,
    )
    assert classes["Twice"] is of_pack()["Twice"]


# ---- what a node asks of its run

BARS = v1("Bars", inputs() + """
def run(self):
    bar = comfy.utils.ProgressBar(3)
    bar.update(1)
    bar.update_absolute(3, 3, ('JPEG', 'a picture', 512))
    return (get_executing_context().node_id,)
""")  # fmt: skip


def test_bars_tell_of_the_node_that_is_called(tmp_path: Path) -> None:
    made = house(
        tmp_path,
        pack(BARS, head="import comfy.utils\nfrom comfy_execution.utils import get_executing_context\n"),
    )
    inbox = Inbox(previews=True)
    outcome = made.run(graph(b=use("Bars")), "b.0", inbox=inbox)

    assert [(e.path, e.done, e.total) for e in outcome.events if isinstance(e, NodeProgressed)] == [
        ("b", 1, 3),
        ("b", 3, 3),
    ]
    assert [e.value for e in outcome.events if isinstance(e, NodePreviewed)] == ["a picture"]
    assert outcome.value == "b"


def test_bars_in_threads_of_the_node_are_its_own(tmp_path: Path) -> None:
    body = inputs() + """
def run(self):
    thread = threading.Thread(target=lambda: comfy.utils.ProgressBar(2).update(2))
    thread.start(); thread.join()
    return (1,)
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Threads", body), head="import comfy.utils, threading\n"))
    events = made.run(graph(t=use("Threads")), "t.0").events

    assert [e.path for e in events if isinstance(e, NodeProgressed)] == ["t"]


IMPORTS = """
import comfy.utils, threading, time
import comfy.model_management as management
started = threading.Event()
"""

STOPPING = {
    "at a bar": "comfy.utils.ProgressBar(9).update(1)",
    "when it asks": "management.throw_exception_if_processing_interrupted()",
    "in its own words": "if management.processing_interrupted(): raise management.InterruptProcessingException()",
}


@pytest.mark.parametrize("how", STOPPING.values(), ids=STOPPING)
def test_a_cancelled_run_stops_a_node_and_except_exception_does_not_help(tmp_path: Path, how: str) -> None:
    body = inputs() + f"""
def run(self):
    started.set()
    while True:
        time.sleep(0.005)
        try:
            {how}
        except Exception: pass
"""  # fmt: skip
    code = pack(
        v1("Endless", body),
        head=IMPORTS,
    )
    made, inbox = house(tmp_path, code), Inbox()

    def cancel() -> None:
        of_pack()["started"].wait(10)
        inbox.cancel()

    threading.Thread(target=cancel).start()

    outcome = made.run(graph(e=use("Endless")), "e.0", inbox=inbox)

    assert (outcome.status, outcome.failures) == ("cancelled", [])


def test_a_node_may_end_its_run(tmp_path: Path) -> None:
    body = inputs() + "def run(self): nodes.interrupt_processing(); nodes.before_node_execution()"
    outcome = house(tmp_path, pack(v1("Stop", body), head="import nodes\n")).run(graph(s=use("Stop")), "s.0")

    assert (outcome.status, outcome.failures) == ("cancelled", [])


def test_messages_go_to_whom_they_are_for(tmp_path: Path) -> None:
    body = inputs() + """
def run(self):
    server = PromptServer.instance
    server.send_sync('toys.event', {'a': 1})
    server.send_sync('toys.mine', [server.last_prompt_id], server.client_id)
    server.send_sync(BinaryEventTypes.PREVIEW_IMAGE, b'bytes')
    server.send_progress_text('halfway', 'm')
    return (1,)
"""  # fmt: skip
    made = house(
        tmp_path,
        pack(
            v1("Message", body),
            head="from server import PromptServer, BinaryEventTypes\nPromptServer.instance.send_sync('nobody', {})\n",
        ),
    )
    request = {"client": "c1", "run": "r1", "prompt": {}}
    events = made.run(graph(m=use("Message")), "m.0", request=request).events

    assert [(e.kind, e.data, e.client, e.binary) for e in events if isinstance(e, NodeTold)] == [
        ("toys.event", b'{"a": 1}', "", None),
        ("toys.mine", b'["r1"]', "c1", None),
        ("binary", b"bytes", "", 1),
        ("progress_text", b'"halfway"', "c1", None),
    ]


# ---- loading again


def test_a_pack_that_is_imported_again_has_its_new_code_everywhere(tmp_path: Path) -> None:
    code = pack(v1("Say", inputs() + "def run(self): return (WORD,)"), head="from .words import WORD\n")
    made = house(tmp_path, code, files={"toys/words.py": "WORD = 'old'\n"})
    assert made.value(graph(s=use("Say")), "s.0") == "old"

    words = tmp_path / "custom_nodes" / "toys" / "words.py"
    words.write_text("WORD = 'newer'\n")
    source = PackSource("toys", tmp_path / "custom_nodes" / "toys", "custom_nodes.toys")
    again = House(tmp_path, load_again(source, made.loaded))

    assert again.value(graph(s=use("Say")), "s.0") == "newer"
    assert again.spec("Say").version != made.spec("Say").version


def test_prestartup_scripts_run_before_packs_are_imported(tmp_path: Path) -> None:
    script = "import os, folder_paths\nos.environ['TOYS'] = 'before'\n"
    folder = write_packs(
        tmp_path,
        {
            "toys/__init__.py": "",
            "toys/prestartup_script.py": script,
            "bad/__init__.py": "",
            "bad/prestartup_script.py": "1 / 0\n",
        },
    )
    (failure,) = prestart(discover(folder))

    assert os.environ.pop("TOYS") == "before"
    assert (failure.pack, failure.error) == ("bad", "ZeroDivisionError")


def test_two_packs_with_one_node_name_keep_the_first(tmp_path: Path) -> None:
    code = pack(v1("Same", inputs() + "def run(self): return (1,)"))
    made = house(tmp_path, files={"a.py": code, "b.py": code})

    (failure,) = made.loaded.failures
    assert (failure.pack, failure.error) == ("b", "DuplicateNode")
    assert failure.where == f"{tmp_path}/custom_nodes/b.py:2"


def test_a_class_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    bad = v1(
        "Bad",
        "@classmethod\ndef INPUT_TYPES(cls): return {'required': {'a': (cls.nothing,)}}\ndef run(self): pass",
    )
    good = v1("Good", inputs() + "def run(self): return (1,)")
    made = house(tmp_path, pack(bad, good))

    assert list(made.loaded.registry) == ["Good"]
    (failure,) = made.loaded.failures
    assert (failure.pack, failure.error) == ("toys", "AttributeError")
    assert failure.message.startswith("its node 'Bad' is left out")


def test_nodes_of_packs_run_one_at_a_time(tmp_path: Path) -> None:
    body = inputs("'a': ('INT', {})") + """
def run(self, a):
    at_work.append(a)
    time.sleep(0.01)
    alone = at_work == [a]
    at_work.remove(a)
    return (alone,)
"""  # fmt: skip
    made = house(tmp_path, pack(v1("Alone", body), head="import time\nat_work = []\n"))
    names = {f"n{i}": use("Alone", a=i) for i in range(4)}
    outcome = made.run(graph(**names), *(f"{name}.0" for name in names))

    assert list(outcome.values.values()) == [True] * 4
