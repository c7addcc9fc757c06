import pytest

from engine.server.access.hosts import Host
from engine.server.access.origins import may_use

HOST = Host("127.0.0.1", 8188)
ALLOWED = ("https://friend.example",)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("POST", {"Origin": "http://127.0.0.1:8188"}),
        ("POST", {"Origin": "https://friend.example"}),
        ("GET", {"Sec-Fetch-Site": "same-origin"}),
        ("GET", {"Sec-Fetch-Site": "none"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}),
    ],
)
def test_scripts_our_own_pages_and_links_may_use_the_server(method: str, headers: dict[str, str]) -> None:
    assert may_use(method, headers, HOST, ALLOWED)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Origin": "http://evil.test"}),
        ("GET", {"Origin": "null"}),
        ("GET", {"Origin": "http://127.0.0.1:9999"}),
        ("GET", {"Origin": "http://localhost:8188"}),
        ("GET", {"Origin": "file://127.0.0.1"}),
        ("GET", {"Origin": "http://127.0.0.1:99999999"}),
        ("GET", {"Origin": "http://127.0.0.1.evil.test:8188"}),
        (
            "POST",
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        ),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
    ],
)
def test_pages_of_other_origins_may_not(method: str, headers: dict[str, str]) -> None:
    assert not may_use(method, headers, HOST, ALLOWED)
