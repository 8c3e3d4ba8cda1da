"""Browsers that go from one test to the next: opening one costs more than most tests do in it."""

import json
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, CDPSession


class _Spare(NamedTuple):
    """A browser between two tests: an empty page keeps its processes alive, and clears it."""

    context: BrowserContext
    hand: CDPSession


class Browsers:
    """Hands out browsers that know nothing, neither cookies nor what pages have stored."""

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._spare: dict[str, list[_Spare]] = {}
        self._hands: dict[BrowserContext, CDPSession] = {}

    def take(self, options: dict[str, Any]) -> BrowserContext:
        """A browser that is set up in a way, without a window of the test's."""
        spare = self._spare.get(json.dumps(options, sort_keys=True))
        if not spare:
            return self._chromium.new_context(**options)
        context, hand = spare.pop()
        self._hands[context] = hand
        return context

    def give_back(self, context: BrowserContext, options: dict[str, Any]) -> None:
        """Closes a browser's windows and makes it forget everything."""
        hand = self._hands.pop(context, None)
        used = context.pages if hand is None else context.pages[1:]
        if hand is None:
            hand = context.new_cdp_session(context.new_page())
        for page in used:
            page.close()
        context.set_offline(offline=False)
        context.clear_cookies()
        where = {"origin": options["base_url"], "storageTypes": "all"}
        hand.send("Storage.clearDataForOrigin", where)
        key = json.dumps(options, sort_keys=True)
        self._spare.setdefault(key, []).append(_Spare(context, hand))
