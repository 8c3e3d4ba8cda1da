"""Browsers in words, from what they say of themselves. Pure."""

# What a browser says holds the names of others too: the first that is found is it.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_words(agent: str) -> str:
    """A browser and where it runs: `Firefox on Windows`; else the beginning of what it says."""
    browser = _found(_BROWSERS, agent)
    system = _found(_SYSTEMS, agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or agent.strip()[:40] or "Unknown browser"


def _found(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((words for mark, words in names if mark in agent), "")
