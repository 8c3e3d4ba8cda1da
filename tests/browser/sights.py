"""Every page and every state that a page can be in, for tests that look at all of them."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import BrowserContext, Page, expect

from app import clock
from app.auth import service as auth
from app.auth.links import new_password_link
from app.boards import membership
from tests import databases
from tests.browser import sample
from tests.browser.browsers import Browsers
from tests.browser.served import Served
from tests.browser.windows import BoardWindow, Windows
from tests.support import BoardOf

SOMEBODY, READER, NOBODY, NEWCOMER = "somebody", "reader", "nobody", "newcomer"
ADMINISTRATOR = "administrator"

DESCRIPTION = """\
Billing runs **in the request** today. It shall run in a worker of its own:

- [x] Move the invoices to the queue
- [ ] Idempotent writes, see `billing/worker.py`
- [ ] Ask @Jo March for the alert

> Nothing may be billed twice.
"""


ITEMS = ["Tell support", "Write the runbook", "Try the rollback"]


class Scene:
    """A Weir with people and boards at which everything can be seen, and one without anybody."""

    def __init__(self, weir: Served, empty: Served, windows: Windows, finished: int) -> None:
        self.weir = weir
        self.ada = weir.person("Ada Lovelace", password="correct horse battery")
        self.jo = weir.person("Jo March")
        self.mk = weir.person("Mary Kenneth Keller")
        self.newcomer = weir.person("Nora Newcomer")
        self.admin = weir.person("Addy Admin", admin=True)
        self.switched_off = weir.person("Sam Switched", password="correct horse battery")
        self.admin.patch(f"/admin/users/{self.switched_off.id}", {"active": False})
        self.ops = self.ada.board("OPS")
        self.ada.patch("/boards/OPS", {"name": "Platform · Dev + Ops"})
        for person in (self.jo, self.mk):
            self.ops.join(person)
        self.reader = weir.person("Vera Reader")
        self.ops.join(self.reader, "viewer")
        self.cards = sample.fill(self.ops, self.ada, self.jo, self.mk, finished=finished)
        self._tell("Split the", "Audit log")
        for title in ("Audit log", "Retry budget", "Audit log"):
            self.ops.try_move(self.card(title), "Test")
        self._mark()
        self.ada.patch(
            f"/columns/{self.ops.column('Test')}",
            {"policy": "Acceptance tests are green.\nSomebody else has read the change."},
        )
        points = "- The release notes are *announced*\n- Somebody watches the graphs for an hour"
        self.ada.patch(
            f"/columns/{self.ops.column('Deploy')}",
            {"policy": points, "ask_before_leaving": True},
        )
        for title in ("Archived long ago", "Finds no room"):
            card = self.ops.add(title, column="Ready")
            self.ada.post(f"/cards/{card['id']}/archive")
        self.unused = weir.board(self.ada, "simple")
        self.bare = weir.board(self.ada, "empty")
        self.sample = BoardOf(self.ada, self.ada.post("/boards/sample", {})["key"])
        self.over = weir.board(self.ada, "simple")
        # By its name the first of the boards to which a card can go.
        self.ada.patch(f"/boards/{self.over.key}", {"name": "Crowded"})
        for title in ("Once", "Twice", "Thrice"):
            self.over.add(title, "In progress")
        self.over.limit("In progress", 2)
        self.ada.patch(f"/boards/{self.over.key}", {"wip_limit": 2})
        self.archived = weir.board(self.ada, "simple")
        self.ada.delete(f"/boards/{self.archived.key}")
        actor = self.ada.actor
        assert actor is not None
        self.invite = weir.db.write_now(membership.create_invite, actor, self.ops.key, "member", 14)
        self.password_link = weir.db.write_now(new_password_link, self.newcomer.id)
        self.empty = empty
        self.set_up = empty.db.write_now(auth.new_setup_link)
        self._windows = windows

    def _mark(self) -> None:
        """Sets markers on the board in use."""
        for days, words in ((40, "New deploy pipeline"), (12, "Two people more")):
            day = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
            self.ada.post(f"/boards/{self.ops.key}/markers", {"at": day, "words": words})

    def _tell(self, *titles: str) -> None:
        """Gives cards what makes them long to read."""
        for title in titles:
            card = f"/cards/{self.card(title)['id']}"
            self.ada.patch(card, {"description": DESCRIPTION, "labels": ["billing", "infra"]})
            made = self.ada.post(
                f"{card}/checklists", {"name": "Before the release", "items": ITEMS}
            )
            for item in made["items"][:2]:
                self.jo.patch(f"/checklist-items/{item['id']}", {"checked": True})
            for kind, ref in (("blocks", "OPS-3"), ("relates_to", "OPS-8"), ("child_of", "OPS-6")):
                if title == "Split the":
                    self.ada.post(f"{card}/links", {"kind": kind, "ref": ref})
            address = {"url": "https://wiki.example.org/billing", "title": "How billing works"}
            self.ada.post(f"{card}/web-links", address)
            self.jo.post(f"{card}/comments", {"body": "I can take the **alert**, tomorrow."})
            self.ada.post(f"{card}/comments", {"body": "@Jo March please, the `billing` queue."})

    def browsers(self, **look: Any) -> dict[str, BrowserContext]:
        """A browser for each kind of person."""
        people = {
            SOMEBODY: self.ada,
            READER: self.reader,
            NOBODY: None,
            NEWCOMER: self.newcomer,
            ADMINISTRATOR: self.admin,
        }
        return {who: self._windows.browser(person, **look) for who, person in people.items()}

    @property
    def url(self) -> str:
        """The address of the board in use."""
        return f"/boards/{self.ops.key}"

    def card_url(self, title: str) -> str:
        """The address of one of its cards."""
        return f"{self.url}/cards/{self.card(title)['number']}"

    def card(self, title: str) -> Any:
        """One of its cards, by the beginning of the title."""
        return next(card for card in self.cards if card["title"].startswith(title))

    def board(self, page: Page, board: Any = None) -> BoardWindow:
        """Opens a board."""
        board = board or self.ops
        visit(page, f"/boards/{board.key}")
        expect(page.locator("#live")).to_have_text("Live")
        return BoardWindow(page, board)


@contextmanager
def staged(
    chromium: Browsers, folder: Path, finished: int = sample.FINISHED
) -> Iterator[tuple[Scene, Windows]]:
    """A scene on servers of its own, with data in `folder`; no window may complain of anything."""
    weir, empty = (
        Served(databases.fresh_sqlite(folder / f"{name}.sqlite3"), folder)
        for name in ("weir", "empty")
    )
    windows = Windows(chromium, weir, again=False)
    yield Scene(weir, empty, windows, finished), windows
    windows.close()
    weir.close()
    empty.close()


class Sight(NamedTuple):
    """A page or a state of one, who sees it, and how one gets there."""

    name: str
    who: str
    show: Callable[[Page, Scene], None]


SIGHTS: list[Sight] = []


def visit(page: Page, url: str) -> None:
    """Goes to a page that is there."""
    answer = page.goto(url)
    assert answer is not None
    assert answer.ok, f"{url}: {answer.status}"


def sight(who: str = SOMEBODY) -> Callable[[Callable[[Page, Scene], None]], None]:
    """Adds a sight; the function that leads there gives it its name."""

    def add(show: Callable[[Page, Scene], None]) -> None:
        SIGHTS.append(Sight(show.__name__.replace("_", "-"), who, show))

    return add


# ---- The board -----------------------------------------------------------------------------------


@sight()
def board(page: Page, scene: Scene) -> None:
    scene.board(page)


@sight()
def board_unused(page: Page, scene: Scene) -> None:
    scene.board(page, scene.unused)


@sight()
def board_without_columns(page: Page, scene: Scene) -> None:
    scene.board(page, scene.bare)


@sight()
def board_sample(page: Page, scene: Scene) -> None:
    scene.board(page, scene.sample)


@sight()
def board_over_its_limit(page: Page, scene: Scene) -> None:
    scene.board(page, scene.over)


@sight()
def board_menu(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.open_menu(scene.card("Rate limit"))
    board.page.keyboard.press("ArrowDown")


@sight()
def board_account_menu(page: Page, scene: Scene) -> None:
    scene.board(page).page.locator("#account-button").click()
    expect(page.locator("#account-menu")).to_be_visible()


@sight()
def board_policy(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.get_by_role("button", name="Policy of Test").click()
    expect(page.get_by_text("Acceptance tests are green.")).to_be_visible()


@sight()
def board_move(page: Page, scene: Scene) -> None:
    scene.board(page).choose(scene.card("Rate limit"), "Move to…")


def choose_another_board(page: Page, scene: Scene, title: str) -> BoardWindow:
    """Goes on from the dialog of a move to the one of another board."""
    board = scene.board(page)
    board.choose(scene.card(title), "Move to…")
    board.dialog.get_by_role("link", name="Another board…").click()
    expect(board.dialog.get_by_label("Board")).to_be_focused()
    return board


@sight()
def board_transfer(page: Page, scene: Scene) -> None:
    choose_another_board(page, scene, "Rate limit")


@sight()
def board_transfer_refusal(page: Page, scene: Scene) -> None:
    board = choose_another_board(page, scene, "Audit log")
    board.dialog.get_by_label("Column").select_option("In progress (3 of 2, over)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#board-notice .notice")).to_be_visible()


@sight()
def board_transferred(page: Page, scene: Scene) -> None:
    card = scene.ops.add("Goes to another board")
    board = scene.board(page)
    board.choose(card, "Move to…")
    board.dialog.get_by_role("link", name="Another board…").click()
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Moved")


@sight()
def board_block(page: Page, scene: Scene) -> None:
    scene.board(page).choose(scene.card("Rate limit"), "Block…")


@sight()
def board_block_with_error(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.choose(scene.card("Rate limit"), "Block…")
    board.dialog.get_by_label("What does it wait for?").fill(" ")
    board.dialog.get_by_role("button", name="Block").click()
    expect(board.dialog.locator(".error")).to_be_visible()


@sight()
def board_unblock(page: Page, scene: Scene) -> None:
    scene.board(page).choose(scene.card("Raise the"), "Unblock…")


@sight()
def board_refusal(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.choose(scene.card("Audit log"), "Move to…")
    board.dialog.get_by_label("Column").select_option("Test (3 of 3, full)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(board.notice("Test")).to_be_visible()


@sight()
def board_typing(page: Page, scene: Scene) -> None:
    field = scene.board(page).quick_add("Backlog")
    field.click()
    field.fill("A card that is being typed")


@sight()
def board_toast(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    card = scene.ops.add("Goes")
    board.choose(card, "Archive")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


@sight()
def board_filter_menu(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("[popovertarget=filters]:visible").first.click()
    page.locator("#filters").get_by_text("Ops", exact=True).click()
    expect(page.locator("#filter-menu-line")).to_contain_text(" of ")


@sight()
def board_filter_menu_of_a_young_board(page: Page, scene: Scene) -> None:
    scene.board(page, scene.unused)
    page.locator("[popovertarget=filters]:visible").first.click()
    expect(page.locator("#filter-age-hint")).to_be_visible()


@sight()
def board_filtered(page: Page, scene: Scene) -> None:
    scene.board(page)
    visit(page, f"{scene.url}?assignee=me&due=none&team=dev&team=ops")
    expect(page.locator("#filter-line")).to_be_visible()


@sight()
def board_filtered_to_nothing(page: Page, scene: Scene) -> None:
    scene.board(page)
    visit(page, f"{scene.url}?q=nothing+of+the+kind")
    expect(page.locator("#filter-line")).to_contain_text("0 of")


@sight()
def board_view_menu(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("#view-button").click()
    expect(page.locator("#view-menu")).to_be_visible()


@sight()
def board_collapsed(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    for name in ("Backlog", "Done", "In production"):
        board.fold(name)
    page.evaluate("localStorage.clear()")


@sight()
def board_lane_folded(page: Page, scene: Scene) -> None:
    scene.board(page).fold_lane("Expedite")
    page.evaluate("localStorage.clear()")


@sight()
def board_compact(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("html").evaluate("(html) => { html.dataset.density = 'compact'; }")


@sight()
def board_help(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()


@sight()
def board_palette(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.title(scene.card("Rate limit")).focus()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("r")
    expect(page.locator("#palette-list")).to_contain_text("Rate limit")


@sight()
def board_peek(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.title(scene.card("Raise the")).focus()
    page.keyboard.press("Space")
    expect(page.locator("#peek")).to_be_visible()


def select(page: Page, scene: Scene) -> BoardWindow:
    """Selects three cards of the board."""
    board = scene.board(page)
    for title in ("Rate limit", "Audit log", "Split the"):
        board.title(scene.card(title)).focus()
        page.keyboard.press("x")
    expect(page.locator("#select-bar")).to_contain_text("3 selected")
    return board


@sight()
def board_selected(page: Page, scene: Scene) -> None:
    select(page, scene)


@sight()
def board_many_move(page: Page, scene: Scene) -> None:
    select(page, scene).page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_many_assign(page: Page, scene: Scene) -> None:
    select(page, scene).page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_many_label(page: Page, scene: Scene) -> None:
    select(page, scene).page.keyboard.press("l")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_many_block(page: Page, scene: Scene) -> None:
    select(page, scene).page.keyboard.press("b")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_many_refusal(page: Page, scene: Scene) -> None:
    board = select(page, scene)
    page.keyboard.press("m")
    board.dialog.get_by_label("Column").select_option("Test (3 of 3, full)")
    board.dialog.get_by_role("button", name="Move 3 cards").click()
    expect(board.notice("Test")).to_be_visible()


@sight()
def board_title(page: Page, scene: Scene) -> None:
    scene.board(page).title(scene.card("Rate limit")).focus()
    page.keyboard.press("e")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_several_lines(page: Page, scene: Scene) -> None:
    field = scene.board(page).quick_add("Backlog")
    field.focus()
    paste(page, "One\nTwo\nThree")
    expect(page.get_by_role("button", name="Create 3 cards")).to_be_visible()


def paste(page: Page, text: str) -> None:
    """Pastes a text where the focus is."""
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData('text/plain', text);
            const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true });
            document.activeElement.dispatchEvent(paste);
        }""",
        text,
    )


