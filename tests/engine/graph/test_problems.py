from typing import get_args

import pytest

from engine.graph.problems import (
    Clashing,
    Cycle,
    DanglingLink,
    MissingFile,
    MissingInput,
    NoOutputs,
    NotAChoice,
    OutOfRange,
    Problem,
    Refused,
    TypeMismatch,
    UnknownInput,
    UnknownNode,
    UnknownOutput,
    Unreadable,
    WrongType,
)

TABLE: list[tuple[Problem, str, str]] = [
    (
        UnknownNode("1", "KSamplr", ("KSampler", "KSampler2", "K", "Q")),
        "node 1 is a KSamplr, which is not installed.",
        "Did you mean KSampler, KSampler2 or K?",
    ),
    (
        UnknownNode("1", "Foo"),
        "node 1 is a Foo, which is not installed.",
        "Put the pack that brings it into custom_nodes/.",
    ),
    (
        MissingInput("8", "latent", "Latent", ("EmptyLatentImage", "VAEEncode")),
        "input 'latent' of node 8 has no Latent.",
        "Connect one, e.g. from EmptyLatentImage or VAEEncode.",
    ),
    (MissingInput("8", "text", "str"), "input 'text' of node 8 has no str.", "Give it one."),
    (
        UnknownInput("1", "sed", "KSampler", ("seed",), ("seed", "steps")),
        "node 1 has the input 'sed', which KSampler does not take.",
        "Did you mean seed?",
    ),
    (
        UnknownInput("1", "x", "KSampler", (), ("seed", "steps")),
        "node 1 has the input 'x', which KSampler does not take.",
        "It takes seed, steps.",
    ),
    (
        Clashing("8", "samples", "it has 4 channels, not 16", "Decode it elsewhere."),
        "input 'samples' of node 8 does not fit: it has 4 channels, not 16.",
        "Decode it elsewhere.",
    ),
    (
        Clashing("8", "samples", "it is too wide"),
        "input 'samples' of node 8 does not fit: it is too wide.",
        "Connect something else, or change what leads there.",
    ),
    (
        WrongType("1", "steps", "a whole number", "twenty"),
        "input 'steps' of node 1 is 'twenty', but must be a whole number.",
        "Give it a whole number.",
    ),
    (
        TypeMismatch("7", "latent", "Latent", "3", "image", "Image", ("Encode",)),
        "input 'latent' of node 7 expects Latent, but 'image' of node 3 gives Image.",
        "Put Encode between them.",
    ),
    (
        TypeMismatch("7", "latent", "Latent", "3", "image", "Image"),
        "input 'latent' of node 7 expects Latent, but 'image' of node 3 gives Image.",
        "Connect an output that gives Latent.",
    ),
    (
        OutOfRange("7", "tile", 9000, 0, 4096),
        "input 'tile' of node 7 is 9000, but must lie between 0 and 4096.",
        "The nearest allowed value is 4096.",
    ),
    (
        OutOfRange("7", "tile", -1, 0, None),
        "input 'tile' of node 7 is -1, but must be at least 0.",
        "The nearest allowed value is 0.",
    ),
    (
        OutOfRange("7", "tile", 9, None, 4),
        "input 'tile' of node 7 is 9, but must be at most 4.",
        "The nearest allowed value is 4.",
    ),
    (
        NotAChoice("7", "sampler", "x" * 80, ("euler", "ddim")),
        f"input 'sampler' of node 7 is '{'x' * 56}..., not one of its options.",
        "Choose one of euler, ddim.",
    ),
    (
        MissingFile("4", "ckpt_name", "checkpoints", "a.pt", (), ("b.pt",)),
        "input 'ckpt_name' of node 4 is 'a.pt', which the folder checkpoints lacks.",
        "There is b.pt.",
    ),
    (
        MissingFile("4", "ckpt_name", "checkpoints", "a.pt"),
        "input 'ckpt_name' of node 4 is 'a.pt', which the folder checkpoints lacks.",
        "Put it there: checkpoints is empty.",
    ),
    (
        DanglingLink("4", "model", "9"),
        "input 'model' of node 4 comes from node 9, which is not in the graph.",
        "Connect it to another node.",
    ),
    (
        DanglingLink(None, None, "9"),
        "what is asked for comes from node 9, which is not in the graph.",
        "Connect it to another node.",
    ),
    (
        UnknownOutput("4", "model", "9", "mdel", ("model", "clip")),
        "input 'model' of node 4 comes from output 'mdel' of node 9, which has no such output.",
        "It gives model, clip.",
    ),
    (
        UnknownOutput("4", "model", "9", 3),
        "input 'model' of node 4 comes from output number 3 of node 9, which has no such output.",
        "It gives nothing.",
    ),
    (
        Cycle("1", ("1", "2", "3")),
        "3 nodes wait for one another: 1 -> 2 -> 3 -> 1.",
        "Remove one of the links between them.",
    ),
    (Cycle("1", ("1",)), "node 1 reads its own output.", "Remove one of the links between them."),
    (
        NoOutputs(),
        "the graph has no node that saves or shows anything, so there is nothing to run.",
        "Add one at the end, e.g. SaveImage.",
    ),
    (
        Refused("3", "image", "Invalid image file: a.png"),
        "node 3 does not take its input 'image': Invalid image file: a.png.",
        "Give it another value.",
    ),
    (
        UnknownNode("1", "Foo", pack="comfyui-foo"),
        "node 1 is a Foo, which is not installed.",
        "Put the pack comfyui-foo into custom_nodes/.",
    ),
    (
        Unreadable("line 3, column 7", "JSON", "a trailing comma"),
        "line 3, column 7: expected JSON, found a trailing comma.",
        "Correct the file there, or export it again.",
    ),
]


@pytest.mark.parametrize(("problem", "text", "hint"), TABLE, ids=lambda value: type(value).__name__)
def test_a_problem_says_what_is_wrong_and_what_to_do(problem: Problem, text: str, hint: str) -> None:
    assert (problem.describe(), problem.hint) == (text, hint)


def test_every_problem_is_in_the_table() -> None:
    assert {type(problem) for problem, _, _ in TABLE} == set(get_args(Problem))


def test_a_long_cycle_is_shown_in_part() -> None:
    text = Cycle("0", tuple(map(str, range(100)))).describe()

    assert text == (
        "100 nodes wait for one another: 0 -> 1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> 8 -> 9 -> ... -> 0."
    )
