"""Browser windows on Weir: one for each person, with hands for dragging and eyes for complaints."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from playwright.sync_api import (
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    WebError,
    expect,
)

from tests.browser.browsers import Browsers
from tests.browser.served import Served
from tests.support import BoardOf, Person

LANE = "Standard"
SECONDS_TO_DRAG = 20
# What is waited for comes at once; a busy machine may take this many seconds.
PATIENCE = 20
WIDE = {"width": 2100, "height": 900}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 1,
}

TABLET: dict[str, Any] = {"viewport": WIDE, "has_touch": True}

# The browser itself notes each answer of 400 and above; the pages know what to do with these.
KNOWN = r"Failed to load resource: the server responded with a status of (401|403|404|409|422|429)"


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Waits for something that Playwright cannot wait for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it has not come to pass"
        time.sleep(0.02)


expect.set_options(timeout=PATIENCE * 1000)


class Windows:
    """Opens windows, each in a browser of its own, and collects what they complain of."""

    def __init__(self, chromium: Browsers, weir: Served, *, again: bool = True) -> None:
        """`again`: the same Weir is going to be opened again, by a later test."""
        self._chromium = chromium
        self._again = again
        self._weir = weir
        self._open: list[tuple[BrowserContext, dict[str, Any]]] = []
        self._for_once: set[BrowserContext] = set()
        self._allowed = [re.compile(KNOWN)]
        self.complaints: list[str] = []

    def open(self, person: Person | None = None, path: str = "/boards", **options: Any) -> Page:
        """A window of somebody who is signed in (or of nobody), at a page."""
        page = self._chromium.window(self.browser(person, **options))
        page.goto(path)
        return page

    def browser(self, person: Person | None = None, **options: Any) -> BrowserContext:
        """A browser without a window yet."""
        setting = {"base_url": self._weir.url, **options}
        context = self._chromium.take(setting)
        context.set_default_timeout(2 * PATIENCE * 1000)
        self._open.append((context, setting))
        context.on("console", self._heard)
        context.on("weberror", self._failed)
        context.on("dialog", self._alerted)
        if person is not None:
            self.sign_in(context, person)
        return context

    def browser_with_clock(self, person: Person) -> BrowserContext:
        """A browser whose clock obeys `clock`."""
        context = self.browser(person)
        context.clock.install()
        self.keep_for_this_test(context)
        return context

    def keep_for_this_test(self, context: BrowserContext) -> None:
        """What is done to this browser cannot be undone: no other test gets it."""
        self._for_once.add(context)

    def sign_in(self, context: BrowserContext, person: Person) -> None:
        """Gives a browser the cookie of a session."""
        name = self._weir.app.state.cookie
        cookie = {"name": name, "value": self._weir.session(person), "url": self._weir.url}
        context.add_cookies([cookie])  # type: ignore[list-item]  # strings alone

    def board(self, board: BoardOf, person: Person | None = None, **options: Any) -> BoardWindow:
        """A window on a board, connected to its stream."""
        chosen = {"viewport": WIDE, **options}
        page = self.open(person or board.person, f"/boards/{board.key}", **chosen)
        if chosen.get("java_script_enabled", True):
            expect(page.locator("#live")).to_have_text("Live")
        return BoardWindow(page, board)

    def allow(self, pattern: str) -> None:
        """Lets the browser complain of something that the test has caused."""
        self._allowed.append(re.compile(pattern))

    def close(self) -> None:
        """Closes every window; there must have been nothing to complain of."""
        for context, setting in self._open:
            if self._again and context not in self._for_once:
                self._chromium.give_back(context, setting)
            else:
                context.close()
            context.remove_listener("console", self._heard)
            context.remove_listener("weberror", self._failed)
            context.remove_listener("dialog", self._alerted)
        assert not self.complaints, "\n".join(self.complaints)

    def _alerted(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _failed(self, problem: WebError) -> None:
        self.complaints.append(f"error: {problem.error}")

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if not any(known.search(message.text) for known in self._allowed):
            self.complaints.append(f"{message.type}: {message.text} at {message.location}")


class BoardWindow:
    """A window on a board; columns and lanes go by their names, cards by their JSON."""

    def __init__(self, page: Page, board: BoardOf) -> None:
        self.page = page
        self.board = board
        read = board.read()
        self._columns = {column["name"]: int(column["id"]) for column in read["columns"]}
        self._lanes = {lane["name"]: int(lane["id"]) for lane in read["lanes"]}
        self._groups = {group["name"]: int(group["id"]) for group in read["groups"]}

    # What is there.

    def column(self, name: str) -> Locator:
        """A column."""
        return self.page.locator(f"#col-{self._columns[name]}")

    def cell(self, column: str, lane: str = LANE) -> Locator:
        """A column's part of a lane."""
        return self.page.locator(f"#{self.cell_id(column, lane)}")

    def cell_id(self, column: str, lane: str = LANE) -> str:
        """The id of a column's part of a lane."""
        return f"cell-{self._columns[column]}-{self._lanes[lane]}"

    def card(self, card: Any) -> Locator:
        """A card."""
        return self.page.locator(f"#card-{card['id']}")

    def title(self, card: Any) -> Locator:
        """A card's title, which is the link to its page."""
        return self.page.locator(f"#card-{card['id']}-link")

    def menu_button(self, card: Any) -> Locator:
        """A card's ⋯."""
        return self.page.locator(f"#card-{card['id']}-menu")

    def item(self, words: str) -> Locator:
        """An entry of the open menu."""
        return self.page.locator("#card-menu").get_by_role("menuitem", name=words, exact=True)

    @property
    def menu(self) -> Locator:
        """The menu of a card."""
        return self.page.locator("#card-menu")

    @property
    def dialog(self) -> Locator:
        """The dialog over the board."""
        return self.page.locator("#dialog")

    def quick_add(self, column: str) -> Locator:
        """The field at the foot of a column."""
        return self.page.locator(f"#col-{self._columns[column]}-title")

    def notice(self, column: str) -> Locator:
        """The notice in a column."""
        return self.page.locator(f"#col-{self._columns[column]}-notice .notice")

    def count(self, column: str) -> Locator:
        """The chip in a column's header, as it is seen."""
        return self.column(column).locator(".column-head .wip > [aria-hidden]")

    def group_count(self, group: str) -> Locator:
        """The chip in a group's header, as it is seen."""
        return self.page.locator(f"#group-{self._groups[group]}-head .wip > [aria-hidden]")

    def lane_head(self, lane: str) -> Locator:
        """A lane's header."""
        return self.page.locator(f"#lane-{self._lanes[lane]}-head")

    @property
    def spoken(self) -> Locator:
        """What screen readers are told."""
        return self.page.locator("#live-region")

    # What must be so.

    def shows(self, column: str, *cards: Any, lane: str = LANE, within: float = PATIENCE) -> None:
        """The cards of a cell are these, from top to bottom, and nowhere else on the page."""
        refs = [card["ref"] for card in cards]
        found = self.cell(column, lane).locator(":scope > .card > .card-row:first-child > .ref")
        expect(found).to_have_text(refs, timeout=within * 1000)
        for card in cards:
            expect(self.card(card)).to_have_count(1)

    def is_what_the_server_says(self) -> None:
        """Every cell holds the server's cards in the server's order, once the answers are here."""
        until(lambda: self._seen() == self._told())

    def _told(self) -> dict[str, list[str]]:
        told: dict[str, list[str]] = {}
        for card in sorted(self.board.cards(), key=lambda card: int(card["position"])):
            place = f"cell-{card['column_id']}-{card['lane_id']}"
            told.setdefault(place, []).append(card["ref"])
        return told

    def _seen(self) -> dict[str, list[str]]:
        seen: dict[str, list[str]] = self.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll('.cell')]
                .filter((cell) => cell.querySelector('.card'))
                .map((cell) => [cell.id,
                    [...cell.querySelectorAll('.card')].map((card) => card.dataset.ref)]))"""
        )
        return seen

    @contextmanager
    def told(self, changes: int) -> Iterator[None]:
        """The page's stream brings it the news of so many changes, whatever it does with them."""
        cdp = self.page.context.new_cdp_session(self.page)
        news = 0

        def heard(_: Any) -> None:
            nonlocal news
            news += 1

        cdp.on("Network.eventSourceMessageReceived", heard)
        cdp.send("Network.enable")
        yield
        until(lambda: self.page.evaluate("1") and news >= changes)
        cdp.detach()

    # Hands.

    def drag(self, card: Any) -> Drag:
        """Takes a card with the mouse."""
        return Drag(self, card)

    def press_on(self, card: Any) -> Finger:
        """Takes a card with a finger: a long press."""
        return Finger(self, card)

    def open_menu(self, card: Any) -> None:
        """Opens a card's menu with the mouse."""
        self.menu_button(card).click()
        expect(self.menu).to_be_visible()

    def choose(self, card: Any, words: str) -> None:
        """Chooses an entry of a card's menu with the mouse; the dialog that it leads to is open."""
        self.open_menu(card)
        self.item(words).click()
        if words.endswith("…"):
            expect(self.dialog).to_be_visible()

    def fold(self, column: str) -> None:
        """Collapses a column, or expands it."""
        self.fold_button(column).evaluate("(button) => button.click()")

    def fold_button(self, column: str) -> Locator:
        """What collapses and expands a column."""
        return self.page.locator(f"#col-{self._columns[column]}-fold")

    def fold_lane(self, lane: str) -> None:
        """Folds a lane, or unfolds it."""
        self.page.locator(f"#lane-{self._lanes[lane]}-fold").evaluate("(button) => button.click()")

    def remember(self) -> None:
        """Leaves a mark that a reload would wipe out."""
        self.page.evaluate("window.mark = 'here'")

    def was_not_reloaded(self) -> None:
        """The mark is still there."""
        assert self.page.evaluate("window.mark") == "here"


