"""The pages of a board's settings, as plain forms: what they change, refuse and say."""

import html
import re
from typing import Any

import pytest
from httpx2 import Response

from tests.auth.pages import Browser
from tests.support import BoardOf, Person, Weir


@pytest.fixture
def browser(weir: Weir, ada: Person) -> Browser:
    """Ada's browser."""
    return Browser(weir, ada)


def at(board: BoardOf, path: str = "") -> str:
    """An address of a board's settings."""
    return f"/boards/{board.key}/settings{path}"


def names(board: BoardOf, kind: str = "columns") -> list[str]:
    """The columns or lanes in their order."""
    return [part["name"] for part in board.read()[kind]]


def went_on(response: Response, to: str) -> bool:
    """Whether a form was taken, and led on to a page."""
    return response.status_code == 303 and response.headers["location"] == to


def text(response: Response) -> str:
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", response.text)).split())


PAGES = ("", "/columns", "/groups", "/lanes", "/labels")


def test_every_page_is_for_those_who_shape_the_board(
    weir: Weir, ops: BoardOf, grace: Person, browser: Browser
) -> None:
    addresses = [
        *PAGES,
        f"/columns/{ops.column('Test')}",
        f"/groups/{ops.group('Development')}",
        f"/lanes/{ops.lane('Expedite')}",
    ]
    others = Browser(weir, grace)
    for path in addresses:
        assert browser.get(at(ops, path)).status_code == 200, path
        assert others.get(at(ops, path)).status_code == 404, path
    ops.join(grace, "member")
    for path in addresses:
        refused = others.get(at(ops, path))
        assert refused.status_code == 403
        assert "Only a manager of the board may shape it." in text(refused)


def test_a_page_of_a_part_is_of_the_boards_own(ops: BoardOf, ada: Person, browser: Browser) -> None:
    other = ada.board(f"{ops.key}S", "simple")
    theirs = (f"/columns/{other.column('Done')}", f"/lanes/{other.lane('Standard')}")
    group = ada.post(f"/boards/{other.key}/groups", {"name": "Theirs"})["id"]
    before = other.read()
    for path in (*theirs, f"/groups/{group}", "/columns/987654", "/lanes/987654", "/groups/987654"):
        assert browser.get(at(ops, path)).status_code == 404, path
        assert browser.send(at(ops, path), name="Taken", kind="queue").status_code == 404, path
        assert browser.send(at(ops, f"{path}/delete")).status_code == 404, path
    assert other.read() == before


# --- The board ------------------------------------------------------------------------------------


def test_name_time_zone_and_limits_are_changed(ops: BoardOf, browser: Browser) -> None:
    page = browser.get(at(ops))
    assert '<option value="Europe/Berlin">Berlin</option>' in page.text
    form = {"name": "Flow", "time_zone": "Europe/Berlin", "wip_limit": "12"}
    done = browser.send(at(ops), **form, person_wip_limit="")
    assert went_on(done, at(ops))
    board = ops.read()
    assert (board["name"], board["time_zone"]) == ("Flow", "Europe/Berlin")
    assert (board["wip_limit"], board["person_wip_limit"]) == (12, None)
    assert '<option value="Europe/Berlin" selected>' in browser.get(at(ops)).text
    # Left empty, the limit is gone again.
    browser.send(at(ops), **{**form, "wip_limit": " "})
    assert ops.read()["wip_limit"] is None


def test_a_zone_of_old_is_still_among_the_choices(ops: BoardOf, browser: Browser) -> None:
    ops.person.patch(f"/boards/{ops.key}", {"time_zone": "Etc/GMT+3"})
    assert '<option value="Etc/GMT+3" selected>' in browser.get(at(ops)).text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("wip_limit", "0", "must be at least 1"),
        ("wip_limit", "2.5", "must be a whole number"),
        ("person_wip_limit", "many", "must be a whole number"),
        ("wip_limit", "9999999", "must be at most 1000000"),
        ("name", " ", "must not be empty"),
        ("time_zone", "Nowhere/Else", "must be a time zone like Europe/Berlin"),
    ],
)
def test_a_mistake_comes_back_with_what_was_typed(
    ops: BoardOf, browser: Browser, field: str, value: str, words: str
) -> None:
    before = ops.read()
    form = {"name": "Typed name", "time_zone": "UTC", field: value}
    answer = browser.send(at(ops), **form)
    assert answer.status_code == 422
    assert words in text(answer)
    assert field == "name" or 'value="Typed name"' in answer.text
    assert ops.read() == before


