"""The parts of the flow page: what each of them is given, and what each of them gives.

A part is a module with `PARAMETERS` (the names of what it alone is asked for in the address) and
`section(flow) -> Section`. `pages.py` lists the parts in the order of the page; the frame around
each of them is `templates/flow/_section.html`. A chart is an option of ECharts as plain values, in
which a string like `--accent` is a colour of `weir.css`; an item of its data may carry `words`
(what the pointer is told), `cards` (what a click pins: `[[ref, url, title], ...]`) and `more` (how
many cards are not among these). A category axis with `fits` breaks its names to the width of a
category.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.boards.history import OpenBoard
from app.db import Tx
from app.flow.asked import Asked, api_address
from app.flow.blockers import Episodes
from app.flow.blockers_reading import read_episodes
from app.flow.cumulative import Cumulative
from app.flow.cumulative_reading import read_cumulative
from app.flow.lines import Line, read_lines
from app.flow.queries import Window


@dataclass(frozen=True, slots=True)
class Flow:
    """What a part of the page is made from."""

    tx: Tx
    board: OpenBoard
    asked: Asked
    window: Window
    # What several parts need is read once.
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def lines(self) -> list[Line]:
        """What changed within the window: the lines in time that charts show (`over_time.py` puts
        them there)."""
        if "lines" not in self.known:
            self.known["lines"] = read_lines(self.tx, self.board, *self.window)
        return list(self.known["lines"])

    @property
    def cumulative(self) -> tuple[Cumulative, Sequence[int]]:
        """The cumulative flow of the window, and what stood in its columns before; Invalid where
        the window has too many days."""
        if "cumulative" not in self.known:
            cards = self.asked.wanted.cards
            self.known["cumulative"] = read_cumulative(self.tx, self.board, self.window, cards)
        found: tuple[Cumulative, Sequence[int]] = self.known["cumulative"]
        return found

    @property
    def episodes(self) -> Episodes:
        """What blocked cards in the window and in the period of the same length before it."""
        if "episodes" not in self.known:
            both = Window(2 * self.window.start - self.window.end, self.window.end)
            cards = self.asked.wanted.cards
            self.known["episodes"] = read_episodes(self.tx, self.board, both, cards)
        found: Episodes = self.known["episodes"]
        return found

    @property
    def path(self) -> str:
        """The page's own path."""
        return f"/boards/{self.board.row.key}/flow"

    def api(self, statistic: str, **more: str | int) -> str:
        """Where the API gives the same numbers."""
        return api_address(self.board, self.asked, self.window, statistic, **more)

    def address(self, name: str, **more: str) -> str:
        """The page with other values for the parameters of a part, at that part."""
        return f"{self.asked.address(self.path, more={**self.asked.more, **more})}#{name}"

    def card_url(self, number: int) -> str:
        """Where a card of this board is shown."""
        return f"/boards/{self.board.row.key}/cards/{number}"


class Link(NamedTuple):
    """A cell of a table that leads somewhere."""

    words: str
    url: str


class Table(NamedTuple):
    """The numbers of a chart to read; the first cell of a row names it."""

    head: Sequence[str]
    rows: Sequence[Sequence[str | Link]]


class Note(NamedTuple):
    """What a line in a chart means: the number that it carries, when it was, and what."""

    number: str
    when: str
    words: str


class Chart(NamedTuple):
    """A drawing, and its numbers as a table. `size` is `small`, `medium` or `large`; a wide one has
    no other beside it."""

    name: str  # its id on the page
    title: str  # empty where the part's own is enough
    sentence: str  # what it shows, for those who do not see it
    option: Mapping[str, Any]
    table: Table
    size: str = "medium"
    notes: Sequence[Note] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the flow page.

    `problem` says what is wrong with what it was asked for and `missing` why there is nothing to
    show; with one of them the rest stays out. `form`, `body`, `below` and `explain` are templates
    of its own, given `values`: what is asked, which stands there in any case, what stands before
    the charts and below them, and "How to read this".
    """

    name: str
    title: str
    sentence: str = ""
    problem: str = ""
    missing: str = ""
    charts: Sequence[Chart] = ()
    form: str = ""
    body: str = ""
    below: str = ""
    explain: str = ""
    csv_url: str = ""
    api_url: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
