"""The certificate that the server shows, read and checked before anything else is started."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NoReturn

from engine.server.options import Tls


class TlsError(ValueError):
    """A certificate or its key that cannot be used: which file, and what to do."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.hint = hint


def tls_context(tls: Tls) -> ssl.SSLContext:
    """What https is spoken with. Raises `TlsError` for files that are missing, damaged, or do not belong together."""
    for flag, file in (("--tls-certfile", tls.certificate), ("--tls-keyfile", tls.key)):
        _check_readable(flag, file)
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        secure.load_cert_chain(tls.certificate, tls.key, password=_refuse)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError(
                f"The key in {tls.key} is not that of the certificate in {tls.certificate}.",
                "Give --tls-keyfile the key that the certificate was made with.",
            ) from error
        raise TlsError(
            f"{tls.certificate} and {tls.key} are no certificate and key ({error.reason or error}).",
            "Both must be PEM files: a certificate with its chain, and its private key.",
        ) from error
    return secure


def _check_readable(flag: str, file: Path) -> None:
    try:
        file.open("rb").close()
    except OSError as error:
        raise TlsError(
            f"The file {file} of {flag} cannot be read: {error.strerror}.", f"Correct {flag}."
        ) from error


def _refuse() -> NoReturn:
    raise TlsError(
        "The key of the certificate is locked with a password, for which nobody can be asked.",
        "Unlock it first:  openssl pkey -in locked.pem -out key.pem",
    )
