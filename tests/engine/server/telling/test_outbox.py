"""One socket's outbox, over real sockets: what goes out, in which order, and when a client is given up."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from engine.server.telling.outbox import Outbox, Patience
from tests.engine.server.runs_lab import story

SOON = Patience(bytes=2**16, moment=0.05, seconds=0.2, most=2**24, buffer=2**14, look=0.005)
FOREVER = Patience(bytes=2**30, moment=600, seconds=600, most=2**30, buffer=2**14, look=0.005)


@dataclass
class Line:
    """An outbox, and the other end of its connection, which reads when it is told to."""

    outbox: Outbox
    reader: socket.socket
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        got = b""
        async with asyncio.timeout(20):
            while len(got) < size:
                part = await loop.sock_recv(self.reader, size - len(got))
                assert part, "closed too early"
                got += part
        return got


@asynccontextmanager
async def line(patience: Patience) -> AsyncIterator[Line]:
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        end.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    given_up = asyncio.Event()
    made = Line(Outbox(transport, given_up.set, patience), theirs, given_up)
    try:
        yield made
    finally:
        made.outbox.close()
        transport.abort()
        theirs.close()


@story
async def test_everything_arrives_in_its_order_however_slowly_it_is_read() -> None:
    async with line(FOREVER) as far:
        sent = [b"%08d" % number * 100 for number in range(2000)]
        for frames in sent:
            far.outbox.send(frames)
            await asyncio.sleep(0)

        whole = b"".join(sent)
        assert await far.read(len(whole)) == whole
        assert not far.given_up.is_set()


@story
async def test_what_is_sent_in_one_turn_of_the_loop_arrives_together() -> None:
    async with line(FOREVER) as far:
        for number in range(10):
            far.outbox.send(b"%d" % number)
        await asyncio.sleep(0.01)

        assert far.reader.recv(100) == b"0123456789"


@story
async def test_of_pictures_that_cannot_go_yet_only_the_newest_of_each_node_is_sent() -> None:
    async with line(FOREVER) as far:
        state = b"s" * 100_000
        far.outbox.send(state)
        await asyncio.sleep(0)
        for number in range(50):
            far.outbox.picture("a", b"<a%02d>" % number)
            far.outbox.picture("b", b"<b%02d>" % number)

        assert await far.read(len(state)) == state
        assert await far.read(10) == b"<a49><b49>"


@story
async def test_a_picture_goes_at_once_where_nothing_waits() -> None:
    async with line(FOREVER) as far:
        far.outbox.picture("a", b"one")
        far.outbox.picture("a", b"two")

        assert await far.read(6) == b"onetwo"


@story
async def test_who_reads_nothing_is_given_up() -> None:
    async with line(SOON) as far:
        far.outbox.send(b"x" * 50_000)  # less than the limit of bytes: it is the time that is up

        async with asyncio.timeout(20):
            await far.given_up.wait()


@story
async def test_who_is_far_behind_is_given_up_sooner() -> None:
    patience = Patience(bytes=2**16, moment=0.02, seconds=600, most=2**24, buffer=2**14, look=0.005)
    async with line(patience) as far:
        far.outbox.send(b"x" * 2**18)

        async with asyncio.timeout(20):
            await far.given_up.wait()


@story
async def test_there_is_a_limit_to_what_waits_even_for_a_moment() -> None:
    patience = Patience(bytes=2**10, moment=600, seconds=600, most=2**17, buffer=2**14, look=600)
    async with line(patience) as far:
        for _ in range(3):
            far.outbox.send(b"x" * 2**16)
            await asyncio.sleep(0)

        assert far.given_up.is_set()


@story
async def test_a_burst_that_is_read_is_nobodys_fault() -> None:
    patience = Patience(bytes=2**10, moment=5.0, seconds=600, most=2**24, buffer=2**14, look=0.001)
    async with line(patience) as far:
        burst = b"x" * 2**20
        far.outbox.send(burst)

        assert await far.read(len(burst)) == burst
        await asyncio.sleep(0.02)
        assert not far.given_up.is_set()
        assert far.outbox.behind == 0


@story
async def test_after_the_end_nothing_is_sent_any_more() -> None:
    async with line(FOREVER) as far:
        far.outbox.send(b"before")
        await asyncio.sleep(0.01)
        far.outbox.send(b"never")
        far.outbox.close()
        far.outbox.send(b"after")
        far.outbox.picture("a", b"after")
        await asyncio.sleep(0.01)

        assert far.reader.recv(100) == b"before"