# Where the pointer must go so that the card lies where it is wanted, and whether it lies there.
AIM = """([card, list, before, after]) => {
    const byId = (id) => id && document.getElementById(id);
    // Under a finger a copy of the card is carried, with the card's id.
    const held = document.querySelector('.card.is-ghost') ?? byId(card);
    const cell = byId(list);
    const cards = [...cell.querySelectorAll(':scope > .card:not(.is-lifted):not([hidden])')];
    const others = cards.filter((each) => each !== held);
    const [above, below] = [byId(after), byId(before)];
    const at = cards.indexOf(held);
    const there = at >= 0 && (
        below ? cards[at + 1] === below : above ? cards[at - 1] === above : at === others.length);
    const target = below ?? above ?? others.at(-1) ?? cell;
    target.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const box = target.getBoundingClientRect();
    const share = below ? 0.2 : target === cell ? 0.5 : 0.8;
    return { x: box.x + box.width / 2, y: box.y + box.height * share, there };
}"""


class Drag:
    """A card in the hand of the mouse."""

    def __init__(self, window: BoardWindow, card: Any) -> None:
        self.window = window
        self.page = window.page
        self.card_id = f"card-{card['id']}"
        item = window.card(card)
        item.scroll_into_view_if_needed()
        box = item.bounding_box()
        assert box is not None
        self._take(box["x"] + box["width"] / 2, box["y"] + 12)

    def over(self, column: str, *, lane: str = LANE, before: Any = None, after: Any = None) -> Self:
        """Carries the card over a place of a column: its end, or beside another card."""
        cell = self.window.cell_id(column, lane)
        beside = [other and f"card-{other['id']}" for other in (before, after)]
        deadline = time.monotonic() + SECONDS_TO_DRAG
        for step in range(10_000):
            aim = self.page.evaluate(AIM, [self.card_id, cell, *beside])
            if aim["there"]:
                return self
            assert time.monotonic() < deadline, f"the card does not come to {cell}"
            # A hand is never quite still, and what it points at moves out of the way.
            self._move(aim["x"] + step % 3, aim["y"] + step % 2)
        raise AssertionError

    def drop(self) -> None:
        """Lets the card go."""
        self.page.mouse.up()

    def cancel(self) -> None:
        """Presses Escape, and lets go."""
        self.page.keyboard.press("Escape")
        self.page.mouse.up()

    def _take(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 8, y + 8, steps=4)
        expect(self.page.locator("#board.is-dragging")).to_be_attached()

    def _move(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y, steps=2)


