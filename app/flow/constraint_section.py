"""The part of the flow page that names the constraint."""

from app.flow.constraint_reading import read_constraint
from app.flow.constraint_views import little_numbers, rows_of, sentence_of, steps_of
from app.flow.constraint_words import advice_for, little_words, reason_for_none
from app.flow.refusals_reading import read_refusals
from app.flow.sections import Flow, Section
from app.flow.stream_section import stream_of

PARAMETERS: tuple[str, ...] = ()
HEAD = (
    *("Work centre", "Limit full", "Queue in front", "Next one empty", "Of lead time"),
    *("Refusals", "Blocked", "Came back", "Score"),
)


def section(flow: Flow) -> Section:
    """The work centre that holds the flow, with its evidence, and what to do next about it."""
    cards = flow.asked.wanted.cards
    parts = stream_of(flow), read_refusals(flow.tx, flow.board, flow.window, cards)
    found = read_constraint(flow.tx, flow.board, flow.window, cards, *parts)
    named, evidence, little = found.constraint, found.evidence, found.little
    api_url = flow.api("constraint")
    advice = None if named is None else advice_for(evidence, named)
    return Section(
        name="constraint",
        title="Constraint",
        sentence="" if named is None else sentence_of(evidence, named),
        missing=reason_for_none(evidence) if named is None else "",
        body="flow/_constraint.html",
        explain="flow/_constraint_explain.html",
        api_url=api_url,
        csv_url=f"{api_url}&format=csv",
        values={
            "advice": advice,
            "steps": [] if advice is None else steps_of(advice.step),
            "head": HEAD,
            "rows": rows_of(evidence, named),
            "little": None if little is None else little_words(little),
            "little_numbers": [] if little is None else little_numbers(little),
        },
    )