@sight()
def board_offline(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.context.set_offline(True)
    expect(page.locator("#offline-band")).to_be_visible()
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#live")).to_have_text(re.compile("Offline|Live|Reconnecting"))


@sight()
def board_limit(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.get_by_role("link", name="Ready, 2 of 5").click()
    expect(page.get_by_label("Cards at most")).to_be_focused()


@sight()
def board_limit_of_each_person(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("#view-button").click()
    page.locator("#view-limit-person").click()
    expect(page.get_by_label("Cards at most")).to_be_focused()


@sight()
def board_limit_with_error(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.get_by_role("link", name="Ready, 2 of 5").click()
    page.get_by_label("Cards at most").fill("0")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("It must be at least 1.")).to_be_visible()


@sight()
def board_question(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.choose(scene.card("Upgrade"), "Move to…")
    board.dialog.get_by_label("Column").select_option("In production")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("heading", name="leaves Deploy")).to_be_visible()
    page.get_by_label("announced").check()


# ---- A card --------------------------------------------------------------------------------------


@sight()
def card(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))


@sight()
def card_blocked(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Raise the"))


@sight()
def card_empty(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Nightly load test"))


@sight()
def card_long_ago_done(page: Page, scene: Scene) -> None:
    done = next(card for card in scene.ops.cards() if card["done_at"])
    visit(page, f"{scene.url}/cards/{done['number']}")


@sight()
def card_panel(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.title(scene.card("Audit log")).click()
    expect(page.locator("#panel")).to_contain_text("Audit log export")


@sight(READER)
def card_for_a_viewer(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))


@sight()
def card_editing(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#description-edit").click()
    expect(page.get_by_role("textbox", name="Description")).to_be_focused()


@sight()
def card_picking_people(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#field-assignees").click()
    page.locator("#field-labels").click()


@sight()
def card_adding(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    for each in ("checklist-add", "link-add", "address-add"):
        page.locator(f"#{each}").click()
    page.locator(".items .row-edit > summary").first.click()
    page.locator(".comment .editor > summary").first.click()


@sight()
def card_mentioning(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#comment-body").press_sequentially("Thanks, @ma")
    expect(page.get_by_role("listbox", name="Members")).to_be_visible()


@sight()
def card_discarding(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#panel-discard").click()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()


@sight()
def card_conflict(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Export invoices"))
    page.locator("#description-edit").click()
    field = page.get_by_role("textbox", name="Description")
    field.fill("With the VAT number of each customer")
    url = f"/cards/{scene.card('Export invoices')['id']}"
    version = scene.jo.get(url)["version"]
    scene.jo.patch(url, {"description": f"With the tax number of each customer, draft {version}"})
    field.press("Control+Enter")
    expect(page.locator(".conflict")).to_be_visible()


@sight()
def card_with_errors(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#panel-title").fill(" ")
    page.locator("#panel-title").press("Enter")
    expect(page.locator("#panel .error")).to_be_visible()


@sight()
def card_refusal(page: Page, scene: Scene) -> None:
    scene.ada.patch(scene.url, {"person_wip_limit": 1})
    visit(page, scene.card_url("Backup restore"))
    page.locator("#field-assignees").click()
    page.get_by_role("checkbox", name="Mary").click()
    expect(page.locator("#panel .notice")).to_be_visible()
    scene.ada.patch(scene.url, {"person_wip_limit": None})


@sight()
def card_move(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the") + "/move")


@sight()
def card_transfer(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the") + "/transfer")


@sight()
def card_transfer_refusal(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the") + f"/transfer?board={scene.over.key}")
    page.get_by_label("Column").select_option("In progress (3 of 2, over)")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator(".notice")).to_be_visible()


@sight()
def card_archived_in_its_panel(page: Page, scene: Scene) -> None:
    card = scene.ops.add("Goes to the archive")
    visit(page, f"{scene.url}/cards/{card['number']}")
    page.locator("#panel-archive").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


@sight()
def card_question(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Upgrade") + "/move")
    page.get_by_label("Column").select_option("In production")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("heading", name="leaves Deploy")).to_be_visible()


@sight()
def card_block(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the") + "/block")


@sight()
def card_unblock(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Raise the") + "/block")


# ---- Around a board ------------------------------------------------------------------------------


@sight()
def flow(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow")


@sight()
def flow_with_problems(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow?range=1y")
    page.locator("#refusals-list").click()
    for name in ("blockers", "refusals", "work-mix", "markers"):
        page.locator(f"#{name}-help").click()
    expect(page.locator("#markers")).to_be_visible()


@sight()
def flow_wrong_target(page: Page, scene: Scene) -> None:
    page.goto(f"{scene.url}/flow?target=much")
    expect(page.locator("#work-mix-problem")).to_be_visible()


@sight()
def markers(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow/markers")


@sight(READER)
def markers_for_a_reader(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow/markers")


@sight()
def markers_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow/markers")
    page.locator("#marker-words").fill(" ")
    page.locator("#marker-day").fill("2026-03-02")
    page.get_by_role("button", name="Set the marker").click()
    expect(page.locator("#marker-words-help")).to_be_visible()


@sight()
def flow_sample(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.sample.key}/flow")


@sight()
def flow_card(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow?card={scene.card('Raise the')['number']}")
    expect(page.locator("#panel-name")).to_contain_text("Raise the")


@sight()
def flow_as_of(page: Page, scene: Scene) -> None:
    day = clock.to_datetime(clock.now()).date() - timedelta(days=8)
    visit(page, f"{scene.url}/flow?as_of={day}")
    expect(page.locator("#aging-sentence")).to_contain_text("At the end of")


@sight()
def flow_walked(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow")
    box = page.locator("#times-scatter .chart-box[data-drawn]")
    for key in ("End", "Enter"):
        box.press(key)
    expect(page.locator("#times-scatter-pinned")).to_be_visible()


@sight()
def flow_filter(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow?team=ops")
    page.get_by_role("button", name="Team").click()
    page.locator("#histogram-table").click()


@sight()
def flow_explained(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow")
    page.locator("#aging-chart-table").click()
    page.locator("#aging-help").click()


@sight()
def flow_stream(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.sample.key}/flow")
    page.locator("#stream-table").click()
    page.locator("#stream-map .stream-card").nth(1).press("Enter")


@sight()
def flow_forecast(page: Page, scene: Scene) -> None:
    today = clock.to_datetime(clock.now()).date()
    query = f"items=12&sample_from={today - timedelta(days=40)}&interval=day"
    visit(page, f"/boards/{scene.sample.key}/flow?{query}")
    page.locator("#forecast-when-table").click()
    page.locator("#forecast-help").click()
    page.locator("#throughput-help").click()


@sight()
def flow_with_a_wrong_forecast(page: Page, scene: Scene) -> None:
    page.goto(f"{scene.url}/flow?items=0&interval=year")


@sight()
def flow_without_cards(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.unused.key}/flow")


@sight()
def flow_with_errors(page: Page, scene: Scene) -> None:
    page.goto(f"{scene.url}/flow?from=2026-04-01&to=2026-03-01")


@sight()
def portfolio(page: Page, scene: Scene) -> None:
    visit(page, "/portfolio?sort=-lost")
    page.locator("#portfolio-help").click()


@sight(NEWCOMER)
def portfolio_without_boards(page: Page, scene: Scene) -> None:
    visit(page, "/portfolio")


@sight()
def standup(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/standup")


@sight()
def standup_card(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/standup")
    page.locator(".part-blocked .standup-title").first.click()
    expect(page.locator("#panel-blocked")).to_be_visible()


@sight()
def standup_unused(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.unused.key}/standup")


@sight()
def flow_constraint(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.sample.key}/flow")
    page.locator("#constraint-little-table").click()
    page.locator("#constraint-help").click()


@sight()
def archive(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/archive")


@sight()
def archive_refusal(page: Page, scene: Scene) -> None:
    while scene.ops.try_add("Fills", "Ready").is_success:
        pass
    visit(page, f"{scene.url}/archive")
    page.get_by_role("button", name=re.compile("Finds no room")).click()
    expect(page.locator(".notice")).to_be_visible()
    for each in scene.ops.cards():
        if each["title"] == "Fills":
            scene.ada.post(f"/cards/{each['id']}/archive")


@sight()
def archive_search(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/archive?q=long")
    page.get_by_role("checkbox").first.check()


@sight()
def archive_empty(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.unused.key}/archive")


@sight()
def people(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/people")
    page.get_by_text("What may each role do?").click()


@sight()
def people_invite(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.unused.key}/people")
    page.get_by_role("button", name="Make an invite link").click()


@sight()
def people_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/people")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def exchange(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/import")


@sight(READER)
def exchange_for_a_viewer(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/import")


@sight()
def exchange_tried(page: Page, scene: Scene) -> None:
    card = {"title": "Old", "created_at": "2020-01-01T00:00:00Z", "column": "Backlog"}
    _paste_import(page, scene, {"format": "weir-history/1", "cards": [card]})
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_text("would come onto the board")).to_be_visible()


@sight()
def exchange_with_errors(page: Page, scene: Scene) -> None:
    card = {"title": "Old", "created_at": "2020-01-01T00:00:00Z", "column": "Nowhere"}
    moves = [{"at": "2019-01-01T00:00:00Z", "to": "Ready"}]
    cards = [{**card, "moves": moves}, {**card, "lane": "No lane"}]
    _paste_import(page, scene, {"format": "weir-history/1", "cards": cards})
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("cards[0].moves[0].at")).to_be_visible()


def _paste_import(page: Page, scene: Scene, document: Any) -> None:
    visit(page, f"{scene.url}/import")
    page.get_by_text("Paste its text instead").click()
    page.get_by_label("Text of the file").fill(json.dumps(document, indent=1))


# ---- Settings ------------------------------------------------------------------------------------


@sight()
def settings_board(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings")


@sight()
def settings_board_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings")
    page.get_by_label("Limit of the board").fill("0")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def settings_board_archived(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.archived.key}/settings")


@sight()
def settings_columns(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/columns")


@sight()
def settings_columns_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/columns")
    page.get_by_label("Name").fill(" ")
    page.get_by_role("button", name="Add the column").click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def settings_columns_none(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.bare.key}/settings/columns")


@sight()
def settings_columns_archived(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.archived.key}/settings/columns")


@sight()
def settings_column(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/columns/{scene.ops.column('Test')}")


@sight()
def settings_column_preview(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/columns/{scene.ops.column('Ready')}")
    page.get_by_label("Active").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("another start of work")).to_be_visible()


@sight()
def settings_groups(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/groups")


@sight()
def settings_group(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/groups/{scene.ops.group('Development')}")


@sight()
def settings_labels(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/labels")


@sight()
def settings_labels_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/labels")
    page.get_by_label("Name of the label api").fill("infra")
    page.get_by_role("button", name="Save api").click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def settings_lanes(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/lanes")


@sight()
def settings_lane(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/lanes/{scene.ops.lane('Expedite')}")


@sight()
def boards_list(page: Page, scene: Scene) -> None:
    visit(page, "/boards")


@sight(NEWCOMER)
def boards_none(page: Page, scene: Scene) -> None:
    visit(page, "/boards")


@sight()
def board_new(page: Page, scene: Scene) -> None:
    visit(page, "/boards/new")


@sight()
def board_new_copy(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/new?copy_of={scene.ops.key}")


@sight()
def board_new_with_errors(page: Page, scene: Scene) -> None:
    visit(page, "/boards/new")
    page.get_by_label("Name").fill("Another")
    page.get_by_label("Key").fill(scene.ops.key)
    page.get_by_role("button", name="Make the board").click()
    expect(page.locator(".error")).to_be_visible()


# ---- Accounts ------------------------------------------------------------------------------------


@sight()
def account(page: Page, scene: Scene) -> None:
    visit(page, "/account")


@sight()
def account_token(page: Page, scene: Scene) -> None:
    visit(page, "/account")
    page.get_by_label("What is it for?").fill("Nightly report")
    page.get_by_label("Ends after (days)").fill("30")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#new-token")).to_be_visible()


@sight()
def account_with_errors(page: Page, scene: Scene) -> None:
    visit(page, "/account")
    page.get_by_label("What is it for?").fill("Nightly report")
    page.get_by_label("Ends after (days)").fill("99999")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def account_with_a_wrong_password(page: Page, scene: Scene) -> None:
    visit(page, "/account")
    page.get_by_label("Password until now").fill("wrong password")
    page.get_by_label("New password").fill("staple of a better horse")
    page.get_by_label("The new one again").fill("staple of another horse")
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator(".error")).to_be_visible()


@sight(NOBODY)
def password_link(page: Page, scene: Scene) -> None:
    visit(page, f"/password/{scene.password_link}")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_label("The same again").fill("battery staple horse")
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator(".error")).to_be_visible()


@sight(NOBODY)
def sign_in(page: Page, scene: Scene) -> None:
    visit(page, "/sign-in")


@sight(NOBODY)
def sign_in_with_error(page: Page, scene: Scene) -> None:
    visit(page, "/sign-in")
    page.get_by_label("E-mail").fill(scene.ada.email)
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


@sight(NOBODY)
def invite(page: Page, scene: Scene) -> None:
    visit(page, f"/invite/{scene.invite}")


@sight(NEWCOMER)
def invite_with_account(page: Page, scene: Scene) -> None:
    visit(page, f"/invite/{scene.invite}")


@sight(NOBODY)
def invite_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"/invite/{scene.invite}")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill(scene.ada.email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Make an account and join").click()
    expect(page.locator(".error")).to_be_visible()


@sight(NOBODY)
def setup(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.empty.url}/setup?t={scene.set_up}")


@sight(NOBODY)
def setup_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.empty.url}/setup?t={scene.set_up}")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".error")).to_be_visible()


@sight(NOBODY)
def setup_done(page: Page, scene: Scene) -> None:
    page.goto("/setup?t=spent")


@sight()
def help_page(page: Page, scene: Scene) -> None:
    visit(page, "/help")


# ---- The installation ----------------------------------------------------------------------------


@sight(ADMINISTRATOR)
def admin_people(page: Page, scene: Scene) -> None:
    visit(page, "/admin")


@sight(ADMINISTRATOR)
def admin_people_with_errors(page: Page, scene: Scene) -> None:
    visit(page, "/admin")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill(scene.ada.email)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".error")).to_be_visible()


@sight(ADMINISTRATOR)
def admin_person(page: Page, scene: Scene) -> None:
    visit(page, f"/admin/users/{scene.mk.id}")
    page.get_by_role("button", name="Make a link to a new password").click()
    expect(page.locator("#new-link")).to_be_visible()


@sight(ADMINISTRATOR)
def admin_person_switched_off(page: Page, scene: Scene) -> None:
    visit(page, f"/admin/users/{scene.switched_off.id}")


@sight(ADMINISTRATOR)
def admin_boards(page: Page, scene: Scene) -> None:
    visit(page, "/admin/boards")


@sight(ADMINISTRATOR)
def admin_health(page: Page, scene: Scene) -> None:
    visit(page, "/admin/health")


@sight()
def error_not_allowed(page: Page, scene: Scene) -> None:
    page.goto("/admin")


@sight()
def error_not_found(page: Page, scene: Scene) -> None:
    page.goto("/boards/NOSUCH")
