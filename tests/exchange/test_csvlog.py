"""Status logs: what the reader makes of every oddity, and what it refuses with the row named."""

from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from app import clock
from app.exchange.csvlog import read_log, read_log_file
from app.exchange.mapping import LogError
from tests.exchange.plain_log import (
    HEADER,
    NOW,
    PLAIN,
    blocks,
    card,
    iso,
    moves,
    read,
    refusal,
    saw,
)

# The journey of a card


def test_rows_become_a_creation_and_moves() -> None:
    seen = card(saw("New", 8, 8), saw("Active", 9, 8), saw("Done", 11, 8))
    assert (seen["created_at"], seen["column"]) == (iso(8), "New")
    assert moves(seen) == [(iso(9), "Active"), (iso(11), "Done")]
    assert seen["blocks"] == []


def test_a_card_waits_in_the_start_column_from_its_creation_to_the_first_observation() -> None:
    seen = card(saw("Active", 9, 8), saw("Done", 10, 8))
    assert (seen["created_at"], seen["column"]) == (iso(8), "New")
    assert moves(seen) == [(iso(9), "Active"), (iso(10), "Done")]


def test_a_card_first_seen_done_has_its_lead_time_all_the_same() -> None:
    seen = card(saw("Done", 9, 8))
    assert (seen["created_at"], seen["column"], moves(seen)) == (iso(8), "New", [(iso(9), "Done")])


def test_a_card_seen_at_its_creation_begins_in_the_column_where_it_was_seen() -> None:
    assert card(saw("Active", 8, 8))["column"] == "Active"


def test_without_a_known_creation_a_card_is_created_at_its_first_observation() -> None:
    seen = card(saw("Active", 9), saw("Done", 10, group="?"))
    assert (seen["created_at"], seen["column"]) == (iso(9), "Active")
    assert card(saw("Active", 9, 8), creation_column="")["created_at"] == iso(9)


def test_the_earliest_creation_counts_when_rows_disagree() -> None:
    assert card(saw("New", 9, 9), saw("Active", 10, 8))["created_at"] == iso(8)


def test_the_start_column_can_be_named() -> None:
    assert card(saw("Active", 9, 8), start_column="Inbox")["column"] == "Inbox"


def test_two_statuses_of_one_column_make_no_move() -> None:
    seen = card(saw("New", 8, 8), saw("Active", 9, 8), states={"New": "A", "Active": "A"})
    assert (seen["column"], seen["moves"]) == ("A", [])


# Oddities


def test_rows_out_of_order_are_put_in_order_and_counted() -> None:
    reading = read(saw("Done", 12), saw("Active", 9), saw("New", 8), saw("New", 13, number="8"))
    assert reading.reordered == 2
    assert moves(reading.document["cards"][0]) == [(iso(9), "Active"), (iso(12), "Done")]
    assert any("put in order: 2 (first: row 3, 7)" in said for said in reading.warnings)


def test_rows_of_the_same_time_keep_the_order_of_the_log() -> None:
    seen = card(saw("New", 8), saw("Active", 9), saw("Done", 9))
    assert moves(seen) == [(iso(9), "Active"), (iso(9), "Done")]
    seen = card(saw("New", 8), saw("Done", 9), saw("Active", 9))
    assert moves(seen) == [(iso(9), "Done"), (iso(9), "Active")]


def test_repeated_states_are_one() -> None:
    reading = read(saw("New", 8), saw("New", 9), saw("Active", 10), saw("Active", 11))
    assert reading.repeated == 2
    assert moves(reading.document["cards"][0]) == [(iso(10), "Active")]


def test_rows_that_are_equal_in_every_value_are_one() -> None:
    reading = read(saw("New", 8), saw("Active", 9), saw("New", 8), saw("Active", 9))
    assert (reading.rows, reading.duplicates, reading.reordered) == (4, 2, 0)
    assert moves(reading.document["cards"][0]) == [(iso(9), "Active")]


