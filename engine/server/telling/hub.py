"""Who listens, and telling them. Nothing here waits for a client: what one cannot take now stays in its own outbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.run.events import Picture
from engine.server.telling import frames, messages
from engine.server.telling.outbox import Outbox, Patience

log = logging.getLogger("weft.hub")

MOST_SOCKETS = 4096


class Listener:
    """One socket of a client. `features` is what the client said of itself."""

    def __init__(
        self,
        client: str,
        transport: asyncio.Transport,
        give_up: Callable[[], object],
        patience: Patience | None = None,
    ) -> None:
        self.client = client
        self.outbox = Outbox(transport, give_up, patience)
        self.features: Mapping[str, object] = {}

    def send(self, kind: str, data: object) -> None:
        """Send this socket a message."""
        self.outbox.send(frames.text_frame(messages.written(kind, data)))

    def repeat(self, payloads: Iterable[bytes]) -> None:
        """Send this socket messages that were said before."""
        self.outbox.send(b"".join(map(frames.text_frame, payloads)))

    @property
    def knows_meta(self) -> bool:
        """Whether pictures may say whose they are."""
        return self.features.get("supports_preview_metadata") is True


class Hub:
    """The sockets of all clients. A client may have several; each is removed by itself, never by its client's id."""

    def __init__(self, most: int = MOST_SOCKETS) -> None:
        self.most = most
        self._listeners: dict[str, list[Listener]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """Whether no more sockets are let in."""
        return self._count >= self.most

    def join(self, listener: Listener) -> None:
        """Tell it from now on."""
        self._listeners.setdefault(listener.client, []).append(listener)
        self._count += 1

    def leave(self, listener: Listener) -> None:
        """Tell it no more."""
        listener.outbox.close()
        others = self._listeners.get(listener.client, [])
        if listener in others:
            others.remove(listener)
            self._count -= 1
            if not others:
                del self._listeners[listener.client]

    def listening(self, client: str) -> bool:
        """Whether a client is connected."""
        return client in self._listeners

    def send(self, kind: str, data: object, client: str | None = None) -> None:
        """Tell a client, or everybody."""
        self.tell((messages.written(kind, data),), client)

    def tell(self, payloads: Iterable[bytes], client: str | None = None) -> None:
        """Tell a client, or everybody, several messages that are written already, in one go."""
        sent: bytes | None = None
        for listener in self._to(client):
            if sent is None:
                sent = b"".join(map(frames.text_frame, payloads))
            listener.outbox.send(sent)

    def picture(self, picture: Picture, meta: messages.PictureMeta, client: str) -> None:
        """Show a client an unfinished picture. Older ones of the same node that are not gone yet are dropped."""
        if picture.media_type not in frames.IMAGE_TYPES:
            log.warning("Node %s offers a preview of type %s.", meta.node_id, picture.media_type)
            return
        plain: bytes | None = None
        told: bytes | None = None
        for listener in self._to(client):
            if listener.knows_meta:
                told = told or frames.binary_frame(frames.preview_with_meta(picture, meta))
                listener.outbox.picture(meta.node_id, told)
            else:
                plain = plain or frames.binary_frame(frames.preview(picture))
                listener.outbox.picture(meta.node_id, plain)

    def bytes(self, payload: bytes, client: str | None = None) -> None:
        """Send a client, or everybody, a binary message."""
        frame = frames.binary_frame(payload)
        for listener in self._to(client):
            listener.outbox.send(frame)

    def _to(self, client: str | None) -> Iterator[Listener]:
        if client is not None:
            yield from tuple(self._listeners.get(client, ()))
        else:
            for listeners in tuple(self._listeners.values()):
                yield from tuple(listeners)
