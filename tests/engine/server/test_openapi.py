"""What the server tells of its answers agrees with what it answers."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest
from aiohttp import web

from engine.formats.specs import spec_json
from engine.graph.spec import (
    Attached,
    ChoiceWidget,
    Chosen,
    FileWidget,
    Growing,
    InputSpec,
    NodeSpec,
    NumberWidget,
    OutputSpec,
    Repeated,
    SeedWidget,
    TextWidget,
    ToggleWidget,
    Widget,
)
from engine.graph.types import Anything, ListOf, Named, OneOf, PortType
from engine.server.answer_schemas import answer_type, schemas_of
from engine.server.answers import JsonAnswer, json_answer
from engine.server.app import routes
from engine.server.nodes.spec_types import NodeTold
from engine.server.openapi import document
from engine.server.options import Options
from engine.server.telling.messages import DATA, Status


class Answer(msgspec.Struct):
    """A toy."""

    text: str
    anything: object = None


class Lean(msgspec.Struct, omit_defaults=True):
    """Leaves out what is as always."""

    text: str | None = None


async def certain(request: web.Request) -> JsonAnswer[Answer]:
    return json_answer(Answer("yes"))


async def perhaps(request: web.Request) -> JsonAnswer[Answer] | web.Response:
    return web.Response(status=304)


async def in_words(request: web.Request) -> web.Response:
    return json_answer({})


async def lean(request: web.Request) -> JsonAnswer[list[Lean]]:
    return json_answer([Lean()])


async def no_json(request: web.Request) -> JsonAnswer[asyncio.Lock]:
    raise NotImplementedError


def whole() -> dict[str, Any]:
    return document(tuple(routes()), Options())


def test_a_handler_says_by_its_type_what_it_answers() -> None:
    assert [answer_type(one) for one in (certain, perhaps, in_words)] == [Answer, Answer, None]
    schemas = schemas_of([certain, in_words])

    assert schemas.answers == {certain: {"$ref": "#/components/schemas/Answer"}}
    assert schemas.components["Answer"]["required"] == [
        "text",
        "anything",
    ]  # with its default or not, it is told


def test_what_is_left_out_when_it_has_its_default_has_none_in_its_schema() -> None:
    (text,) = schemas_of([lean]).components["Lean"]["properties"].values()

    assert text == {"anyOf": [{"type": "string"}]}


def test_an_answer_that_is_no_json_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="Lock"):
        schemas_of([no_json])


def test_the_editor_finds_the_types_of_what_it_reads() -> None:
    paths = whole()["paths"]
    named = {
        path: paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        for path in ("/api/nodes", "/api/runs", "/api/runs/{id}", "/api/queue")
    }

    assert [ref.rpartition("/")[2] for ref in named.values()] == ["NodesTold", "Page", "Whole", "Listed"]


def test_every_reference_of_the_document_leads_somewhere() -> None:
    told = whole()
    wanted = set(re.findall(r"#/components/schemas/(\w+)", msgspec.json.encode(told).decode()))

    assert wanted - set(told["components"]["schemas"]) == set()


def test_every_kind_of_message_has_a_schema() -> None:
    told = whole()["components"]["schemas"]["Message"]["anyOf"]

    assert {one["properties"]["type"]["const"] for one in told} == set(DATA)
    assert Status in DATA["status"]


def test_a_server_with_a_token_says_so_beside_its_schemas() -> None:
    told = document(tuple(routes()), Options(token="secret"))

    assert set(told["components"]) == {"schemas", "securitySchemes"}


def a_bit_of_everything() -> NodeSpec:
    """A node that has every kind of port, widget and growth."""
    latent = Named("Latent", ("Tensor",))
    ports: tuple[PortType, ...] = (latent, Anything(), OneOf((latent, Named("Image"))), ListOf(latent))
    widgets: tuple[Widget, ...] = (
        *(NumberWidget(False, 0.0, 1.0), SeedWidget(), TextWidget(True), ToggleWidget()),
        *(ChoiceWidget(("a", 2)), FileWidget("checkpoints")),
    )
    plain = InputSpec("plain", latent, True)
    growing: tuple[Growing, ...] = (
        Repeated(("a", "b"), 1, plain),
        Chosen({"one": (plain,)}),
        Attached((plain,)),
    )
    inputs = (
        *(InputSpec(f"port{n}", port, True) for n, port in enumerate(ports)),
        *(InputSpec(f"widget{n}", latent, False, (1, {"a": 2}), one) for n, one in enumerate(widgets)),
        *(InputSpec(f"growing{n}", latent, False, grows=one) for n, one in enumerate(growing)),
    )
    outputs = (OutputSpec("out", latent),)
    return NodeSpec("All", "All", "", "", 1, inputs, outputs, "m", "f", hidden=(("a", "UNIQUE_ID"),))


def test_specs_are_what_their_types_say() -> None:
    told = msgspec.json.encode(spec_json(a_bit_of_everything()))
    read = msgspec.json.decode(told, type=NodeTold)

    assert msgspec.json.decode(msgspec.json.encode(read)) == msgspec.json.decode(told)