def test_a_reopened_card_goes_back_and_is_done_again() -> None:
    seen = card(saw("New", 8), saw("Done", 9), saw("Active", 10), saw("Done", 11))
    assert moves(seen) == [(iso(9), "Done"), (iso(10), "Active"), (iso(11), "Done")]


def test_cards_whose_rows_are_mixed_are_told_apart() -> None:
    reading = read(
        saw("New", 8, number="2"), saw("New", 7, number="10"), saw("Done", 9, number="2")
    )
    assert [one["external_id"] for one in reading.document["cards"]] == ["10", "2"]
    assert reading.moves == 1


def test_an_observation_before_the_creation_is_refused_unless_it_is_said_what_counts() -> None:
    assert "row 2: 7 was observed before its opened" in refusal(saw("New", 8, 9))


def test_an_observation_before_the_creation_can_count_from_the_creation() -> None:
    reading = read(
        saw("New", 7, 9),
        saw("Active", 8, 9),
        saw("Done", 10, 9),
        before_creation="keep_creation",
    )
    seen = reading.document["cards"][0]
    assert (seen["created_at"], seen["column"]) == (iso(9), "New")
    assert moves(seen) == [(iso(9), "Active"), (iso(10), "Done")]
    assert reading.before_creation == 1
    assert any("before their creation" in said for said in reading.warnings)


def test_an_observation_before_the_creation_can_move_the_creation() -> None:
    seen = card(saw("Active", 7, 9), saw("Done", 10, 9), before_creation="move_creation")
    assert (seen["created_at"], seen["column"]) == (iso(7), "Active")
    assert moves(seen) == [(iso(10), "Done")]


# Blocked


def test_a_blocked_status_is_an_interval_up_to_the_next_other_status() -> None:
    seen = card(saw("Active", 8), saw("Waiting", 9), saw("Waiting", 10), saw("Done", 12))
    assert blocks(seen) == [(iso(9), iso(12), "waiting_on_customer")]
    assert moves(seen) == [(iso(12), "Done")]


def test_a_card_that_goes_on_where_it_was_blocked_makes_no_move() -> None:
    seen = card(saw("Active", 8), saw("Waiting", 9), saw("Active", 12))
    assert blocks(seen) == [(iso(9), iso(12), "waiting_on_customer")]
    assert moves(seen) == []


def test_two_blocked_statuses_in_a_row_are_two_intervals_that_touch() -> None:
    seen = card(saw("Active", 8), saw("Waiting", 9), saw("Held", 10), saw("Active", 11))
    assert blocks(seen) == [
        (iso(9), iso(10), "waiting_on_customer"),
        (iso(10), iso(11), "approval"),
    ]


def test_a_card_that_is_blocked_at_the_end_stays_so() -> None:
    assert blocks(card(saw("New", 8), saw("Held", 9))) == [(iso(9), None, "approval")]


def test_a_card_first_seen_blocked_begins_in_the_start_column() -> None:
    seen = card(saw("Waiting", 8, 8), saw("Active", 9, 8))
    assert (seen["column"], moves(seen)) == ("New", [(iso(9), "Active")])
    assert blocks(seen) == [(iso(8), iso(9), "waiting_on_customer")]


def test_a_card_first_seen_blocked_is_refused_when_no_column_is_known() -> None:
    said = refusal(
        saw("Waiting", 8), states={"Waiting": {"blocked": "other"}}, unknown_states="as_column"
    )
    assert said.startswith('row 2: the first thing known is "Waiting", which is no column')


def test_a_block_says_why() -> None:
    rows = [saw("New", 8), saw("Waiting", 9), saw("Held", 10, group="Board"), saw("Held", 11)]
    assert [block["reason"] for block in card(*rows)["blocks"]] == ["Waiting", "Held by Board"]
    assert card(saw("Held", 8, group="?"))["blocks"][0]["reason"] == "Held by unknown"


