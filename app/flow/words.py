"""What stands around the numbers of the flow pages. Pure."""

from app.flow.queries import Window
from app.words import moment


def window_words(window: Window, zone: str) -> str:
    """A window in words: `From 1 Mar 2026 to before 1 Apr 2026 (UTC).`"""
    start, end = (moment(at, zone).words.removesuffix(", 00:00") for at in window)
    return f"From {start} to before {end} ({zone})."
