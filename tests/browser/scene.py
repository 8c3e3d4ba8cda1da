"""A Weir at which everything can be seen, and what a sight of it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import BrowserContext, Page, expect

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
        self.stopped = weir.board(self.ada, "simple")
        self.ada.patch(f"/boards/{self.stopped.key}", {"name": "Stopped"})
        self.stopped.join(self.reader, "viewer")
        self.stopped.add("Rotate the signing key", "In progress")
        self.waiting = self.stopped.add("Bill in a worker of its own")
        self._pull()
        self.archived = weir.board(self.ada, "simple")
        self.ada.delete(f"/boards/{self.archived.key}")
        actor = self.ada.actor
        assert actor is not None
        self.invite = weir.db.write_now(membership.create_invite, actor, self.ops.key, "member", 14)
        self.password_link = weir.db.write_now(new_password_link, self.newcomer.id)
        self.empty = empty
        self.set_up = empty.db.write_now(auth.new_setup_link)
        self._windows = windows

    def _pull(self) -> None:
        """Pulls the cord of a board twice: it has a past, and it is pulled."""
        path = f"/boards/{self.stopped.key}/andon"
        self.ada.post(path, {"reason": "The nightly backup failed three times"})
        self.ada.post(f"{path}/help")
        learnt = "The disk was full, and nobody is told of it."
        done = "An alert at 80 % of the disk."
        self.ada.post(f"{path}/resolve", {"learning": learnt, "countermeasure": done})
        self.ada.post(path, {"reason": "Staging cluster rejects new pods"})

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


def visit(page: Page, url: str) -> None:
    """Goes to a page that is there."""
    answer = page.goto(url)
    assert answer is not None
    assert answer.ok, f"{url}: {answer.status}"


Show = Callable[[Page, Scene], None]


def collector(sights: list[Sight]) -> Callable[..., Callable[[Show], None]]:
    """What adds sights to a list: `@sight()`, or `@sight(READER)` for what another person sees; the
    function that leads there gives the sight its name."""

    def sight(who: str = SOMEBODY) -> Callable[[Show], None]:
        def add(show: Show) -> None:
            sights.append(Sight(show.__name__.replace("_", "-"), who, show))

        return add

    return sight
