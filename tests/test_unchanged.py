"""Who asks again for what has not changed is told so without a look at it, and never wrongly."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response

from app import clock
from app.auth import service as auth
from app.db import Database, Tx
from app.models import Session, Token
from tests.support import BoardOf, Person, Weir, running


@pytest.fixture
def weir(database_url: str, tmp_path: Path) -> Iterator[Weir]:
    """An application on a database of its own: what else is written would make all answers new."""
    with running(database_url, tmp_path) as found:
        yield found


@pytest.fixture
def ada(weir: Weir) -> Person:
    """Ada, who has a board."""
    return weir.person("Ada Lovelace")


@pytest.fixture
def ops(ada: Person) -> BoardOf:
    """Ada's board."""
    return ada.board("OPS", "simple")


class Asker:
    """Somebody who has an answer, and asks for it again."""

    def __init__(self, weir: Weir, path: str, headers: dict[str, str]) -> None:
        self.weir = weir
        self.path = path
        self.headers = headers
        self.tag = self.ask().headers.get("etag", "")

    def ask(self, **more: str) -> Response:
        """Asks, with the tag of what it has if it is given."""
        headers = {**self.headers, **more}
        return self.weir.client.get(self.path, headers=headers, follow_redirects=False)

    def again(self) -> int:
        """Asks for what it has; the status of the answer."""
        return self.ask(**{"If-None-Match": self.tag}).status_code


def by_token(person: Person, path: str) -> Asker:
    """Somebody who asks by a token."""
    return Asker(person.weir, path, {"Authorization": f"Bearer {person.token}"})


def by_session(person: Person, path: str) -> Asker:
    """Somebody who asks in a browser."""

    def begin(tx: Tx) -> str:
        return auth.begin_session(tx, person.id, "a browser", 1)

    session = person.weir.db.write_now(begin)
    return Asker(person.weir, path, {"Cookie": f"weir_session={session}"})