# Statuses that are not known


def test_an_unknown_status_is_refused_with_its_row_and_name() -> None:
    said = refusal(saw("New", 8), saw("Parked", 9))
    assert said.startswith('row 3: state: "Parked" is not a known status; known are New, Active')


def test_an_empty_status_is_refused() -> None:
    assert refusal(saw("", 8)).startswith('row 2: state: "" is not a known status')
    assert "row 2" in refusal(saw("", 8), unknown_states="as_column")


def test_an_unknown_status_can_be_ignored_and_is_counted() -> None:
    reading = read(
        saw("New", 8), saw("Parked", 9), saw("Lost", 10), saw("New", 11), unknown_states="ignore"
    )
    assert (reading.ignored, reading.repeated, reading.moves) == (2, 1, 0)
    assert any('2 (first: row 3, "Parked")' in said for said in reading.warnings)


def test_an_unknown_status_can_be_the_name_of_a_column() -> None:
    seen = card(saw("Idea", 8), saw("Built", 9), states={}, unknown_states="as_column")
    assert (seen["column"], moves(seen)) == ("Idea", [(iso(9), "Built")])


def test_a_status_that_is_no_column_of_the_board_is_refused() -> None:
    columns = [{"name": name, "kind": "queue"} for name in ("New", "Active", "Done")]
    said = refusal(saw("Parked", 8), columns=columns, unknown_states="as_column")
    assert said.startswith('row 2: state: "Parked" is not a known status')


def test_a_log_with_nothing_but_ignored_rows_is_refused() -> None:
    assert "no rows that could be read" in refusal(saw("Lost", 8))


# What a card says


def test_the_title_is_a_template_of_known_values() -> None:
    rows = [saw("New", 8, group="Ops"), saw("Active", 9, group="?")]
    assert card(*rows)["title"] == "7"
    assert card(*rows, title="{group}: {{{id}}}")["title"] == "Ops: {7}"
    assert card(saw("New", 8), title="For {group}")["title"] == "For unknown"


def test_a_template_with_a_column_that_the_log_does_not_have_is_refused() -> None:
    said = refusal(saw("New", 8), title="{category} of {group}")
    assert said == (
        'title: the log has no column "category"; it has "id", "state", "at", "opened", "group"'
    )


def test_the_last_known_value_becomes_the_label() -> None:
    rows = [saw("New", 8, group="First"), saw("New", 9, group="Second"), saw("New", 10, group="?")]
    assert card(*rows)["labels"] == ["Second"]
    assert card(saw("New", 8))["labels"] == []


def test_equal_labels_are_one() -> None:
    assert card(saw("New", 8, group="New"), label_columns=["state", "group"])["labels"] == ["New"]


def test_work_type_class_team_and_lane_can_come_from_columns() -> None:
    choice = {"column": "group", "map": {"Crit": "expedite"}, "default": "standard"}
    rows = [saw("New", 8, group="Crit")]
    seen = card(*rows, service_class=choice, team={"column": "group"}, lane="Fast")
    assert (seen["service_class"], seen["team"], seen["lane"]) == ("expedite", "Crit", "Fast")
    seen = card(saw("New", 8, group="Low"), service_class=choice)
    assert (seen["service_class"], seen["work_type"], seen["team"]) == ("standard", "feature", None)
    assert "lane" not in seen


def test_a_value_that_is_no_work_type_is_refused_with_its_row() -> None:
    said = refusal(saw("New", 8, group="bug"), work_type={"column": "group"})
    assert said.startswith('row 2: group: "bug" has no meaning as work_type; it is one of feature')
    said = refusal(saw("New", 8), work_type={"column": "group"})
    assert said.startswith("row 2: group: is not known as work_type")


def test_texts_that_are_too_long_are_shortened_and_counted() -> None:
    long = "word " * 200
    reading = read(saw("New", 8, group=long), title="{group}")
    seen = reading.document["cards"][0]
    assert (len(seen["title"]), seen["title"][-1]) == (500, "…")
    assert len(seen["labels"][0]) <= 50
    assert reading.shortened == 2


