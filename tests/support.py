"""Weir as the tests drive it: an application on a fresh database, people with tokens, a board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx2 import Client, Request, Response
from starlette.testclient import TestClient

from app.auth import service as auth
from app.auth.actor import Actor
from app.config import Settings
from app.db import Database, Tx
from app.main import create_app

API = "/api/v1"


class Person:
    """Somebody with an account, who asks by a token (or with none, by nothing)."""

    def __init__(self, weir: Weir, actor: Actor | None, token: str | None) -> None:
        self.weir = weir
        self.actor = actor
        self.token = token

    @property
    def id(self) -> int:
        """The person's id."""
        assert self.actor is not None
        return self.actor.id

    @property
    def email(self) -> str:
        """The person's address."""
        assert self.actor is not None
        return self.actor.email

    def ask(self, method: str, path: str, **more: Any) -> Response:
        """Sends a request to the API: `ask("POST", "/boards", json=...)`."""
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.weir.client.request(method, API + path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        """The JSON of a GET that succeeds."""
        return self._done(self.ask("GET", path, **more))

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """The JSON of a POST that succeeds."""
        return self._done(self.ask("POST", path, json=body, **more))

    def patch(self, path: str, body: Any, **more: Any) -> Any:
        """The JSON of a PATCH that succeeds."""
        return self._done(self.ask("PATCH", path, json=body, **more))

    def delete(self, path: str, **more: Any) -> None:
        """A DELETE that succeeds."""
        self._done(self.ask("DELETE", path, **more))

    @staticmethod
    def _done(response: Response) -> Any:
        assert response.is_success, f"{response.status_code}: {response.text}"
        return response.json() if response.content else None

    def board(self, key: str = "OPS", template: str = "dev-ops", **more: Any) -> BoardOf:
        """Makes a board; the person is its manager."""
        body = {"key": key, "name": f"{key} board", "template": template, **more}
        self.post("/boards", body)
        return BoardOf(self, key)


class BoardOf:
    """A board as one person uses it; columns and lanes go by their names."""

    def __init__(self, person: Person, key: str) -> None:
        self.person = person
        self.key = key

    def seen_by(self, person: Person) -> BoardOf:
        """The same board in somebody else's hands."""
        return BoardOf(person, self.key)

    def join(self, person: Person, role: str = "member") -> None:
        """Makes somebody a member."""
        body = {"email": person.email, "role": role}
        self.person.post(f"/boards/{self.key}/members", body)

    def read(self) -> Any:
        """The board's JSON."""
        return self.person.get(f"/boards/{self.key}")

    def column(self, name: str) -> int:
        """A column's id."""
        return self._place("columns", name)

    def lane(self, name: str) -> int:
        """A lane's id."""
        return self._place("lanes", name)

    def group(self, name: str) -> int:
        """A group's id."""
        return self._place("groups", name)

    def _place(self, kind: str, name: str) -> int:
        """A place's id: read once, until something may have changed the shape of a board."""
        places = self.person.weir.places
        if (self.key, kind, name) not in places:
            read = self.read()
            for each in ("columns", "lanes", "groups"):
                # Of several with one name the first one is meant.
                for place in reversed(read[each]):
                    places[self.key, each, place["name"]] = int(place["id"])
        return places[self.key, kind, name]

    def add(self, title: str = "A card", column: str | None = None, **fields: Any) -> Any:
        """Creates a card; its JSON."""
        if column is not None:
            fields["column_id"] = self.column(column)
        return self.person.post(f"/boards/{self.key}/cards", {"title": title, **fields})

    def try_add(self, title: str = "A card", column: str | None = None, **fields: Any) -> Response:
        """Tries to create a card."""
        if column is not None:
            fields["column_id"] = self.column(column)
        body = {"title": title, **fields}
        return self.person.ask("POST", f"/boards/{self.key}/cards", json=body)

    def move(self, card: Any, column: str, **place: Any) -> Any:
        """Moves a card; its JSON then."""
        response = self.try_move(card, column, **place)
        assert response.status_code == 200, response.text
        return response.json()["card"]

    def try_move(self, card: Any, column: str, **place: Any) -> Response:
        """Tries to move a card."""
        body = {"column_id": self.column(column), **place}
        return self.person.ask("POST", f"/cards/{card['id']}/move", json=body)

    def limit(self, column: str, wip_limit: int | None) -> None:
        """Sets a column's limit."""
        self.person.patch(f"/columns/{self.column(column)}", {"wip_limit": wip_limit})

    def cards(self, **query: Any) -> list[Any]:
        """All cards of the board, through all pages."""
        return self._all("cards", query)

    def events(self, after: int = 0) -> list[Any]:
        """The whole history after a seq."""
        return self._all("activity", {"after": after})

    def _all(self, what: str, query: dict[str, Any]) -> list[Any]:
        items: list[Any] = []
        cursor = None
        while True:
            params = {"limit": 200, **query, **({"cursor": cursor} if cursor else {})}
            page = self.person.get(f"/boards/{self.key}/{what}", params=params)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items


class Weir:
    """A running application, its database, and a client that asks it."""

    def __init__(self, app: FastAPI, client: Client) -> None:
        self.app = app
        self.client = client
        self.db: Database = app.state.db
        self.settings: Settings = app.state.settings
        # The ids of columns, lanes and groups by the board's key and their names.
        self.places: dict[tuple[str, str, str], int] = {}
        client.event_hooks = {"request": [self._may_change_shapes]}

    def person(
        self,
        name: str,
        *,
        admin: bool = False,
        password: str | None = None,
        email: str | None = None,
    ) -> Person:
        """Makes an account with a token: `person("Ada Lovelace")` is ada.lovelace@example.org."""
        email = email or name.lower().replace(" ", ".") + "@example.org"
        kept = None if password is None else self.app.state.passwords.hash(password)

        def make(tx: Tx) -> tuple[Actor, str]:
            user_id = auth.add_user(tx, email, name, kept, is_admin=admin)
            actor = Actor(user_id, name, email, admin)
            return actor, auth.create_token(tx, actor, "tests").secret

        actor, token = self.db.write_now(make)
        return Person(self, actor, token)

    def token(self, person: Person, **more: Any) -> Person:
        """The same person with another token (`read_only`, `boards`, `expires_at`)."""
        actor = person.actor
        assert actor is not None
        made = self.db.write_now(lambda tx: auth.create_token(tx, actor, "another", **more))
        return Person(self, actor, made.secret)

    def nobody(self) -> Person:
        """Somebody without credentials."""
        return Person(self, None, None)

    def _may_change_shapes(self, request: Request) -> None:
        """What goes to cards alone leaves the shapes of boards alone."""
        if request.method != "GET" and "/cards" not in request.url.path:
            self.places.clear()


@contextmanager
def running(database_url: str, data_dir: Path, **settings: Any) -> Iterator[Weir]:
    """Weir on a migrated database, with passwords that are cheap to hash. Who asks one thing after
    the other needs one connection of each kind: to open another one takes longer than to answer."""
    cheap = {"password_memory_kib": 8192, "password_passes": 1, "database_pool_size": 1}
    chosen = Settings(database_url=database_url, data_dir=data_dir, **{**cheap, **settings})
    app = create_app(chosen)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        yield Weir(app, client)
