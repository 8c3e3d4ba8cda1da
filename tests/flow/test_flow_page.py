"""The flow page: what it says, and that its address says everything."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from app.cards import closed_days
from app.cards.closed_days import close_days
from app.clock import DAY, HOUR
from app.db import Statement, Tx
from app.flow import times_section
from app.web import unbroken
from tests.databases import on_sqlite
from tests.flow.conftest import Past, story
from tests.support import Person, Weir

MOST_STATEMENTS = 60  # of the whole page, whatever stands on the board
WINDOW = "from=2026-03-01&to=2026-04-01"
NONSENSE = [
    ("from=2026-02-30", "“From” must be a day that exists.", ("from", "2026-02-30")),
    ("to=tomorrow", "“To” must be a timestamp with a zone", ("to", "tomorrow")),
    (
        "from=2026-04-01&to=2026-03-01",
        "The window must begin before it ends.",
        ("to", "2026-03-01"),
    ),
    ("lane_id=one&label=red", "Lane: there is no such choice.", ("label", "red")),
    ("work_type=<script>", "Type: there is no such choice.", ("work_type", "<script>")),
    ("label=%00", "Label: there is no such choice.", ("label", "\x00")),
    ("metric=speed&label=red", "There is no such clock", ("label", "red")),
    ("range=2w&metric=cycle", "There is no such window", ("metric", "cycle")),
    ("&".join(["team=dev"] * 51), "Team: too many are chosen.", ("team", "dev")),
]


class Page(HTMLParser):
    """A page's text, and the attributes of what has an id."""

    def __init__(self, status: int, html: str) -> None:
        super().__init__()
        self.status = status
        self.html = html
        self.by_id: dict[str, dict[str, str]] = {}
        self.rows: list[list[str]] = []
        self.fields_of: dict[str, list[tuple[str, str]]] = {}  # that a form would send
        self._form: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._cell = False
        self.feed(html)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What the form of the window and the filters would send."""
        return self.fields_of["flow-form"]

    @property
    def text(self) -> str:
        """All text, with single spaces."""
        return " ".join("".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            assert found["id"] not in self.by_id, f"the id {found['id']} is there twice"
            self.by_id[found["id"]] = found
        if tag == "form":
            self._form = self.fields_of.setdefault(found.get("id", ""), [])
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self._cell = True
        is_sent = found.get("type") != "checkbox" or "checked" in found
        if tag == "input" and "name" in found and is_sent:
            self._form.append((found["name"], found.get("value", "")))
        self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Ends a cell."""
        if tag in {"td", "th"}:
            self._cell = False

    def handle_data(self, data: str) -> None:
        """Keeps text."""
        self._text.append(data)
        if self._cell:
            self.rows[-1][-1] += data

    def link(self, name: str) -> str:
        """Where a link leads."""
        return self.by_id[name]["href"]


class Reader:
    """Somebody who reads flow pages."""

    def __init__(self, person: Person, key: str = "OPS") -> None:
        self.client = person.weir.client
        self.headers = {"Authorization": f"Bearer {person.token}"} if person.token else {}
        self.path = f"/boards/{key}/flow"

    def page(self, query: str = "") -> Page:
        """The page at an address."""
        return self.at(f"{self.path}?{query}" if query else self.path)

    def at(self, address: str) -> Page:
        """The page at an address of this site."""
        answer = self.client.get(address, headers=self.headers)
        return Page(answer.status_code, answer.text)


@pytest.fixture
def reader(past: Past) -> Reader:
    """Ada, who reads the pages of her board."""
    return Reader(past.board.person)


def test_the_page_reads_the_result_in_one_sentence(past: Past, reader: Reader) -> None:
    past.play(
        *(
            story(f"2026-03-{day:02}T12:00:00Z", lead=day * DAY + HOUR, cycle=day * HOUR)
            for day in range(1, 21)
        )
    )
    page = reader.page(WINDOW)
    assert page.status == 200
    assert "85 % of 20 cards were done within 17.1 days." in page.text
    assert "From 1 Mar 2026 to before 1 Apr 2026 (UTC)." in page.text
    assert "Mean 10.5 days" in page.text
    assert "50 % 10.1 days 10.5 days" in page.text
    assert "The 20 cards behind it" in page.text
    cycle = reader.page(f"{WINDOW}&metric=cycle")
    assert "85 % of 20 cards were done within 17 hours of being started." in cycle.text
    process = reader.page(f"{WINDOW}&metric=process")
    assert "85 % of 20 cards took 17 hours of work or less." in process.text