def test_teams_are_added_renamed_and_taken_off(ops: BoardOf, browser: Browser) -> None:
    ops.add(team="dev")
    assert "1 card carries it, and it works in Doing, Done, Test." in text(browser.get(at(ops)))
    assert went_on(browser.send(at(ops, "/teams"), name="qa"), at(ops, "#teams"))
    browser.send(at(ops, "/teams/rename"), team="dev", name="product")
    browser.send(at(ops, "/teams/remove"), team="ops", name="whatever stands there")
    assert ops.read()["teams"] == ["product", "qa"]
    assert "ops is off the list No card carries it, and it works in Deploy." in text(
        browser.get(at(ops))
    )


@pytest.mark.parametrize(
    ("path", "form", "status", "words"),
    [
        ("", {"name": "dev"}, 409, "The board has a team dev already."),
        ("", {"name": ""}, 422, "must not be empty"),
        ("/rename", {"team": "dev", "name": "ops"}, 409, "The board has a team ops already."),
        ("/rename", {"team": "dev", "name": ""}, 422, "must not be empty"),
        ("/rename", {"team": "nobody", "name": "qa"}, 409, "no team nobody on the list"),
        ("/remove", {"team": "nobody"}, 409, "no team nobody on the list"),
    ],
)
def test_a_team_that_cannot_be_is_said_so(
    ops: BoardOf, browser: Browser, path: str, form: dict[str, str], status: int, words: str
) -> None:
    answer = browser.send(at(ops, f"/teams{path}"), **form)
    assert answer.status_code == status
    assert words in text(answer)
    assert ops.read()["teams"] == ["dev", "ops"]


def test_a_board_goes_into_the_archive_and_comes_back(ops: BoardOf, browser: Browser) -> None:
    browser.send(at(ops, "/archive"))
    assert ops.read()["archived_at"] is not None
    page = browser.get(at(ops))
    assert "Take it out of the archive" in page.text
    assert "Archive the board" not in page.text
    for path in PAGES[1:]:
        assert "nothing on it changes" in text(browser.get(at(ops, path)))
    assert browser.send(at(ops, "/columns"), name="Late").status_code == 409
    browser.send(at(ops, "/restore"))
    assert ops.read()["archived_at"] is None


# --- Columns --------------------------------------------------------------------------------------


def test_a_column_is_added_where_it_is_wanted(ops: BoardOf, browser: Browser) -> None:
    form = {"name": "Review", "kind": "queue", "wip_limit": "2", "team": "dev", "position": "1"}
    assert went_on(browser.send(at(ops, "/columns"), **form), at(ops, "/columns"))
    browser.send(at(ops, "/columns"), name="Last", kind="done")
    assert names(ops)[:2] == ["Backlog", "Review"]
    assert names(ops)[-1] == "Last"
    column = ops.read()["columns"][1]
    assert (column["wip_limit"], column["team"], column["group_id"]) == (2, "dev", None)


def test_a_column_is_changed(ops: BoardOf, browser: Browser) -> None:
    path = at(ops, f"/columns/{ops.column('Test')}")
    page = browser.get(path)
    assert '<input id="kind-active" type="radio" name="kind" value="active" checked>' in page.text
    form = {"name": "Check", "kind": "active", "wip_limit": "", "team": "ops"}
    more = {"policy": "- Green\r\n- Read", "ask_before_leaving": "true"}
    assert went_on(browser.send(path, **form, **more), at(ops, "/columns"))
    column = ops.read()["columns"][4]
    assert column["ask_before_leaving"] is True
    assert (column["name"], column["wip_limit"], column["team"]) == ("Check", None, "ops")
    assert "Check Active ops 0 cards 2 points of policy, asked for" in text(
        browser.get(at(ops, "/columns"))
    )
    # Not ticked, it does not ask any more.
    browser.send(path, **form, policy=more["policy"])
    assert ops.read()["columns"][4]["ask_before_leaving"] is False


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": ""}, "must not be empty"),
        ({"wip_limit": "-3"}, "must be at least 1"),
        ({"kind": "finished"}, "must be one of the choices"),
        ({"group_id": "987654"}, "group 987654 is not a group of this board"),
        ({"team": "nobody"}, "is not one of the board's"),
        ({"position": "-1"}, "must be at least 0"),
    ],
)
def test_a_column_with_a_mistake_comes_back(
    ops: BoardOf, browser: Browser, form: dict[str, str], words: str
) -> None:
    before = ops.read()
    full = {"name": "Review", "kind": "queue", **form}
    for path in ("/columns", f"/columns/{ops.column('Deploy')}"):
        answer = browser.send(at(ops, path), **full)
        assert answer.status_code == 422
        assert words in text(answer) or "position" in form
    assert ops.read() == before


