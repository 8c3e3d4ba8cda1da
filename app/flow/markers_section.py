"""The part of the flow page that lists the lines in time, and lets a manager set markers."""

from app.boards.history import OpenBoard
from app.flow.lines import ANDON, LIMIT, MARKER, MOST_LINES
from app.flow.sections import Flow, Section
from app.words import count_of, moment

PARAMETERS: tuple[str, ...] = ()
_KINDS = {LIMIT: "Limit", ANDON: "Cord", MARKER: "Marker"}


def section(flow: Flow) -> Section:
    """What changed within the window, by the numbers that the charts' lines carry."""
    lines = flow.lines
    if not lines:
        sentence = "Nothing that the charts would show as a line was changed in this window."
    elif len(lines) == MOST_LINES:
        sentence = f"The last {MOST_LINES} changes in this window stand in the charts."
    else:
        stand = "stands" if len(lines) == 1 else "stand"
        sentence = f"{count_of(len(lines), 'change')} in this window {stand} in the charts."
    return Section(
        name="markers",
        title="Changes",
        sentence=sentence,
        body="flow/_lines.html",
        explain="flow/_lines_explain.html",
        api_url=f"/api/v1/boards/{flow.board.row.key}/markers",
        values={
            "lines": [
                {
                    "number": line.number,
                    "when": moment(line.at, flow.board.row.time_zone),
                    "kind": _KINDS[line.kind],
                    "words": line.words,
                }
                for line in lines
            ],
            "url": f"{flow.path}/markers",
            "may_set": may_set_markers(flow.board),
            "typed": {},
            "errors": {},
        },
    )


def may_set_markers(board: OpenBoard) -> bool:
    """Whether the person may set markers and take them away."""
    return board.may_manage and board.row.archived_at is None