def test_the_cards_behind_the_numbers_stand_below_them_the_last_done_first(
    past: Past, reader: Reader
) -> None:
    past.done("2026-03-02T12:00:00Z", lead=DAY, cycle=None, title="<b>First</b> & “best”")
    past.done("2026-03-09T14:05:00Z", lead=3 * DAY, cycle=6 * HOUR, title="Second")
    page = reader.page(WINDOW)
    assert "<b>First" not in page.html
    *_, head, second, first = [row for row in page.rows if len(row) == 6]
    assert head == ["Card", "Title", "Lead time", "Cycle time", "Process time", "Done"]
    assert second == ["OPS-2", "Second", "3 days", "6 hours", "6 hours", "9 Mar 2026, 14:05"]
    assert first[1:5] == ["<b>First</b> & “best”", "1 day", "–", "0 seconds"]
    assert page.link("flow-OPS-2") == "/boards/OPS/cards/2"
    cycle = reader.page(f"{WINDOW}&metric=cycle")
    assert [row[0] for row in cycle.rows if len(row) == 6] == ["Card", "OPS-2"]
    assert [row[2] for row in cycle.rows if len(row) == 6] == ["Cycle time", "6 hours"]


@on_sqlite
def test_a_long_table_says_what_it_leaves_out(
    past: Past, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times_section, "MOST_ROWS", 2)
    for day in (2, 3, 4):
        past.done(f"2026-03-0{day}T12:00:00Z", lead=0, cycle=None)
    page = reader.page(WINDOW)
    assert [row[0] for row in page.rows if len(row) == 6] == ["Card", "OPS-3", "OPS-2"]
    assert "1 older card is left out of this table; the CSV has them all." in page.text


def test_days_and_times_are_those_of_the_boards_zone(past: Past, reader: Reader) -> None:
    past.board.person.patch("/boards/OPS", {"time_zone": "Europe/Berlin"})
    past.done("2026-03-29T22:30:00Z", lead=0, cycle=None, title="Late")
    page = reader.page("from=2026-03-30&to=2026-03-31")
    assert "From 30 Mar 2026 to before 31 Mar 2026 (Europe/Berlin)." in page.text
    assert "30 Mar 2026, 00:30" in page.text
    assert reader.page("from=2026-03-29&to=2026-03-30").by_id["times-missing"]


# --- the address ----------------------------------------------------------------------------------


def test_the_links_to_the_api_and_the_csv_give_the_same_numbers(past: Past, reader: Reader) -> None:
    for day in (2, 3, 4):
        labels = ["Ü & co"] if day > 2 else []
        past.done(f"2026-03-0{day}T12:00:00Z", labels=labels)
    past.time.at("2026-03-20T12:00:00Z")
    for query in ("", "range=30d&metric=cycle", f"{WINDOW}&label=%C3%9C+%26+co"):
        page = reader.page(query)
        # Time goes on between the page and the click.
        past.time.at(past.time.now + 40 * DAY)
        found = reader.client.get(page.link("times-api"), headers=reader.headers).json()
        file = reader.client.get(page.link("times-csv"), headers=reader.headers).text
        past.time.at(past.time.now - 40 * DAY)
        assert f"Cards done {found['count']}" in page.text
        assert len(file.splitlines()) == found["count"] + 1
        assert found["count"] == (2 if "label" in query else 3)
    api = reader.page("from=2026-03-01&team=dev&team=ops&metric=process").link("times-api")
    assert api.startswith("/api/v1/boards/OPS/stats/process-time?")
    assert parse_qs(urlsplit(api).query) == {
        "from": ["2026-03-01"],
        "to": ["2026-03-20T12:00:00.000000Z"],
        "team": ["dev", "ops"],
    }


