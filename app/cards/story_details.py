"""What happened in a card's depth, in plain words: comments, checklists, links."""

from collections.abc import Callable, Mapping
from typing import Any

from app.boards.activity import EventRow

Facts = Mapping[str, Any]


def detail_sentence(
    kind: str,
    facts: Facts,
    people: Mapping[int, str],
    refs: Mapping[int, str],
    actor_id: int | None,
) -> str | None:
    """One event as what its actor did; None for an event of another kind. `refs` has the names of
    other cards that the reader sees."""
    if kind.startswith("link."):
        other = refs.get(facts["other_card_id"], "a card that you may not see")
        said = _LINKED[facts["kind"]].format(other)
        return f"noted that {said}" if kind == "link.added" else f"no longer says that {said}"
    if kind.startswith("comment."):
        return _comment(kind, facts, people, actor_id)
    say = _SENTENCES.get(kind)
    return None if say is None else say(facts)


def people_of(facts: Facts) -> set[int]:
    """The people whom the words of an event name."""
    author = facts.get("author_id")
    return {*facts.get("mentions", ()), *([] if author is None else [author])}


def other_cards_of(event: EventRow) -> list[int]:
    """The other cards that the words of an event name."""
    return [event.facts["other_card_id"]] if event.type.startswith("link.") else []


def _comment(kind: str, facts: Facts, people: Mapping[int, str], actor_id: int | None) -> str:
    if kind == "comment.deleted":
        author = facts["author_id"]
        own = author is None or author == actor_id
        return "deleted a comment" if own else f"deleted a comment of {_name(people, author)}"
    said = "commented" if kind == "comment.added" else "changed a comment"
    names = ", ".join(_name(people, user_id) for user_id in facts["mentions"])
    return f"{said} and mentioned {names}" if names else said


def _name(people: Mapping[int, str], user_id: int) -> str:
    return people.get(user_id, "somebody")


_LINKED = {
    "blocks": "it blocks {}",
    "blocked_by": "it is blocked by {}",
    "parent_of": "it is the parent of {}",
    "child_of": "it is a child of {}",
    "relates_to": "it relates to {}",
}


def _checklist_created(facts: Facts) -> str:
    items = facts["items"]
    named = f"added the checklist {_quoted(facts['name'])}"
    return named if not items else f"{named} with {items} item{'' if items == 1 else 's'}"


def _item_changed(facts: Facts) -> str:
    said = []
    text = facts["changes"].get("text")
    if text is not None:
        said.append(f"changed {_quoted(text['from'])} to {_quoted(text['to'])}")
    if "index" in facts["changes"]:
        said.append(f"gave {_quoted(facts['text'])} another place")
    return f"{' and '.join(said)} on the checklist {_quoted(facts['checklist'])}"


def _web_link_changed(facts: Facts) -> str:
    changes = facts["changes"]
    if "url" in changes:
        return f"changed the link {changes['url']['from']} to {changes['url']['to']}"
    url, title = facts["url"], changes["title"]["to"]
    if not title:
        return f"took the title of the link {url} away"
    return f"called the link {url} {_quoted(title)}"


def _address(facts: Facts) -> str:
    url = str(facts["url"])
    return f"{_quoted(facts['title'])} ({url})" if facts["title"] else url


def _on_list(verb: str) -> Callable[[Facts], str]:
    return lambda facts: (
        f"{verb} {_quoted(facts['text'])} on the checklist {_quoted(facts['checklist'])}"
    )


def _quoted(text: str) -> str:
    return f"“{text}”"


_SENTENCES: dict[str, Callable[[Facts], str]] = {
    "checklist.created": _checklist_created,
    "checklist.changed": lambda facts: (
        f"renamed the checklist {_quoted(facts['changes']['name']['from'])} to "
        f"{_quoted(facts['name'])}"
    ),
    "checklist.deleted": lambda facts: f"deleted the checklist {_quoted(facts['name'])}",
    "item.added": _on_list("added"),
    "item.checked": _on_list("checked off"),
    "item.unchecked": _on_list("unchecked"),
    "item.deleted": _on_list("deleted"),
    "item.changed": _item_changed,
    "web_link.added": lambda facts: f"added the link {_address(facts)}",
    "web_link.changed": _web_link_changed,
    "web_link.deleted": lambda facts: f"took the link {_address(facts)} away",
}
