"""The part of the flow page that draws the value stream."""

from typing import Any

from app.flow.durations import in_words
from app.flow.queries import LEAD
from app.flow.sections import Flow, Section
from app.flow.stream import Long, Stream
from app.flow.stream_queries import CardName, card_names, read_stream
from app.flow.stream_views import boxes_of, hint_of, rows_of, sentence_of, totals_of
from app.flow.times_section import why_nothing

PARAMETERS: tuple[str, ...] = ()
LONGEST = 10
HEAD = (
    *("Step", "Kind", "Team", "Lead time", "Process time", "Wait time", "Of lead time"),
    *("%C/A", "Exits", "Came back"),
)


def section(flow: Flow) -> Section:
    """The steps of the stream with their times, and the cards that were longest in each."""
    tx, board, window, cards = flow.tx, flow.board, flow.window, flow.asked.wanted.cards
    stream = stream_of(flow)
    group = board.shape.group
    groups = {
        column.id: group[column.group_id].name
        for column in board.shape.columns
        if column.group_id is not None
    }
    names = card_names(tx, {long.card_id for step in stream.steps for long in step.longest})
    api_url = flow.api("value-stream")
    return Section(
        name="stream",
        title="Value stream",
        sentence=sentence_of(stream),
        missing="" if stream.count else why_nothing(tx, board, LEAD, window, cards),
        body="flow/_stream.html",
        explain="flow/_stream_explain.html",
        api_url=api_url,
        csv_url=f"{api_url}&format=csv",
        values={
            "hint": hint_of(stream, groups),
            "totals": totals_of(stream),
            "boxes": [
                (box, [_long(flow, long, names) for long in box.longest])
                for box in boxes_of(stream, groups)
            ],
            "head": HEAD,
            "rows": rows_of(stream, groups),
        },
    )


def stream_of(flow: Flow) -> Stream:
    """The value stream of the page's window, read once."""
    if "stream" not in flow.known:
        cards = flow.asked.wanted.cards
        flow.known["stream"] = read_stream(flow.tx, flow.board, flow.window, cards, LONGEST)
    found: Stream = flow.known["stream"]
    return found


def _long(flow: Flow, long: Long, names: dict[int, CardName]) -> dict[str, Any]:
    card = names[long.card_id]
    return {
        "ref": f"{flow.board.row.key}-{card.number}",
        "url": flow.card_url(card.number),
        "title": card.title,
        "time": in_words(long.time),
        "wait": in_words(long.time - long.process) if long.process else "",
    }
