"""What models' weights are kept in: nodes are told, and results of one precision are not taken for another."""

from __future__ import annotations

from typing import Annotated

import pytest
import torch

from engine.api import Context, Output, node
from engine.run.cache import MemoryCache
from engine.run.memory import choose_dtype
from engine.run.workers import Workers
from tests.engine.run.lab import Lab, graph, use, workers

Text = Annotated[str, Output("text")]


@node("Load", device=True)
def load(ctx: Context) -> Text:
    """What the weights shall be kept in."""
    return ctx.dtype


@node("Plain")
def plain() -> Text:
    """Computes nothing on the device."""
    return "plain"


GRAPH = graph(load=use("Load"), plain=use("Plain"))


def lab(cache: MemoryCache, dtype: str) -> Lab:
    return Lab([load, plain], cache=cache, workers=workers(dtype=dtype))


def test_a_node_is_told_what_weights_are_kept_in() -> None:
    for dtype in ("fp32", "bf16"):
        assert lab(MemoryCache(), dtype).run(GRAPH, "load.text").value == dtype


def test_another_precision_runs_what_computes_on_the_device_again_and_nothing_else() -> None:
    cache = MemoryCache()
    lab(cache, "fp32").run(GRAPH, "load.text", "plain.text")

    again = lab(cache, "bf16").run(GRAPH, "load.text", "plain.text")

    assert again.started == ["load"]
    assert lab(cache, "fp32").run(GRAPH, "load.text", "plain.text").started == []


def test_where_nodes_compute_is_named_with_the_precision() -> None:
    assert workers().place == "cpu"
    assert isinstance(workers(), Workers)
    assert workers(dtype="bf16").place == "cpu bf16"


@pytest.mark.parametrize(
    ("known", "found"), [({"avx2": True}, "fp32"), ({"amx_bf16": True}, "bf16"), ({"sve_bf16": True}, "bf16")]
)
def test_auto_is_half_precision_where_that_is_fast(
    known: dict[str, bool], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)

    assert choose_dtype("auto", "cpu") == found
    assert choose_dtype("auto", "cuda") == "fp16"
    assert choose_dtype("fp32", "cuda") == "fp32"