def test_a_column_cannot_tear_a_group_apart(ops: BoardOf, browser: Browser) -> None:
    group = str(ops.group("Development"))
    path = at(ops, f"/columns/{ops.column('Deploy')}")
    answer = browser.send(path, name="Deploy", kind="active", group_id=group)
    assert answer.status_code == 422
    assert "would not be neighbours" in text(answer)


def test_columns_go_up_and_down_and_a_group_as_one(ops: BoardOf, browser: Browser) -> None:
    def step(move: str) -> None:
        assert went_on(browser.send(at(ops, "/columns/order"), move=move), at(ops, "/columns"))

    begin = names(ops)
    assert begin[1:5] == ["Ready", "Doing", "Done", "Test"]
    step(f"down-column-{ops.column('Ready')}")
    assert names(ops)[1:5] == ["Doing", "Done", "Ready", "Test"]
    step(f"down-column-{ops.column('Doing')}")
    assert names(ops)[1:5] == ["Done", "Doing", "Ready", "Test"]
    step(f"down-column-{ops.column('Doing')}")
    assert names(ops)[1:5] == ["Done", "Doing", "Ready", "Test"]
    step(f"up-column-{ops.column('Doing')}")
    step(f"down-group-{ops.group('Development')}")
    assert names(ops)[1:5] == ["Ready", "Doing", "Done", "Test"]
    step(f"up-column-{ops.column('Backlog')}")
    step("up-column-987654")
    assert names(ops) == begin


def test_columns_are_put_in_the_order_of_a_drag(ops: BoardOf, browser: Browser) -> None:
    ids = [column["id"] for column in ops.read()["columns"]]
    dragged = [*ids[1:], ids[0]]
    assert went_on(browser.send(at(ops, "/columns/order"), ids=dragged), at(ops, "/columns"))
    assert [column["id"] for column in ops.read()["columns"]] == dragged
    torn = [ids[2], ids[0], ids[3], *ids[4:], ids[1]]
    answer = browser.send(at(ops, "/columns/order"), ids=torn)
    assert answer.status_code == 422
    assert "The columns of the group Development would not be neighbours." in text(answer)
    for wrong in (ids[1:], ["x"], [*ids, 987654]):
        assert browser.send(at(ops, "/columns/order"), ids=wrong).status_code == 422
    for wrong_move in ("up", "sideways-column-1", "up-card-1"):
        assert browser.send(at(ops, "/columns/order"), move=wrong_move).status_code == 422


def test_another_kind_says_what_changes_before_it_does(ops: BoardOf, browser: Browser) -> None:
    ops.add(column="Ready")
    path = at(ops, f"/columns/{ops.column('Ready')}")
    form = {"name": "Ready <now>", "kind": "active", "policy": "a\nb"}
    before = ops.read()
    asked = browser.send(path, **form)
    assert asked.status_code == 200
    assert "1 card gets another start of work." in text(asked)
    assert "Make Ready <now> an active column?" in text(asked)
    assert ops.read() == before
    # What was typed is sent again with the confirmation.
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    sent = {name: html.unescape(value) for name, value in hidden.items()}
    assert sent == form
    assert went_on(browser.send(path, **sent, confirmed="true"), at(ops, "/columns"))
    assert ops.read()["columns"][1]["kind"] == "active"
    assert ops.cards()[0]["started_at"] is not None