def looked(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the database is read while it asks twice."""
    reads = 0
    read = Database.read

    async def counted(self: Database, *args: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(self, *args)

    monkeypatch.setattr(Database, "read", counted)
    assert [asker.again(), asker.again()] == [304, 304]
    return reads


def test_the_second_time_nobody_looks(ops: BoardOf, monkeypatch: pytest.MonkeyPatch) -> None:
    asker = by_token(ops.person, f"/api/v1/boards/{ops.key}")
    assert asker.again() == 304
    times = looked(asker, monkeypatch)
    if ops.person.weir.db.dialect == "sqlite":
        assert times == 0
    else:
        # It has to be asked whether anything was written, and tests of other processes write too.
        assert 2 <= times <= 4


def test_the_answer_is_the_same_as_the_first_one(ops: BoardOf) -> None:
    asker = by_token(ops.person, f"/api/v1/boards/{ops.key}")
    first, second = (asker.ask(**{"If-None-Match": asker.tag}) for _ in range(2))
    kept = {name: value for name, value in first.headers.items() if name != "x-request-id"}
    again = {name: value for name, value in second.headers.items() if name != "x-request-id"}
    assert kept == again
    assert kept["etag"] == asker.tag
    assert second.content == b""


@pytest.mark.parametrize("ask", [by_token, by_session])
def test_what_is_changed_is_told(ops: BoardOf, ask: Any) -> None:
    path = f"/boards/{ops.key}" if ask is by_session else f"/api/v1/boards/{ops.key}"
    asker = ask(ops.person, path)
    assert [asker.again() for _ in range(2)] == [304, 304]
    ops.add("New")
    assert asker.again() == 200
    asker.tag = asker.ask().headers["etag"]
    assert asker.again() == 304


def test_what_another_process_changes_is_told(ops: BoardOf, database_url: str) -> None:
    asker = by_token(ops.person, f"/api/v1/boards/{ops.key}")
    assert [asker.again() for _ in range(2)] == [304, 304]
    other = sa.create_engine(database_url)
    with other.begin() as connection:
        connection.execute(sa.text("UPDATE boards SET seq = seq + 1"))
    other.dispose()
    assert asker.again() == 200


def test_a_right_that_is_taken_ends_at_once(ops: BoardOf, weir: Weir) -> None:
    grace = weir.person("Grace Hopper")
    ops.join(grace)
    api = by_token(grace, f"/api/v1/boards/{ops.key}")
    page = by_session(grace, f"/boards/{ops.key}")
    for asker in (api, page):
        assert [asker.again() for _ in range(2)] == [304, 304]
    ops.person.delete(f"/boards/{ops.key}/members/{grace.id}")
    assert [api.again(), page.again()] == [404, 404]


def test_credentials_that_end_by_themselves_end_in_time(
    ops: BoardOf, weir: Weir, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = clock.now() + clock.MINUTE // 2

    def end_soon(tx: Tx) -> None:
        tx.execute(sa.update(Token).values(expires_at=soon))
        tx.execute(sa.update(Session).values(expires_at=soon))

    api = by_token(ops.person, f"/api/v1/boards/{ops.key}")
    page = by_session(ops.person, f"/boards/{ops.key}")
    weir.db.write_now(end_soon)
    for asker in (api, page):
        assert [asker.again() for _ in range(2)] == [304, 304]
    monkeypatch.setattr(clock, "now", lambda: soon)
    assert api.again() == 401
    assert page.again() in {303, 401}


def test_a_page_that_grows_older_is_looked_at_again(
    ops: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = by_session(ops.person, f"/boards/{ops.key}")
    minute = clock.now() // clock.MINUTE + 2
    monkeypatch.setattr(clock, "now", lambda: minute * clock.MINUTE)
    page.tag = page.ask().headers["etag"]
    assert [page.again() for _ in range(2)] == [304, 304]
    monkeypatch.setattr(clock, "now", lambda: (minute + 1) * clock.MINUTE - 1)
    assert page.again() == 304
    monkeypatch.setattr(clock, "now", lambda: (minute + 1) * clock.MINUTE)
    assert page.again() == 200


def test_what_one_person_was_told_is_told_to_nobody_else(ops: BoardOf, weir: Weir) -> None:
    stranger = weir.person("Zoe Stranger")
    path = f"/api/v1/boards/{ops.key}"
    asker = by_token(ops.person, path)
    assert [asker.again() for _ in range(2)] == [304, 304]
    tag = {"If-None-Match": asker.tag}
    assert stranger.ask("GET", f"/boards/{ops.key}", headers=tag).status_code == 404
    assert weir.client.get(path, headers=tag).status_code == 401
    assert asker.ask(**{"If-None-Match": '"another"'}).status_code == 200
    page = by_session(ops.person, f"/boards/{ops.key}")
    hers = by_session(stranger, "/boards/NONE")
    assert [page.again() for _ in range(2)] == [304, 304]
    hers.path, hers.tag = page.path, page.tag
    assert hers.again() == 404


def test_a_message_for_the_page_is_not_left_out(ops: BoardOf, weir: Weir) -> None:
    page = by_session(ops.person, f"/boards/{ops.key}")
    assert [page.again() for _ in range(2)] == [304, 304]
    weir.client.cookies.clear()
    answer = weir.client.post(
        f"/boards/{ops.key}/andon",
        data={"reason": "Something is wrong"},
        headers=page.headers,
        follow_redirects=False,
    )
    flash = answer.cookies["weir_flash"]
    cookie = f"{page.headers['Cookie']}; weir_flash={flash}"
    with_message = page.ask(**{"If-None-Match": page.tag, "Cookie": cookie})
    assert with_message.status_code == 200
    assert "The cord is pulled." in with_message.text


def test_a_stamp_is_another_after_each_change_and_the_same_without_one(database_url: str) -> None:
    db, other = Database(database_url), Database(database_url)

    async def look() -> None:
        # On PostgreSQL tests of other processes write to the same server.
        for _ in range(1 if db.dialect == "sqlite" else 500):
            first = await db.stamp()
            other.read_now(lambda tx: tx.execute(sa.select(Token.id)).all())
            if await db.stamp() == first:
                break
        else:
            raise AssertionError("it is another each time")
        assert first is not None
        seen = {first}
        for writer in (db, other, other, db):
            writer.write_now(lambda tx: tx.execute(sa.text("DELETE FROM tokens WHERE id < 0")))
            writer.write_now(lambda tx: auth.add_user(tx, f"{len(seen)}@example.org", "A", "x"))
            seen.add(await db.stamp())
        assert len(seen) == 5

    asyncio.run(look())
    asyncio.run(look_again(db))
    other.close()
    db.close()


async def look_again(db: Database) -> None:
    """In another event loop, and all at once: they have one answer, and it is there."""
    stamps = await asyncio.gather(*(db.stamp() for _ in range(20)))
    assert len(set(stamps)) == 1
    assert stamps[0] is not None


def test_who_asks_at_the_same_time_shares_a_look(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = Database(postgresql_url)
    looks = 0
    read = Database.read

    async def counted(self: Database, *args: Any) -> Any:
        nonlocal looks
        looks += 1
        return await read(self, *args)

    monkeypatch.setattr(Database, "read", counted)
    asyncio.run(look_again(db))
    assert looks == 1
    db.close()
    assert asyncio.run(db.stamp()) is None
