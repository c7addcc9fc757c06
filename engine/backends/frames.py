"""Orders and reports as bytes: frames of msgpack, each behind its length in four bytes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Union

import msgspec

from engine.backends.orders import Order, Report

LENGTH = struct.Struct(">I")


def _to_plain(value: object) -> object:
    return str(value)  # paths; and whatever a pack has put into what it shows


def _to_path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_plain)
_orders: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Union[Order], dec_hook=_to_path)  # noqa: UP007
_reports: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Union[Report])  # noqa: UP007


def frame(message: Order | Report) -> bytes:
    """The bytes to send."""
    try:
        body = _encoder.encode(message)
    except (OverflowError, UnicodeEncodeError, ValueError, TypeError):
        body = _encoder.encode(
            _sendable(msgspec.to_builtins(message, enc_hook=_to_plain, builtin_types=(bytes,)))
        )
    return LENGTH.pack(len(body)) + body


def order_of(body: bytes) -> Order:
    """The order in a frame."""
    return _orders.decode(body)


def report_of(body: bytes) -> Report:
    """The report in a frame."""
    return _reports.decode(body)


class Splitter:
    """Cuts what arrives into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now, without their lengths."""
        rest = self._rest
        rest += data
        bodies: list[bytes] = []
        place = 0
        while len(rest) - place >= LENGTH.size:
            (length,) = LENGTH.unpack_from(rest, place)
            end = place + LENGTH.size + length
            if end > len(rest):
                break
            bodies.append(bytes(rest[place + LENGTH.size : end]))
            place = end
        del rest[:place]
        return bodies


def _sendable(value: object) -> object:
    """The same without what msgpack has no room for: numbers beyond 64 bits, halves of surrogate pairs."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case bool():
            return value
        case int() if not -(2**63) <= value < 2**64:
            return str(value)
        case list() | tuple():
            return [_sendable(item) for item in value]
        case Mapping():
            return {str(_sendable(key)): _sendable(item) for key, item in value.items()}
    return value