def test_another_order_says_what_changes_before_it_does(ops: BoardOf, browser: Browser) -> None:
    ops.add(column="Ready")
    move = f"up-group-{ops.group('Development')}"
    before = ops.read()
    asked = browser.send(at(ops, "/columns/order"), move=move)
    assert "1 card gets another start of work." in text(asked)
    assert ops.read() == before
    ids = re.findall(r'type="hidden" name="ids" value="(\d+)"', asked.text)
    done = browser.send(at(ops, "/columns/order"), ids=ids, confirmed="true")
    assert went_on(done, at(ops, "/columns"))
    assert names(ops)[:4] == ["Backlog", "Doing", "Done", "Ready"]


def test_a_new_column_and_one_that_goes_say_so_too(ops: BoardOf, browser: Browser) -> None:
    ops.add(column="Ready")
    new = {"name": "Analysis", "kind": "active", "position": "1"}
    asked = browser.send(at(ops, "/columns"), **new)
    assert "Add Analysis?" in text(asked)
    assert "Analysis" not in names(ops)
    assert went_on(browser.send(at(ops, "/columns"), **new, confirmed="true"), at(ops, "/columns"))
    path = at(ops, f"/columns/{ops.column('Analysis')}/delete")
    asked = browser.send(path)
    assert "1 card gets another start of work." in text(asked)
    assert "Analysis" in names(ops)
    browser.send(path, confirmed="true")
    assert "Analysis" not in names(ops)


def test_a_column_with_cards_says_where_they_go(ops: BoardOf, browser: Browser) -> None:
    cards = [ops.add(column="Ready") for _ in range(3)]
    path = at(ops, f"/columns/{ops.column('Ready')}")
    page = browser.get(path)
    assert "Its 3 cards move to" in text(page)
    nowhere = browser.send(f"{path}/delete")
    assert nowhere.status_code == 409
    assert "Ready has cards: name a column that takes them." in text(nowhere)
    full = browser.send(f"{path}/delete", target=ops.column("Deploy"))
    assert full.status_code == 409
    assert "Deploy" in text(full)
    done = browser.send(f"{path}/delete", target=ops.column("Backlog"))
    assert went_on(done, at(ops, "/columns"))
    assert len(ops.cards(column_id=ops.column("Backlog"))) == len(cards)
    assert browser.get(path).status_code == 404


# --- Groups and lanes -----------------------------------------------------------------------------


def test_groups_are_made_changed_and_dissolved(ops: BoardOf, browser: Browser) -> None:
    columns = [ops.column("Test"), ops.column("Ready to deploy")]
    form: dict[str, Any] = {"name": "Checking", "wip_limit": "4", "column_ids": columns}
    assert went_on(browser.send(at(ops, "/groups"), **form), at(ops, "/groups"))
    assert "Checking Test, Ready to deploy limit 4 0 cards" in text(browser.get(at(ops, "/groups")))
    group = ops.group("Checking")
    path = at(ops, f"/groups/{group}")
    assert f'value="{columns[0]}" checked' in browser.get(path).text
    browser.send(path, name="Check", wip_limit="", column_ids=columns[:1])
    found = next(each for each in ops.read()["groups"] if each["id"] == group)
    assert (found["name"], found["wip_limit"]) == ("Check", None)
    in_it = [c["name"] for c in ops.read()["columns"] if c["group_id"] == group]
    assert in_it == ["Test"]
    assert went_on(browser.send(f"{path}/delete"), at(ops, "/groups"))
    assert [each["name"] for each in ops.read()["groups"]] == ["Development"]


def test_a_group_with_a_mistake_comes_back_with_what_was_ticked(
    ops: BoardOf, browser: Browser
) -> None:
    apart = [ops.column("Backlog"), ops.column("Deploy")]
    answer = browser.send(at(ops, "/groups"), name="Apart", column_ids=apart)
    assert answer.status_code == 422
    assert "would not be neighbours" in text(answer)
    assert f'value="{apart[1]}" checked' in answer.text
    answer = browser.send(at(ops, "/groups"), name="", column_ids=apart)
    assert answer.status_code == 422
    assert f'value="{apart[1]}" checked' in answer.text
    path = at(ops, f"/groups/{ops.group('Development')}")
    assert browser.send(path, name="Dev", column_ids=[987654]).status_code == 422
    assert browser.send(path, name="Dev", column_ids="x").status_code == 422


