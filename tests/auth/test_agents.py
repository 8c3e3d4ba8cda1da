"""Browsers in words."""

import pytest

from app.auth.agents import browser_words

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36", "Chrome on Windows"),
        (
            f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (f"{MOZILLA} (Linux; Android 15) {WEBKIT} Chrome/140.0 Mobile", "Chrome on Android"),
        (f"{MOZILLA} (iPhone; CPU like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605", "Safari on Mac"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 200, "x" * 40),
        ("Windows", "Windows"),
        ("", "Unknown browser"),
        ("  ", "Unknown browser"),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent: str, words: str) -> None:
    assert browser_words(agent) == words