def test_texts_are_normalised_and_kept_on_one_line() -> None:
    seen = card('7,New,2024-05-06T08:00,,"  Zu\u0308rich\r\n\tsecond\u00a0floor "')
    assert seen["labels"] == ["Zürich second floor"]


def test_a_team_lane_or_column_with_too_long_a_name_is_refused() -> None:
    name = "x" * 101
    row = saw("New", 8, group=name)
    assert refusal(row, team={"column": "group"}) == "row 2: group: is longer than 50 characters"
    assert refusal(row, lane={"column": "group"}) == "row 2: group: is longer than 100 characters"
    assert "is not a known status" in refusal(saw(name, 8), unknown_states="as_column")


def test_an_id_that_is_missing_or_far_too_long_is_refused() -> None:
    assert refusal(saw("New", 8, number=" ")) == 'row 2: id: "" is no id'
    assert "row 2: id: is longer than 200" in refusal(saw("New", 8, number="x" * 201))


# Times


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%d-%m-%Y %H:%M", "31-02-2016 01:00"),
        ("%d-%m-%Y %H:%M", "2016-02-29 01:00"),
        ("%d-%m-%Y %H:%M", ""),
        ("%d-%m-%Y %H:%M", "?"),
    ],
)
def test_a_bad_time_is_refused_with_row_column_and_form(pattern: str, text: str) -> None:
    rows = ["7,New,28-02-2016 08:00,,", f"7,New,{text},,"]
    assert refusal(*rows, time_format=pattern) == (
        f'row 3: at: "{text}" is not a time in the form "{pattern}"'
    )


def test_a_bad_creation_time_is_refused_too() -> None:
    assert refusal("7,New,2024-05-06,yesterday,") == (
        'row 2: opened: "yesterday" is not a time in ISO 8601'
    )


def test_a_time_in_the_future_or_before_1970_is_refused() -> None:
    assert refusal("7,New,2026-01-01T00:00:01,,") == (
        'row 2: at: "2026-01-01T00:00:01" is in the future'
    )
    assert refusal("7,New,1969-12-31T23:59:59,,") == (
        'row 2: at: "1969-12-31T23:59:59" is before 1970'
    )
    assert "is before 1970" in refusal("7,New,0001-01-01T00:00:00+14:00,,")
    assert "is in the future" in refusal("7,New,9999-12-31T23:59:59-14:00,,")
    assert card("7,New,2026-01-01T00:00:00,,")["created_at"] == clock.iso(NOW)


def test_a_time_is_in_the_zone_of_the_mapping_unless_it_names_its_own() -> None:
    zone = {"time_zone": "Europe/Zurich"}
    assert card("7,New,2024-05-06T10:00,,", **zone)["created_at"] == iso(8)
    assert card("7,New,2024-05-06T10:00Z,,", **zone)["created_at"] == iso(10)
    with_offset = {"time_format": "%d.%m.%Y %H:%M %z", **zone}
    assert card("7,New,06.05.2024 10:00 +0500,,", **with_offset)["created_at"] == iso(5)


def test_fractions_of_a_second_are_kept() -> None:
    assert card("7,New,2024-05-06T10:00:00.123456Z,,")["created_at"].endswith("00.123456Z")


# The file


def test_rows_are_counted_as_a_spreadsheet_does_and_the_line_is_named_when_it_differs() -> None:
    long = '7,New,2024-05-06T08:00,,"one\ntwo\nthree"'
    assert refusal(saw("New", 7), "", saw("Parked", 9)).startswith("row 4: ")
    assert refusal(long, saw("Parked", 9)).startswith("row 3 (line 5): ")