def test_lanes_are_added_ordered_changed_and_deleted(ops: BoardOf, browser: Browser) -> None:
    browser.send(at(ops, "/lanes"), name="Urgent", expedite="true")
    lane = next(each for each in ops.read()["lanes"] if each["name"] == "Urgent")
    assert (lane["expedite"], lane["wip_limit"]) == (True, 1)
    path = at(ops, f"/lanes/{lane['id']}")
    for _ in range(3):
        browser.send(at(ops, "/lanes/order"), move=f"up-lane-{lane['id']}")
    assert names(ops, "lanes")[0] == "Urgent"
    ids = [each["id"] for each in ops.read()["lanes"]]
    browser.send(at(ops, "/lanes/order"), ids=ids[::-1])
    assert names(ops, "lanes")[-1] == "Urgent"
    assert browser.send(at(ops, "/lanes/order"), ids=ids[1:]).status_code == 422
    browser.send(path, name="Parked", wip_limit="7")
    lane = next(each for each in ops.read()["lanes"] if each["name"] == "Parked")
    assert (lane["expedite"], lane["wip_limit"]) == (False, 7)
    assert browser.send(path, name="Parked", wip_limit="x").status_code == 422
    ops.add(lane_id=lane["id"])
    assert "Its 1 card moves to" in text(browser.get(path))
    assert browser.send(f"{path}/delete").status_code == 409
    done = browser.send(f"{path}/delete", target=ops.lane("Standard"))
    assert went_on(done, at(ops, "/lanes"))
    assert names(ops, "lanes") == ["Standard", "Expedite"]


# --- Labels ---------------------------------------------------------------------------------------


def test_labels_are_made_painted_renamed_and_removed(ops: BoardOf, browser: Browser) -> None:
    def there() -> list[tuple[str, str, int]]:
        found = ops.person.get(f"/boards/{ops.key}/labels")["items"]
        return [(label["name"], label["color"], label["card_count"]) for label in found]

    assert "No labels yet." in text(browser.get(at(ops, "/labels")))
    made = browser.send(at(ops, "/labels"), name="customer", color="teal")
    assert went_on(made, at(ops, "/labels"))
    card = ops.add(labels=["customer"])
    label = ops.person.get(f"/boards/{ops.key}/labels")["items"][0]["id"]
    path = at(ops, f"/labels/{label}")
    page = browser.get(at(ops, "/labels"))
    assert '<span class="label label-teal">customer</span>' in page.text
    assert "1 card" in text(page)
    browser.send(path, name="client", color="brown")
    assert there() == [("client", "brown", 1)]
    assert ops.person.get(f"/cards/{card['id']}")["labels"] == ["client"]
    assert went_on(browser.send(f"{path}/delete", name="", color="x"), at(ops, "/labels"))
    assert there() == []
    assert browser.send(path, name="back").status_code == 404


def test_a_label_with_a_mistake_comes_back(ops: BoardOf, ada: Person, browser: Browser) -> None:
    labels = at(ops, "/labels")
    for name in ("one", "two"):
        browser.send(labels, name=name, color="red")
    one = ops.person.get(f"/boards/{ops.key}/labels")["items"][0]["id"]
    for path, form, status, words in (
        (labels, {"name": "one"}, 409, "The board has a label one already."),
        (labels, {"name": ""}, 422, "must not be empty"),
        (labels, {"name": "three", "color": "mauve"}, 422, "must be one of the choices"),
        (f"{labels}/{one}", {"name": "two"}, 409, "The board has a label two already."),
        (f"{labels}/{one}", {"name": " "}, 422, "must not be empty"),
    ):
        answer = browser.send(path, **form)
        assert (answer.status_code, words in text(answer)) == (status, True), form
    other = ada.board(f"{ops.key}S", "simple")
    theirs = ada.post(f"/boards/{other.key}/labels", {"name": "theirs"})["id"]
    assert browser.send(f"{labels}/{theirs}", name="taken").status_code == 404
    assert browser.send(f"{labels}/{theirs}/delete").status_code == 404
    assert ada.get(f"/boards/{other.key}/labels")["items"][0]["name"] == "theirs"


def test_people_stand_among_the_settings_for_those_who_shape_the_board(
    weir: Weir, ops: BoardOf, grace: Person, browser: Browser
) -> None:
    people = f"/boards/{ops.key}/people"
    assert 'aria-label="Settings"' in browser.get(people).text
    ops.join(grace, "member")
    page = Browser(weir, grace).get(people)
    assert page.status_code == 200
    assert 'aria-label="Settings"' not in page.text
