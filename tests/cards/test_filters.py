"""What a filter in an address means: pure, without a database."""

from datetime import date

import pytest

from app.cards.filters import (
    NEVER,
    Asked,
    CardFilter,
    DueSpan,
    StartedBefore,
    asked_by,
    id_of,
    wanted_by,
)
from app.clock import DAY, MINUTE

THURSDAY = date(2026, 11, 26)
NOW = 400 * DAY
ME = 7
PACE = {4: (1 * DAY, 2 * DAY, 3 * DAY, 4 * DAY), 5: (2 * DAY, 4 * DAY, 6 * DAY, 8 * DAY)}


def asked(*pairs: tuple[str, str]) -> Asked:
    """The filter of an address."""
    return asked_by(pairs)


def wanted(*pairs: tuple[str, str]) -> CardFilter:
    """The cards that an address means for person 7 on a Thursday."""
    return wanted_by(asked(*pairs), me=ME, today=THURSDAY, now=NOW, pace=PACE)


def test_without_a_filter_nothing_is_filtered() -> None:
    assert not asked()
    assert asked().query == ""
    assert wanted() == CardFilter()


def test_an_address_has_one_form_whatever_the_order_and_the_empty_fields() -> None:
    first = asked(("team", "ops"), ("q", ""), ("label", "tls"), ("assignee", "me"), ("label", "a"))
    again = asked(("label", "a"), ("assignee", "me"), ("team", "ops"), ("label", "tls"), ("q", " "))
    assert first == again
    assert first.query == "assignee=me&label=a&label=tls&team=ops"


def test_what_comes_twice_counts_once_and_what_is_no_filter_does_not_count() -> None:
    assert asked(("q", "x"), ("q", " x "), ("utm_source", "mail"), ("page", "2")).query == "q=x"


def test_the_names_of_the_api_are_understood_too() -> None:
    assert asked(("work_type", "ops"), ("service_class", "expedite"), ("lane_id", "3")) == asked(
        ("type", "ops"), ("class", "expedite"), ("lane", "3")
    )


def test_a_value_is_switched_on_and_off_among_others() -> None:
    both = asked(("team", "dev")).toggled("team", "ops")
    assert both.query == "team=dev&team=ops"
    assert both.toggled("team", "dev").query == "team=ops"
    assert both.only("team", "qa").query == "team=qa"
    assert both.only("team").query == ""


def test_people_are_ids_or_me_or_nobody() -> None:
    assert wanted(("assignee", "3"), ("assignee", "me")).assignee_id == (3, ME)
    none = wanted(("assignee", "none"))
    assert (none.assignee_id, none.unassigned) == ((), True)


@pytest.mark.parametrize(
    ("word", "span"),
    [
        ("overdue", DueSpan(None, "2026-11-25")),
        ("today", DueSpan("2026-11-26", "2026-11-26")),
        ("week", DueSpan("2026-11-26", "2026-11-29")),
        ("any", DueSpan(None, None)),
        ("someday", NEVER),
    ],
)
def test_a_word_about_due_dates_means_days(word: str, span: DueSpan) -> None:
    assert wanted(("due", word)).due == (span,)


def test_a_week_ends_on_sunday() -> None:
    sunday = date(2026, 11, 29)
    found = wanted_by(asked(("due", "week")), me=ME, today=sunday, now=NOW, pace={})
    assert found.due == (DueSpan("2026-11-29", "2026-11-29"),)


def test_without_a_date_is_a_choice_beside_the_days() -> None:
    found = wanted(("due", "none"), ("due", "overdue"))
    assert found.undated
    assert len(found.due) == 1


def test_of_several_ages_the_youngest_is_meant() -> None:
    assert wanted(("age", "30"), ("age", "7")).started_until == NOW - 7 * DAY


def test_an_age_over_the_boards_85_percent_is_another_one_in_each_column() -> None:
    late = (StartedBefore(4, NOW - 3 * DAY), StartedBefore(5, NOW - 6 * DAY))
    found = wanted(("age", "p85"))
    assert (found.started_until, found.started_before) == (-1, late)
    both = wanted(("age", "p85"), ("age", "30"))
    assert (both.started_until, both.started_before) == (NOW - 30 * DAY, late)
    assert wanted(("age", "30")).started_before == ()


def test_an_age_over_the_boards_85_percent_is_told_by_the_minute() -> None:
    age = asked(("age", "p85"))
    for now in (NOW, NOW + MINUTE - 1):
        found = wanted_by(age, me=ME, today=THURSDAY, now=now, pace=PACE)
        assert found.started_before[0].moment == NOW - 3 * DAY


def test_without_a_past_nothing_is_over_its_85_percent() -> None:
    found = wanted_by(asked(("age", "p85")), me=ME, today=THURSDAY, now=NOW, pace={})
    assert (found.started_until, found.started_before) == (-1, ())


def test_blocked_and_not_blocked_together_are_every_card() -> None:
    assert wanted(("blocked", "true")).blocked is True
    assert wanted(("blocked", "false")).blocked is False
    assert wanted(("blocked", "true"), ("blocked", "false")).blocked is None


@pytest.mark.parametrize(
    "text", ["", "abc", "-1", "1.5", "٣", "9" * 19, "9" * 30, "0x10", " ", "1e9"]
)
def test_what_is_no_id_is_one_that_nothing_has(text: str) -> None:
    assert id_of(text) == 0


def test_values_that_mean_nothing_find_nothing() -> None:
    found = wanted(("assignee", "x"), ("lane", "x"), ("age", "x"), ("due", "x"), ("type", "epic"))
    assert (found.assignee_id, found.lane_id, found.started_until) == ((0,), (0,), -1)
    assert (found.due, found.work_type) == ((NEVER,), ("epic",))
    assert wanted(("blocked", "perhaps")).blocked is None


def test_a_text_keeps_its_letters_and_loses_what_no_database_takes() -> None:
    assert asked(("q", "a\x00b\n\ud800c")).values("q") == ("abc",)
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}"
    assert asked(("label", family)).values("label") == (family,)
    assert len(asked(("q", "x" * 5000)).values("q")[0]) == 200


def test_an_address_can_not_ask_for_more_than_a_database_takes() -> None:
    assert len(asked(*(("label", str(n)) for n in range(5000))).pairs) == 200
