import pytest

from engine.server.access.hosts import Host, host_of, is_ours


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("127.0.0.1:8188", Host("127.0.0.1", 8188)),
        ("LocalHost", Host("localhost", None)),
        ("[::1]:8188", Host("::1", 8188)),
        ("weft.example:80", Host("weft.example", 80)),
        ("", None),
        ("a b", None),
        ("user@127.0.0.1", None),
        ("127.0.0.1:8188:1", None),
        ("127.0.0.1/", None),
    ],
)
def test_a_host_header_is_read(text: str, host: Host | None) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "weft.example", "192.168.1.5"]
)
def test_this_machine_and_configured_names_are_ours(name: str) -> None:
    assert is_ours(Host(name, 8188), "192.168.1.5", ("weft.example",))


@pytest.mark.parametrize(
    "name",
    [
        "evil.test",
        "127.0.0.1.evil.test",
        "localhost.",
        "0.0.0.0",
        "192.168.1.6",
        "2130706433",
        "0x7f.1",
        "::",
    ],
)
def test_whatever_else_resolves_to_this_machine_is_not_ours(name: str) -> None:
    assert not is_ours(Host(name, 8188), "192.168.1.5", ("weft.example",))


def test_an_address_within_an_ipv6_one_is_the_same_address() -> None:
    assert is_ours(Host("192.168.1.5", None), "::ffff:192.168.1.5", ())
