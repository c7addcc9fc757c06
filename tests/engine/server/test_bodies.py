from __future__ import annotations

import json
import random
import re

import pytest

from engine.server.answers import Refused
from engine.server.app import routes
from engine.server.bodies import json_of
from engine.server.options import Limits
from tests.engine.server.standing import Standing

LIMITS = Limits(text=100)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b"[" * 65 + b"]" * 65,
        b"",
        b"nul",
        b"NaN",
        b"[Infinity]",
        b"\xff\xfe",
        b'"\xed\xa0\x80"',
        b"{'a': 1}",
        b"1 2",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_json_or_too_deep_is_refused(text: bytes) -> None:
    with pytest.raises(Refused) as refused:
        json_of(text, LIMITS)

    assert refused.value.status == 400


@pytest.mark.parametrize("text", [b'"%s"' % (b"a" * 101), b'{"a": [{"%s": 1}]}' % (b"k" * 101)])
def test_a_text_that_is_too_long_is_refused(text: bytes) -> None:
    with pytest.raises(Refused) as refused:
        json_of(text, LIMITS)

    assert refused.value.status == 413


def test_long_json_of_short_texts_is_read() -> None:
    assert json_of(b"[" + b'"abc",' * 1000 + b"1]", LIMITS) == ["abc"] * 1000 + [1]


ODD: list[object] = [
    None,
    True,
    -1,
    2**70,
    1.5,
    "",
    "\ud800",
    "a\0b",
    "../x",
    [],
    [[]],
    {},
    {"a": {}},
    ["x"] * 50,
]
FIELDS = (  # noqa: SIM905  (a list of words reads better so)
    "prompt prompt_id client_id number front extra_data partial_execution_targets priority batch clear delete "
    "unload_models free_memory username class_type inputs weft nodes links reason runs clientId enabled"
).split()
POSTS = sorted(
    {
        (route.method, re.sub(r"\{[^}]*\}", "x", route.path))
        for route in routes()
        if route.method in {"POST", "PATCH", "PUT", "DELETE"}
    }
)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[" * 100_000,
        b"[]",
        b"1",
        b'"x"',
        b"null",
        b"9" * 5000,
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b"\0",
    ],
    ids=lambda body: repr(body[:8]),
)
def test_no_body_is_answered_with_an_internal_error(server: Standing, body: bytes) -> None:
    statuses = {place: server.ask(*place, body).status for place in POSTS}

    assert {place: status for place, status in statuses.items() if status >= 500} == {}


@pytest.mark.parametrize("seed", range(3))
def test_odd_values_in_any_field_are_answered_without_an_internal_error(server: Standing, seed: int) -> None:
    chance = random.Random(seed)
    for place in POSTS:
        for _ in range(4):
            fields = chance.sample(FIELDS, chance.randint(1, 4))
            body = json.dumps({field: chance.choice(ODD) for field in fields}).encode()

            assert server.ask(*place, body).status < 500, (place, body)


def test_a_body_that_says_it_is_too_long_is_not_read(server: Standing) -> None:
    said = server.raw(
        b"POST /settings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\nConnection: close\r\n\r\n"
    )

    assert said.startswith(b"HTTP/1.1 413")


def test_a_body_without_a_length_is_read_no_further_than_it_may_be_long(server: Standing) -> None:
    answer = server.ask("POST", "/settings", iter([b" " * 2**20] * 17))

    assert (answer.status, answer.error) == (413, "too_large")
