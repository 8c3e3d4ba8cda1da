"""Browsers that go from one test to the next, each with its window: opening them costs more than
most tests do in them."""

import json
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

# A page of Weir's without styles and scripts.
BARE = "/healthz"
# What a page does that the policy forbids becomes a complaint of its window.
REPORT = (
    "document.addEventListener('securitypolicyviolation', (event) => console.error("
    "`violates the policy: ${event.violatedDirective} ${event.blockedURI}`))"
)


class _Spare(NamedTuple):
    """A browser between two tests: its window keeps its processes alive, and what they know."""

    context: BrowserContext
    page: Page
    hand: CDPSession


class Browsers:
    """Hands out browsers that know nothing, neither cookies nor what pages have stored."""

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._spare: dict[str, list[_Spare]] = {}
        self._taken: dict[BrowserContext, _Spare] = {}

    def take(self, options: dict[str, Any]) -> BrowserContext:
        """A browser that is set up in a way."""
        spare = self._spare.get(json.dumps(options, sort_keys=True))
        if not spare:
            context = self._chromium.new_context(**options)
            context.add_init_script(REPORT)
            return context
        taken = spare.pop()
        self._taken[taken.context] = taken
        return taken.context

    def window(self, context: BrowserContext) -> Page:
        """The first window of a browser: the one that it has had before, if any."""
        taken = self._taken.get(context)
        return context.new_page() if taken is None else taken.page

    def give_back(self, context: BrowserContext, options: dict[str, Any]) -> None:
        """Closes a browser's windows but for the first and makes it forget everything."""
        context.set_offline(offline=False)
        taken = self._taken.pop(context, None)
        if taken is None or taken.page.is_closed():
            page = context.pages[0] if context.pages else context.new_page()
            taken = _Spare(context, page, context.new_cdp_session(page))
        for other in context.pages:
            if other is not taken.page:
                other.close()
        self._clear(taken.page, options)
        context.clear_cookies()
        where = {"origin": options["base_url"], "storageTypes": "all"}
        taken.hand.send("Storage.clearDataForOrigin", where)
        key = json.dumps(options, sort_keys=True)
        self._spare.setdefault(key, []).append(taken)

    @staticmethod
    def _clear(page: Page, options: dict[str, Any]) -> None:
        """Makes a window what it was when it was opened."""
        page.unroute_all()
        page.goto(BARE)
        # A page that is gone is not drawn in other colours once more.
        page.emulate_media(
            color_scheme=options.get("color_scheme", "light"),
            forced_colors=options.get("forced_colors", "none"),
            reduced_motion=options.get("reduced_motion", "no-preference"),
        )
        page.evaluate("sessionStorage.clear()")
        page.mouse.up()
        page.mouse.move(0, 0)
