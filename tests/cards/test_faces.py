"""What a card's face says, and what it is held against."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.boards.views import CardFace
from tests.cards.test_statements import cost
from tests.support import BoardOf, Person, Weir

STEPS = ("Backlog", "Ready", "Doing", "Done", "Test", "Ready to deploy", "Deploy", "In production")


def ago(days: float) -> str:
    """The moment so many days before now."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def day(ahead: int) -> str:
    """The day so many days from today."""
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


def finish(board: BoardOf, *days: float, done: float = 1) -> None:
    """Puts finished cards onto a board that took so many days from their start in Doing until they
    were done, a day ago unless `done` says; half of that time they were in Doing."""
    cards = [
        {
            "title": f"Took {took} d",
            "created_at": ago(done + took + 1),
            "column": "Backlog",
            "moves": [
                {"at": ago(done + took), "to": "Doing"},
                {"at": ago(done + took / 2), "to": "Test"},
                {"at": ago(done), "to": "In production"},
            ],
        }
        for took in days
    ]
    put(board, *cards)


def put(board: BoardOf, *cards: dict[str, Any]) -> None:
    """Brings cards with their pasts onto a board."""
    document = {"format": "weir-history/1", "cards": list(cards)}
    board.person.post(f"/boards/{board.key}/import", document)


def started(board: BoardOf, title: str, column: str, days: float) -> None:
    """A card that has been in work so many days, and is in a column now."""
    moves = [{"at": ago(days), "to": "Doing"}]
    moves += [{"at": ago(0.001), "to": column}] if column != "Doing" else []
    put(board, {"title": title, "created_at": ago(days + 1), "column": "Backlog", "moves": moves})


def page(board: BoardOf, path: str = "") -> str:
    """The board's page."""
    person = board.person
    answer = person.weir.client.get(
        f"/boards/{board.key}{path}", headers={"Authorization": f"Bearer {person.token}"}
    )
    assert answer.status_code == 200, answer.text
    return answer.text


def face(board: BoardOf, title: str) -> str:
    """The HTML of a card on the board's page."""
    cards = re.findall(r'<li id="card-\d+".*?</li>', page(board), re.DOTALL)
    (found,) = (card for card in cards if f">{title}</a>" in card)
    return str(found)


def bars(html: str) -> int | None:
    """How many bars a face fills; None where it has none."""
    found = re.search(r'class="age(?: age-(\d))?"', html)
    assert found, html
    return None if found[1] is None else int(found[1])


def test_bars_show_a_cards_age_beside_the_finished_cards_of_its_stage(ops: BoardOf) -> None:
    # They left Doing after just under 1 to 20 days, Test after just under 2 to 40.
    finish(ops, *(2 * days - 0.1 for days in range(1, 21)))
    for days in (9.5, 10.5, 14.5, 17.5, 19.5):
        started(ops, f"{days} in Doing", "Doing", days)
    started(ops, "19.5 in Test", "Test", 19.5)
    started(ops, "21.5 in Test", "Test", 21.5)
    found = {title: bars(face(ops, title)) for title in ("19.5 in Test", "21.5 in Test")}
    assert found == {"19.5 in Test": 0, "21.5 in Test": 1}
    assert [bars(face(ops, f"{days} in Doing")) for days in (9.5, 10.5, 14.5, 17.5, 19.5)] == [
        0,
        1,
        2,
        3,
        4,
    ]
    late = face(ops, "17.5 in Doing")
    assert "age 17 d, older than 85 % of past cards at this stage" in late
    assert "85 % had left Doing within 18 d" in late


def test_under_20_finished_cards_a_face_shows_days_alone(ops: BoardOf) -> None:
    started(ops, "Old", "Doing", 50.1)
    finish(ops, *[1] * 19)
    assert bars(face(ops, "Old")) is None
    assert "50 d" in face(ops, "Old")
    finish(ops, 1)
    assert bars(face(ops, "Old")) == 4


def test_what_was_finished_before_the_last_90_days_counts_no_more(ops: BoardOf) -> None:
    started(ops, "Old", "Doing", 50.1)
    finish(ops, *[1] * 30, done=91)
    assert bars(face(ops, "Old")) is None


def test_a_card_that_came_back_left_a_stage_when_it_left_it_for_the_last_time(ops: BoardOf) -> None:
    moves = [("Doing", 30.0), ("Test", 29.0), ("Doing", 28.0), ("Test", 10.0), (STEPS[-1], 1.0)]
    past = {
        "title": "Came back",
        "created_at": ago(31),
        "column": "Backlog",
        "moves": [{"at": ago(days), "to": column} for column, days in moves],
    }
    put(ops, *[past] * 20)
    started(ops, "After 19 days", "Doing", 19)
    started(ops, "After 21 days", "Doing", 21)
    assert bars(face(ops, "After 19 days")) == 0
    assert bars(face(ops, "After 21 days")) == 4


def test_a_fixed_date_presses_as_soon_as_less_is_left_than_most_cards_took(ops: BoardOf) -> None:
    ops.add("Near", service_class="fixed_date", due_on=day(8))
    ops.add("Far", service_class="fixed_date", due_on=day(14))
    ops.add("Not fixed", due_on=day(8))
    assert "word-warn" not in face(ops, "Near")
    finish(ops, *[1] * 16, *[9] * 4)
    assert "word-warn" in face(ops, "Near")
    assert "word-warn" not in face(ops, "Far")
    assert "word-warn" not in face(ops, "Not fixed")


