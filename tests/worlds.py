"""A small world for access tests: a board, and every kind of caller there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from httpx2 import Response
from sqlalchemy import select, update

from app import clock
from app.auth import service as auth
from app.auth.actor import Actor
from app.boards import membership
from app.db import Tx
from app.models import Base, Token, User
from tests import support
from tests.support import API, BoardOf, Person, Weir

NOBODY = "nobody"
STRANGER = "stranger"
VIEWER = "viewer"
MEMBER = "member"
LIAISON = "liaison"
MANAGER = "manager"
ADMINISTRATOR = "administrator"
READ_ONLY = "read-only token"
ELSEWHERE = "token of another board"
EXPIRED = "expired token"
REVOKED = "revoked token"
SWITCHED_OFF = "switched-off user"
FORMER = "former member"

# Those whose credentials are not valid, and those for whom the board does not exist.
SIGNED_OUT = {NOBODY, EXPIRED, REVOKED, SWITCHED_OFF}
OUTSIDE = {STRANGER, ELSEWHERE, FORMER}
CALLERS = (
    NOBODY,
    STRANGER,
    VIEWER,
    MEMBER,
    LIAISON,
    MANAGER,
    ADMINISTRATOR,
    READ_ONLY,
    ELSEWHERE,
    EXPIRED,
    REVOKED,
    SWITCHED_OFF,
    FORMER,
)


# To put them together takes longer than to read the rows.
_ROWS = {
    table.name: select(table).order_by(*table.primary_key) for table in Base.metadata.sorted_tables
}


class Caller(NamedTuple):
    """Somebody who asks: by a token, by the session of a browser, or with nothing."""

    name: str
    headers: dict[str, str]
    person: Person | None


class World:
    """The board OPS with a bit of everything, and its callers."""

    def __init__(self, weir: Weir) -> None:
        self.weir = weir
        self.numbers = count(1)
        self._details: dict[str, int] = {}
        manager = weir.person("Mary Manager")
        self.manager = manager
        self.board: BoardOf = manager.board("OPS")
        self.other: BoardOf = manager.board("OTHER", "simple")
        self.card = self.board.add("A card", "Backlog")
        self.blocked = self.board.add("A blocked card", "Ready")
        manager.post(f"/cards/{self.blocked['id']}/block", {"reason": "Why"})
        self.archived = self.board.add("An archived card")
        manager.post(f"/cards/{self.archived['id']}/archive")
        self.zoe = self._on_board("Zoe Zimmer", "viewer")
        people = {STRANGER: weir.person("Stan Stranger"), MANAGER: manager}
        for role in (VIEWER, MEMBER, LIAISON):
            people[role] = self._on_board(f"Mo {role.title()}", role)
        people[ADMINISTRATOR] = weir.person("Addy Admin", admin=True)
        people[READ_ONLY] = weir.token(manager, read_only=True)
        people[ELSEWHERE] = weir.token(manager, boards=["OTHER"])
        people[EXPIRED] = self._expired(manager)
        people[REVOKED] = self._revoked(manager)
        people[SWITCHED_OFF] = self._on_board("Sam Switched", "manager")
        people[FORMER] = self._on_board("Fay Former", "member")
        manager.delete(f"/boards/OPS/members/{people[FORMER].id}")
        self.weir.db.write_now(self._switch_off, people[SWITCHED_OFF].id)
        self.people: dict[str, Person] = {NOBODY: weir.nobody(), **people}

    def callers(self) -> list[Caller]:
        """Everybody, each by a token."""
        return [
            Caller(name, self.headers(self.people[name]), self.people[name]) for name in CALLERS
        ]

    @staticmethod
    def headers(person: Person) -> dict[str, str]:
        """What a person's token adds to a request."""
        return {} if person.token is None else {"Authorization": f"Bearer {person.token}"}

    def session_of(self, person: Person) -> dict[str, str]:
        """What a browser in which a person has signed in adds to a request."""
        secret = self.weir.db.write_now(lambda tx: auth.begin_session(tx, person.id, "tests", 1))
        return {"Cookie": f"{self.weir.app.state.cookie}={secret}"}

    def ask(self, caller: Caller, method: str, path: str, **more: Any) -> Response:
        """Sends a request as somebody; an event stream ends at once."""
        headers = {**caller.headers, **more.pop("headers", {})}
        hub = self.weir.app.state.hub
        hub.closing = True
        try:
            # The cookies of one caller are not those of the next.
            self.weir.client.cookies.clear()
            return self.weir.client.request(method, path, headers=headers, **more)
        finally:
            hub.closing = False

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the database holds."""
        return self.weir.db.read_now(_dump)

    # --- Things to do something with

    def number(self) -> int:
        """A number that was not there before."""
        return next(self.numbers)

    def new_card(self) -> Any:
        """A card on the board."""
        return self.board.add("A new card", "Backlog")

    def new_archived_card(self) -> Any:
        """A card in the archive."""
        card = self.new_card()
        self.manager.post(f"/cards/{card['id']}/archive")
        return card

    def new_blocked_card(self) -> Any:
        """A blocked card."""
        card = self.new_card()
        self.manager.post(f"/cards/{card['id']}/block", {"reason": "Why"})
        return card

    def detail(self, kind: str, body: Any, *, new: bool) -> int:
        """A comment, checklist, ... of the manager's on a card; its id. Unless it is to be `new`,
        always the same one."""
        if not new and kind in self._details:
            return self._details[kind]
        card = self.new_card() if new else self.card
        made = int(self.manager.post(f"/cards/{card['id']}/{kind}", body)["id"])
        if not new:
            self._details[kind] = made
        return made

    def item(self, *, new: bool) -> int:
        """An item of a checklist; its id."""
        if not new and "items" in self._details:
            return self._details["items"]
        checklist = self.detail("checklists", {"name": "To do"}, new=new)
        made = int(self.manager.post(f"/checklists/{checklist}/items", {"text": "One"})["id"])
        if not new:
            self._details["items"] = made
        return made

    def label(self, *, new: bool) -> int:
        """A label of the board; its id."""
        if not new and "labels" in self._details:
            return self._details["labels"]
        made = int(self.manager.post("/boards/OPS/labels", {"name": f"l{self.number()}"})["id"])
        if not new:
            self._details["labels"] = made
        return made

    def cord(self, *, pulled: bool) -> None:
        """Sees to it that the cord of the board is pulled, or hangs."""
        there = self.manager.get("/boards/OPS")["andon"] is not None
        if pulled and not there:
            self.manager.post("/boards/OPS/andon", {"reason": "Something is wrong"})
        elif there and not pulled:
            self.manager.post("/boards/OPS/andon/resolve", {})

    def marker(self, *, new: bool) -> int:
        """A marker of the board; its id."""
        if not new and "markers" in self._details:
            return self._details["markers"]
        body = {"at": "2026-03-02", "words": "A change"}
        made = int(self.manager.post("/boards/OPS/markers", body)["id"])
        if not new:
            self._details["markers"] = made
        return made

    def new_board(self) -> str:
        """A board of the manager's; its key."""
        return self.manager.board(f"B{self.number()}", "simple").key

    def new_part(self, kind: str, **fields: Any) -> int:
        """A column, group or lane of the board; its id."""
        body = {"name": f"New {self.number()}", **fields}
        return int(self.manager.post(f"/boards/OPS/{kind}", body)["id"])

    def new_team(self) -> str:
        """A team of the board; its name."""
        name = f"Team {self.number()}"
        self.manager.post("/boards/OPS/teams", {"name": name})
        return name

    def new_member(self) -> Person:
        """A viewer of the board."""
        return self._on_board(f"New Member{self.number()}", "viewer")

    def new_invite(self) -> str:
        """An invite link's secret."""

        def make(tx: Tx) -> str:
            assert self.manager.actor is not None
            return membership.create_invite(tx, self.manager.actor, "OPS", "viewer", 1)

        return self.weir.db.write_now(make)

    def new_token(self, person: Person) -> int:
        """A token of somebody's; its id."""

        def make(tx: Tx) -> int:
            assert person.actor is not None
            return auth.create_token(tx, person.actor, "to be revoked").row.id

        return self.weir.db.write_now(make)

    def _on_board(self, name: str, role: str) -> Person:
        person = self.weir.person(name)
        self.manager.post("/boards/OPS/members", {"email": person.email, "role": role})
        return person

    def _expired(self, person: Person) -> Person:
        later = self.weir.token(person, expires_at=clock.now() + clock.HOUR)

        def expire(tx: Tx) -> None:
            tx.execute(
                update(Token)
                .where(Token.expires_at.is_not(None))
                .values(expires_at=clock.now() - clock.SECOND)
            )

        self.weir.db.write_now(expire)
        return later

    def _revoked(self, person: Person) -> Person:
        gone = self.weir.token(person)

        def revoke(tx: Tx) -> None:
            assert isinstance(person.actor, Actor)
            newest = max(row.id for row, _ in auth.list_tokens(tx, person.actor))
            auth.revoke_token(tx, person.actor, newest)

        self.weir.db.write_now(revoke)
        return gone

    @staticmethod
    def _switch_off(tx: Tx, user_id: int) -> None:
        tx.execute(update(User).where(User.id == user_id).values(disabled_at=clock.now()))


@contextmanager
def world_on(database_url: str, folder: Path) -> Iterator[World]:
    """A world on a fresh database."""
    with support.running(database_url, folder) as weir:
        yield World(weir)


def api(path: str) -> str:
    """An address of the API."""
    return API + path


def _dump(tx: Tx) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in tx.execute(rows)] for name, rows in _ROWS.items()}