class Finger(Drag):
    """A card under a finger."""

    def drop(self) -> None:
        """Lifts the finger."""
        self._touch("touchEnd", [])

    def cancel(self) -> None:
        """The system takes the touch away, as when a call comes in."""
        self._touch("touchCancel", [])

    def _take(self, x: float, y: float) -> None:
        self._cdp = self.page.context.new_cdp_session(self.page)
        self._touch("touchStart", [(x, y)])
        expect(self.page.locator(f"#{self.card_id}.is-chosen")).to_be_attached()
        self._touch("touchMove", [(x + 4, y + 4)])
        self._touch("touchMove", [(x + 8, y + 8)])
        expect(self.page.locator("#board.is-dragging")).to_be_attached()

    def _move(self, x: float, y: float) -> None:
        self._touch("touchMove", [(x, y)])

    def _touch(self, kind: str, points: Sequence[tuple[float, float]]) -> None:
        touch(self._cdp, kind, points)


def swipe(page: Page, at: Locator, by: float) -> None:
    """Wipes a finger sideways over something, by so many pixels to the right."""
    cdp = page.context.new_cdp_session(page)
    box = at.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch(cdp, "touchStart", [(x, y)])
    for step in range(1, 11):
        touch(cdp, "touchMove", [(x + by * step / 10, y)])
    touch(cdp, "touchEnd", [])


def touch(cdp: CDPSession, kind: str, points: Sequence[tuple[float, float]]) -> None:
    """Touches the screen, or lets go of it."""
    where = [{"x": x, "y": y} for x, y in points]
    cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})