@on_sqlite
def test_every_choice_is_in_the_address(past: Past, reader: Reader) -> None:
    past.done("2026-03-02T12:00:00Z", labels=["red", "blue"], team="dev")
    query = "metric=cycle&range=1y&work_type=feature&team=dev&label=red&label=blue"
    page = reader.page(query)
    assert page.link("metric-1") == "/boards/OPS/flow?" + query.removeprefix("metric=cycle&")
    assert page.link("metric-3") == "/boards/OPS/flow?" + query.replace("cycle", "process")
    # What is the default stays out of the address.
    assert page.link("preset-2") == "/boards/OPS/flow?" + query.replace("range=1y&", "")
    assert page.link("preset-3") == "/boards/OPS/flow?" + query.replace("1y", "6m")
    assert page.link("flow-clear") == "/boards/OPS/flow?metric=cycle&range=1y"
    current = [name for name, found in page.by_id.items() if "aria-current" in found]
    assert current[:4] == ["tab-flow", "bar-flow", "metric-2", "preset-4"]
    sent = [(name, value) for name, value in page.fields if value]
    assert sorted(sent) == sorted(parse_qsl(query))
    assert "flow-clear" not in reader.page().by_id
    assert reader.page().link("metric-1") == "/boards/OPS/flow"


@on_sqlite
def test_what_the_form_sends_leads_to_the_same_page(past: Past, reader: Reader) -> None:
    past.done("2026-03-02T12:00:00Z", labels=["red"])
    for query in (f"{WINDOW}&label=red", "range=30d&label=red", "metric=process"):
        page = reader.page(query)
        sent = "&".join(f"{name}={value}" for name, value in page.fields)
        assert reader.page(sent).text == page.text


@on_sqlite
def test_dates_take_the_place_of_a_preset(past: Past, reader: Reader) -> None:
    page = reader.page(f"range=30d&{WINDOW}")
    assert not [
        n for n, found in page.by_id.items() if n[:6] == "preset" and "aria-current" in found
    ]
    assert ("range", "30d") not in page.fields
    assert ("from", "2026-03-01") in page.fields
    assert page.link("metric-2") == f"/boards/OPS/flow?metric=cycle&{WINDOW}"
    assert page.link("preset-1") == "/boards/OPS/flow?range=30d"


@on_sqlite
def test_presets_reach_back_from_now(past: Past, reader: Reader) -> None:
    base = past.time.now + 400 * DAY
    for days in (366, 364, 183, 181, 91, 89, 31, 29):
        past.done(base - days * DAY, lead=0, cycle=None)
    past.time.at(base)
    counts = [
        int(re.findall(r"Cards done ([\d,]+)", reader.page(f"range={name}").text)[0])
        for name in ("30d", "90d", "6m", "1y")
    ]
    assert counts == [1, 3, 5, 7]


def test_filters_narrow_what_is_measured(past: Past, reader: Reader) -> None:
    past.done("2026-03-02T12:00:00Z", labels=["red"], work_type="defect")
    past.done("2026-03-04T12:00:00Z", labels=["blue"], work_type="ops")
    page = reader.page(f"{WINDOW}&label=red")
    assert "Cards done 1" in page.text
    assert "Cards done 2" in reader.page(f"{WINDOW}&label=red&label=blue").text
    assert "Cards done 1" in reader.page(f"{WINDOW}&work_type=ops").text


@on_sqlite
def test_a_filter_that_the_board_does_not_know_stays_visible(past: Past, reader: Reader) -> None:
    past.done("2026-03-02T12:00:00Z")
    page = reader.page(f"{WINDOW}&label=gone&assignee_id=4711")
    assert page.status == 200
    assert ("label", "gone") in page.fields
    assert ("assignee_id", "4711") in page.fields
    assert "1 card was finished in this window, but the filters leave none." in page.text


# --- what cannot be answered ----------------------------------------------------------------------


@on_sqlite
def test_a_query_that_makes_no_sense_is_told_and_kept(past: Past, reader: Reader) -> None:
    for query, message, kept in NONSENSE:
        page = reader.page(query)
        assert page.status == 422, query
        assert message in page.text
        assert kept in page.fields
        assert "times-api" not in page.by_id
        assert "times-sentence" not in page.by_id
        assert "<script>" not in page.html