def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing() -> None:
    text = f"\ufeff{HEADER}\r\n{saw('New', 8)}\r\n"
    quoted = f'\ufeff"id"{HEADER[2:]}\n{saw("New", 8)}'
    expected = read(saw("New", 8)).document
    for one in (text, quoted):
        assert read_log(StringIO(one, newline=""), PLAIN, now=NOW).document == expected
        assert read_log(one.splitlines(), PLAIN, now=NOW).document == expected


def test_empty_rows_are_passed_over() -> None:
    assert read("", saw("New", 8), ",,,,", "").rows == 1


def test_other_delimiters_are_read() -> None:
    rows = saw("New", 8).replace(",", "\t")
    assert read(rows, header=HEADER.replace(",", "\t"), delimiter="tab").cards == 1


def test_a_wrong_delimiter_is_guessed_at_in_the_message() -> None:
    said = refusal("7;New", header="id;state")
    assert said == (
        'id_column: the log has no column "id"; it has "id;state"; is the delimiter right?'
    )


def test_a_header_without_a_needed_column_is_refused_with_the_column_named() -> None:
    assert refusal("7,New", header="id,state") == (
        'time_column: the log has no column "at"; it has "id", "state"'
    )
    assert "creation_column: the log has no" in refusal("7,New,1", header="id,state,at")
    assert "label_columns: the log has no" in refusal("", header="id,state,at,opened")
    assert "states.Held.reason: the log has no" in refusal(
        "", header="id,state,at,opened", label_columns=[]
    )


def test_a_header_that_names_a_needed_column_twice_is_refused() -> None:
    assert 'more than one column "id"' in refusal("", header=HEADER + ",id")
    assert read(saw("New", 8) + ",1,2", header=HEADER + ",x,x").cards == 1


def test_an_empty_log_and_a_log_without_rows_are_refused() -> None:
    with pytest.raises(LogError, match="the log is empty"):
        read_log([], PLAIN, now=NOW)
    with pytest.raises(LogError, match="the log is empty"):
        read_log(["\n", "\n"], PLAIN, now=NOW)
    assert "a header and no rows" in refusal()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("7,New,2024-05-06", "row 2: has 3 values, the header has 5"),
        ("7,New,2024-05-06,,,,", "row 2: has 7 values, the header has 5"),
        ('7,New,2024-05-06,,"open', "row 2: not well-formed CSV"),
        ('7,New,2024-05-06,,"a"b', "row 2: not well-formed CSV"),
        ("7,New,2024-05-06,," + "x" * 200_000, "row 2: not well-formed CSV"),
        ("7,New,2024-05-06,,a\0b", "row 2: has a character that is not text"),
        ("7,New,2024-05-06,,\ud800", "row 2: has a character that is not text"),
    ],
)
def test_a_row_that_is_not_well_formed_is_refused(row: str, said: str) -> None:
    assert refusal(row).startswith(said)


def test_a_file_in_another_encoding_is_refused_with_the_line_and_read_with_the_option(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes(f"{HEADER}\n{saw('New', 8)}\n{saw('Done', 9, group='Zürich')}".encode("cp1252"))
    with pytest.raises(LogError, match=r"line 3: not text in utf-8; the option encoding"):
        read_log_file(log, PLAIN, now=NOW)
    reading = read_log_file(log, PLAIN.with_options(encoding="cp1252"), now=NOW)
    assert reading.document["cards"][0]["labels"] == ["Zürich"]


def test_a_stream_that_is_not_in_its_encoding_is_refused() -> None:
    stream = TextIOWrapper(BytesIO(b"id,state\n\xff"), encoding="utf-8", newline="")
    with pytest.raises(LogError, match="not text in utf-8"):
        read_log(stream, PLAIN, now=NOW)


def test_a_file_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"nothing\.csv: No such file"):
        read_log_file(tmp_path / "nothing.csv", PLAIN, now=NOW)


def test_a_long_value_is_cut_in_a_message() -> None:
    assert len(refusal(saw("P" * 5000, 8))) < 200
