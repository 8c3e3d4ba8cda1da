"""What somebody types at the foot of a column: a title, with people and labels in it. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Composed(NamedTuple):
    """A card as it was typed."""

    title: str
    assignee_ids: list[int]
    labels: list[str]


def compose(text: str, people: Iterable[tuple[int, str, str]], labels: Iterable[str]) -> Composed:
    """Takes `@member` and `#label` out of a title.

    A member (id, name, e-mail) goes by the name with or without its spaces, by the first name or by
    the part of the address before the @, where no other member goes by that; a label by its name.
    What names nobody and nothing on the board stays in the title, like an `#42` or an address.
    """
    members = _names_of(people)
    known = {name.casefold(): name for name in labels}
    found_people: dict[int, None] = {}
    found_labels: dict[str, None] = {}
    kept: list[str] = []
    rest = text
    while rest:
        # A mark counts at the beginning of a word only.
        begins = not kept or kept[-1].isspace()
        mark = rest[0]
        name = _longest(rest[1:], members if mark == "@" else known) if begins else None
        if mark not in "@#" or name is None:
            kept.append(mark)
            rest = rest[1:]
            continue
        if mark == "@":
            found_people[members[name]] = None
        else:
            found_labels[known[name]] = None
        rest = rest[1 + len(name) :]
    title = " ".join("".join(kept).split())
    if not title:
        return Composed(text.strip(), [], [])
    return Composed(title, list(found_people), list(found_labels))


def lines_of(text: str) -> list[str]:
    """The lines that have something in them, without the marks of a list."""
    lines = (re.sub(r"^[-*•](\s+|$)", "", line.strip()) for line in text.split("\n"))
    return [line for line in lines if line]


def _names_of(people: Iterable[tuple[int, str, str]]) -> dict[str, int]:
    """Every name that belongs to one member alone."""
    named: dict[str, set[int]] = {}
    for user_id, name, email in people:
        folded = name.casefold()
        own = {folded, folded.replace(" ", ""), folded.split(" ")[0], email.partition("@")[0]}
        for each in own - {""}:
            named.setdefault(each, set()).add(user_id)
    return {name: users.pop() for name, users in named.items() if len(users) == 1}


def _longest(text: str, names: Mapping[str, object] | Sequence[str]) -> str | None:
    """The longest of the names with which a text begins, as whole words."""
    folded = text.casefold()
    if len(folded) != len(text):
        return None
    fitting = [
        name
        for name in names
        if folded.startswith(name) and not folded[len(name) : len(name) + 1].isalnum()
    ]
    return max(fitting, key=len, default=None)
