"""https and wss: with a certificate that fits, and what is said of one that does not."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import trustme

from engine.server.access.tls import TlsError, tls_context
from engine.server.options import Options, Tls
from tests.engine.installation import installed
from tests.engine.server.standing import standing


@dataclass(frozen=True)
class Made:
    """An authority, and the files of a certificate that it has signed."""

    authority: trustme.CA
    tls: Tls


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    return Made(authority, written(folder, authority, "good"))


def written(folder: Path, authority: trustme.CA, name: str) -> Tls:
    signed = authority.issue_cert("127.0.0.1", "localhost")
    tls = Tls(folder / f"{name}.crt", folder / f"{name}.key")
    signed.private_key_pem.write_to_path(tls.key)
    for part in signed.cert_chain_pems:
        part.write_to_path(tls.certificate, append=True)
    return tls


def test_requests_and_sockets_go_over_tls(made: Made, tmp_path: Path) -> None:
    trusting = ssl.create_default_context()
    made.authority.configure_trust(trusting)
    options = Options(port=0, user=tmp_path / "user", tls=made.tls)

    async def talk(address: str) -> tuple[int, str]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as session:
            async with session.get(f"{address}/system_stats") as answer:
                status = answer.status
            async with session.ws_connect(f"{address}/ws?clientId=a") as socket:
                return status, (await socket.receive_json(timeout=10))["type"]

    with standing(tmp_path, options) as server:
        address = server.server.listening.urls[0]
        said = asyncio.run(talk(address))

    assert address.startswith("https://")
    assert said == (200, "status")


def test_a_client_that_does_not_trust_the_certificate_gets_nothing(made: Made, tmp_path: Path) -> None:
    async def talk(address: str) -> None:
        async with aiohttp.ClientSession() as session, session.get(f"{address}/system_stats"):
            pass

    with (
        standing(tmp_path, Options(port=0, user=tmp_path / "user", tls=made.tls)) as server,
        pytest.raises(aiohttp.ClientConnectorCertificateError),
    ):
        asyncio.run(talk(server.server.listening.urls[0]))


def test_without_tls_a_server_of_https_says_nothing(made: Made, tmp_path: Path) -> None:
    with standing(tmp_path, Options(port=0, user=tmp_path / "user", tls=made.tls)) as server:
        assert b"system" not in server.raw(b"GET /system_stats HTTP/1.0\r\n\r\n")


def test_files_that_cannot_be_used_are_named(made: Made, tmp_path: Path) -> None:
    other = written(tmp_path, made.authority, "other")
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")
    wrong = {
        "cannot be read: No such file": Tls(tmp_path / "gone.crt", made.tls.key),
        "of --tls-keyfile cannot be read": Tls(made.tls.certificate, tmp_path / "gone.key"),
        "is not that of the certificate": Tls(made.tls.certificate, other.key),
        "are no certificate and key": Tls(rubbish, made.tls.key),
    }

    for words, tls in wrong.items():
        with pytest.raises(TlsError, match=words) as refused:
            tls_context(tls)
        assert refused.value.hint


def test_a_locked_key_is_refused_without_asking_for_its_password(made: Made, tmp_path: Path) -> None:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = serialization.load_pem_private_key(made.tls.key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )

    with pytest.raises(TlsError, match="locked with a password"):
        tls_context(Tls(made.tls.certificate, locked))


def test_the_command_says_what_is_wrong_before_it_starts(made: Made, tmp_path: Path) -> None:
    main = installed(tmp_path)
    missing = main("--port", "0", "--tls-certfile", "gone.crt", "--tls-keyfile", str(made.tls.key))
    alone = main("--port", "0", "--tls-certfile", str(made.tls.certificate))

    assert (missing.code, alone.code) == (2, 2)
    assert "gone.crt of --tls-certfile cannot be read" in missing.err
    assert "give both --tls-certfile and --tls-keyfile" in alone.err
    assert "Traceback" not in missing.err + alone.err