@on_sqlite
def test_where_there_is_nothing_to_measure_the_page_says_why(past: Past, reader: Reader) -> None:
    assert "with the first card that reaches Done." in reader.page().text
    past.done("2026-03-02T14:05:00Z", cycle=None)
    assert "None" not in reader.page(WINDOW).text
    late = reader.page("from=2026-03-03&to=2026-04-01")
    assert "last one was on 2 Mar 2026, 14:05." in late.text
    assert late.by_id["times-api"]
    assert "the filters leave none" in reader.page(f"{WINDOW}&team=dev").text
    assert "without ever being started" in reader.page(f"{WINDOW}&metric=cycle").text
    assert "the filters leave none" in reader.page(f"{WINDOW}&metric=cycle&team=dev").text


@on_sqlite
def test_a_board_without_a_done_column_is_told_so(past: Past) -> None:
    past.board.person.board("NEW", "empty")
    page = Reader(past.board.person, "NEW").page()
    assert page.status == 200
    assert "This board has no column of the kind “done” yet" in page.text


@on_sqlite
def test_a_stranger_finds_no_page_and_who_is_not_signed_in_is_led_there_after(
    past: Past, weir: Weir
) -> None:
    eve = Reader(weir.person("Eve Stranger"))
    assert eve.page().status == Reader(weir.person("Mel Ody"), "NONE").page().status == 404
    answer = weir.client.get("/boards/OPS/flow?metric=cycle&label=a%26b")
    assert answer.status_code == 303
    onward = parse_qs(urlsplit(answer.headers["location"]).query)["next"][0]
    assert onward == "/boards/OPS/flow?metric=cycle&label=a%26b"


@on_sqlite
def test_the_page_has_no_inline_styles_or_scripts(past: Past, reader: Reader) -> None:
    past.done("2026-03-02T12:00:00Z")
    page = reader.page(WINDOW)
    # What a chart is drawn from is no script: nothing runs it.
    drawn = '(?! src=| type="application/json")'
    assert not re.search(rf"<style|<script{drawn}|\sstyle=|\son\w+=", page.html)


# --- at what cost ---------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are carried out."""
    seen: list[str] = []
    run, execute = Tx._execute, Tx.execute

    def count_run(tx: Tx, statement: Statement, values: dict[str, Any]) -> None:
        seen.append(str(statement.statement))
        run(tx, statement, values)

    def count_execute(tx: Tx, statement: Any, values: Any = None) -> Any:
        seen.append(str(statement))
        return execute(tx, statement, values)

    monkeypatch.setattr(Tx, "_execute", count_run)
    monkeypatch.setattr(Tx, "execute", count_execute)
    return seen


@pytest.mark.parametrize("closed", [False, True])
def test_the_number_of_statements_is_the_same_for_any_number_of_cards(
    past: Past,
    reader: Reader,
    asked: list[str],
    closed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(closed_days, "FEWEST_CARDS", 0)
    counts = []
    for cards in (1, 3, 12):
        for number in range(cards):
            past.done(past.time.now + HOUR, lead=0, cycle=None, labels=[f"label {number}"])
        past.time.at(past.time.now + (3 * DAY + 1 if closed else HOUR))
        if closed:
            past.board.add("Another one")
            while past.board.person.weir.db.write_now(close_days, "OPS"):
                pass
        reader.page()
        asked.clear()
        reader.page()
        counts.append(len(asked))
    assert len(set(counts)) == 1
    assert counts[0] <= MOST_STATEMENTS


def test_a_card_s_reference_is_not_broken_at_a_line_s_end(past: Past, reader: Reader) -> None:
    past.board.add("In work", "In progress")
    past.time.at(past.time.now + DAY)
    assert '<span class="unbroken">OPS-1</span>' in reader.page().html
    assert unbroken("<b> A-1 OPS-12, x") == (
        '&lt;b&gt; A-1 <span class="unbroken">OPS-12</span>, x'
    )