def test_due_dates_are_said_as_a_calendar_says_them(ops: BoardOf) -> None:
    for ahead in (-3, 0, 1, 4):
        ops.add(f"In {ahead}", due_on=day(ahead))
    assert '<span class="word-danger">Overdue 3 d</span>' in face(ops, "In -3")
    assert '<span class="word-warn">Due today</span>' in face(ops, "In 0")
    assert '<span class="word-warn">Due tomorrow</span>' in face(ops, "In 1")
    weekday = (datetime.now(UTC).date() + timedelta(days=4)).strftime("%a")
    assert f'<span class="word-quiet">Due {weekday}</span>' in face(ops, "In 4")


def test_a_face_has_three_facts_at_most(ops: BoardOf) -> None:
    ops.add("Plain")
    ops.add("Marked", work_type="defect", labels=["api", "beta", "ui"])
    assert 'class="type' not in face(ops, "Plain")
    marked = face(ops, "Marked")
    assert re.findall(r'class="label label-\w+">(\w+)<', marked) == ["api", "beta"]
    assert "+1" in marked
    assert 'class="type type-defect">Defect' in marked
    assert "labelled api, beta, ui" in marked


def test_a_persons_reached_limit_shows_on_every_face(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    ops.person.patch(f"/boards/{ops.key}", {"person_wip_limit": 2})
    for title, column in (("One", "Doing"), ("Two", "Test"), ("Waits", "Ready")):
        ops.add(title, column=column, assignee_ids=[grace.id])
    ops.add("Mine", column="Doing", assignee_ids=[ops.person.id])
    for title in ("One", "Two", "Waits"):
        assert 'title="Grace Hopper, 2 of 2 in work"' in face(ops, title)
        assert "assigned to Grace Hopper (2 of 2 in work)" in face(ops, title)
    assert "is-full" not in face(ops, "Mine")
    assert page(ops).count('data-full="2 of 2 in work"') == 1
    card = next(card for card in ops.cards() if card["title"] == "Two")
    ops.move(card, "Ready")
    assert "is-full" not in page(ops)


def test_the_title_says_how_much_is_blocked_and_over_its_limit(ops: BoardOf) -> None:
    name = ops.read()["name"]

    def title() -> str:
        found = re.search(r"<title>(.*?)</title>", page(ops))
        assert found
        return found[1]

    assert title() == f"{name} ({ops.key}) · Weir"
    card = ops.add("Stuck", column="Test")
    ops.add("Another", column="Test")
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor"})
    assert title() == f"(1⊘) {name} ({ops.key}) · Weir"
    assert "favicon-blocked" in page(ops)
    ops.limit("Test", 1)
    assert title() == f"(1⊘ 1 over) {name} ({ops.key}) · Weir"
    assert "favicon-over" in page(ops)


def test_the_boards_page_takes_as_many_statements_whatever_was_finished(
    ops: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops.person.patch(f"/boards/{ops.key}", {"person_wip_limit": 9})
    costs = []
    for _ in range(2):
        finish(ops, *[3] * 30)
        started(ops, "In work", "Doing", 2)
        ops.add("Labelled", labels=["api"], due_on=day(3), assignee_ids=[ops.person.id])
        costs.append(cost(monkeypatch, lambda: page(ops)))
    assert costs[0] == costs[1] <= 6


def test_the_template_of_a_card_takes_the_fields_of_a_face_in_their_order(weir: Weir) -> None:
    template = weir.app.state.web.templates.get_template("boards/_card.html").module
    assert template.card_item.arguments == CardFace._fields


def test_a_card_says_every_text_and_none_becomes_a_tag(weir: Weir, ops: BoardOf) -> None:
    joan = weir.person("<u>Joan & Co", email="joan@example.org")
    ops.join(joan)
    ops.person.patch(f"/boards/{ops.key}", {"person_wip_limit": 1})
    ops.person.post(f"/boards/{ops.key}/labels", {"name": "<i>l'été"})
    ops.person.patch(f"/columns/{ops.column('Doing')}", {"name": '<s>"Doing"'})
    moves = [{"at": ago(8), "to": '<s>"Doing"'}, {"at": ago(2), "to": "In production"}]
    past = {"title": "Done", "created_at": ago(9), "column": "Backlog", "moves": moves}
    put(ops, *[past] * 20)
    card = ops.add('<b>"5 > 4" & \'so', labels=["<i>l'été"], assignee_ids=[joan.id], due_on=day(9))
    ops.move(card, '<s>"Doing"')
    ops.person.post(
        f"/cards/{card['id']}/block", {"reason": '<a>vendor & "co"', "category": "other"}
    )
    (html,) = re.findall(rf'<li id="card-{card["id"]}".*?</li>', page(ops), re.DOTALL)
    assert not re.search("<[absu]>|<i>l", html)
    for text in (
        ">&lt;b&gt;&#34;5 &gt; 4&#34; &amp; &#39;so</a>",
        f'"Actions for {ops.key}-21 &lt;b&gt;&#34;5 &gt; 4&#34; &amp; &#39;so"',
        'title="&lt;u&gt;Joan &amp; Co, 1 of 1 in work"',
        ">&lt;i&gt;l&#39;été</span>",
        "<span>&lt;a&gt;vendor &amp; &#34;co&#34; · ",
        "85 % had left &lt;s&gt;&#34;Doing&#34; within",
        "assigned to &lt;u&gt;Joan &amp; Co (1 of 1 in work), due ",
        "labelled &lt;i&gt;l&#39;été</span>",
    ):
        assert text in html, text
    assert "&amp;lt;" not in html
    assert "&amp;amp;" not in html
