"""The part of the flow page that it begins with: five numbers, each beside the period before."""

from collections.abc import Mapping

from app.cards.pace import PROMISE
from app.errors import Invalid
from app.flow.cumulative import Cumulative
from app.flow.durations import in_words
from app.flow.sections import Flow, Section
from app.flow.sparks import HEIGHT, WIDTH
from app.flow.sparks_reading import read_sparks
from app.flow.strip import Strip, numbers_of, tenths
from app.flow.strip_reading import read_strip
from app.words import count_of

PARAMETERS: tuple[str, ...] = ()


def section(flow: Flow) -> Section:
    """The five numbers of the board and the window."""
    cumulative, before = _cumulative(flow)
    cards = flow.asked.wanted.cards
    strip = read_strip(flow.tx, flow.board, flow.window, cards, flow.episodes, before)
    return Section(
        name="numbers",
        title="In short",
        sentence=sentence_of(strip),
        body="flow/_strip.html",
        explain="flow/_strip_explain.html",
        api_url=flow.api("summary"),
        csv_url=flow.api("summary", format="csv"),
        values={
            "numbers": numbers_of(strip),
            "sparks": read_sparks(
                flow.tx, flow.board, flow.window, cards, cumulative, flow.episodes
            ),
            "spark_box": f"0 0 {WIDTH} {HEIGHT}",
        },
    )


def _cumulative(flow: Flow) -> tuple[Cumulative | None, Mapping[int, int] | None]:
    """The cumulative flow and with how many cards in each column it began; None where the window
    has too many days for it."""
    try:
        cumulative, before = flow.cumulative
    except Invalid:
        return None, None
    return cumulative, {
        band.column_id: count for band, count in zip(cumulative.bands, before, strict=True)
    }


def sentence_of(strip: Strip) -> str:
    """One sentence that reads the five numbers."""
    now = strip.now
    wip = f"{count_of(now.wip, 'card')} in work"
    if not now.done:
        return f"{wip}; none was done in this window."
    rate = f"{tenths(now.throughput)} a week are done"
    if now.cycle_time is None:
        return f"{wip}; {rate}."
    within = in_words(now.cycle_time, up=True)
    return f"{wip}; {rate}, {PROMISE} % of them within {within} of being started."
