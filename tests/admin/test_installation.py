"""All boards, and how the installation is."""

import pytest

from app import __version__
from app.schema import newest
from tests.auth.pages import Browser
from tests.support import BoardOf, Person, Weir


@pytest.fixture
def root(weir: Weir, ada: Person) -> Person:
    """An administrator."""
    assert ada.actor is not None
    return weir.person("Addy Admin", admin=True, email=f"root.{ada.id}@example.org")


def line_of(root: Person, ops: BoardOf) -> dict[str, object]:
    """A board as the administrator sees it."""
    items = root.get("/admin/boards?limit=200")["items"]
    return next(item for item in items if item["key"] == ops.key)


def test_every_board_is_there_with_its_counts(root: Person, ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    card = ops.add("Archived")
    ops.add("Stays")
    ops.person.post(f"/cards/{card['id']}/archive")
    line = line_of(root, ops)
    assert (line["members"], line["cards"], line["cards_ever"]) == (2, 1, 2)
    assert line["events"] == ops.read()["seq"]
    assert line["archived_at"] is None


def test_an_archived_board_is_brought_back(weir: Weir, root: Person, ops: BoardOf) -> None:
    browser = Browser(weir, root)
    ops.person.delete(f"/boards/{ops.key}")
    assert line_of(root, ops)["archived_at"] is not None
    assert f'id="restore-{ops.key}"' in browser.get("/admin/boards").text
    response = browser.send(f"/admin/boards/{ops.key.lower()}/restore")
    assert response.headers["location"] == "/admin/boards"
    assert "is back." in browser.get("/admin/boards").text
    ops.add("Goes on")
    browser.send(f"/admin/boards/{ops.key}/restore")
    assert "is not in the archive." in browser.get("/admin/boards").text
    assert browser.send("/admin/boards/NEVER/restore").status_code == 404


def test_the_health_is_told(weir: Weir, root: Person, ops: BoardOf) -> None:
    ops.add("A card")
    found = root.get("/admin/health")
    assert found["version"] == __version__
    assert found["database"]["kind"] == weir.db.dialect
    assert found["database"]["bytes"] > 10_000
    assert found["database"]["migration"] == found["database"]["newest_migration"] == newest()
    assert found["cards"] >= 1
    assert found["events"] >= ops.read()["seq"]
    assert found["free_bytes"] > 0
    assert found["streams"] == 0
    assert {check["name"] for check in found["checks"]} >= {"settings", "files", "database"}
    assert all(check["sound"] for check in found["checks"])
    page = Browser(weir, root).get("/admin/health").text
    assert __version__ in page
    assert "not sound" not in page
