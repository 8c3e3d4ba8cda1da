"""Markdown as people write it on cards, made HTML that a page can show without harm."""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

MOST_SIGNS = 10_000
MOST_CELLS = 10_000
KEPT = 512

# Signs that mean something in Markdown: a text that has very many of them is no text.
_SIGN = re.compile(r"[\[\]!*_~`<>|#&\\]")
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"]+", re.IGNORECASE)
# A mention begins at no word, so that an e-mail address is none; a name may have some words.
_MENTION = re.compile(r"(?<![\w@.])@([\w.+'’-]+(?: [\w.+'’-]+){0,4})")
_TASK = re.compile(r"\[([ xX])\](?=\s)")
_BOX = '<input type="checkbox" disabled aria-label="Task"{}> '

_TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "input"),
    *("li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr"),
    "ul",
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "input": {"type", "disabled", "checked", "aria-label"},
    "ol": {"start"},
}
_ALIGNED = {f"align-{side}" for side in ("left", "center", "right")}
_CLASSES = {"li": {"task"}, "span": {"mention"}, "td": _ALIGNED, "th": _ALIGNED}
_SCHEMES = {"http", "https", "mailto"}


class Mentionable(Protocol):
    """A person who can be mentioned: a member of the board."""

    @property
    def user_id(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def email(self) -> str: ...


def markdown(text: str, people: Sequence[Mentionable] = (), top: int = 3) -> Markup:
    """A text in Markdown as HTML without anything that acts; mentions of `people` stand out.

    Its headings are of level `top` and below, and skip none. A text with more signs than words is
    shown as it was typed.
    """
    return _html(text, tuple(people), top)


def mentioned(text: str, people: Sequence[Mentionable]) -> list[int]:
    """The ids of those whom a text mentions, each once; a mention in code is none."""
    handles = _handles(tuple(people))
    # Most texts mention nobody, and only of those that might is it asked what is code or a link.
    if not any(_find_mentions(text, handles)) or _is_overladen(text):
        return []
    env: dict[str, Any] = {"handles": handles, "mentioned": set()}
    _parser(text).parse(text, env)
    return sorted(env["mentioned"])


def with_task(text: str, index: int, done: bool) -> str | None:
    """A text with one of its tasks (from 0, as they are shown) done or to be done; None where it
    has no such task."""
    if _is_overladen(text):
        return None
    tokens = _parser(text).parse(text, {"handles": {}})
    places = [
        tokens[at + 2].map
        for at, token in enumerate(tokens)
        if token.type == "list_item_open" and token.attrGet("class") == "task"
    ]
    place = places[index] if index < len(places) else None
    if place is None:
        return None
    lines = re.split(r"(\r\n|\r|\n)", text)
    at = 2 * place[0]
    lines[at] = re.sub(r"\[[ xX]\]", "[x]" if done else "[ ]", lines[at], count=1)
    return "".join(lines)


@lru_cache(KEPT)
def _html(text: str, people: tuple[Mentionable, ...], top: int) -> Markup:
    if _is_overladen(text):
        return Markup('<p class="as-typed">{}</p>').format(text)
    env: dict[str, Any] = {"handles": _handles(people), "mentioned": set(), "top": top}
    html = nh3.clean(
        _parser(text).render(text, env),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(html)  # noqa: S704 - it has just been cleaned


def _is_overladen(text: str) -> bool:
    return len(text) > MOST_SIGNS and sum(1 for _ in _SIGN.finditer(text)) > MOST_SIGNS


def _parser(text: str) -> MarkdownIt:
    """The parser for a text: without tables where a few signs would make very many cells."""
    if "|" in text:
        lines = text.split("\n")
        if len(lines) * max(line.count("|") for line in lines) > MOST_CELLS:
            return _WITHOUT_TABLES
    return _WITH_TABLES


# --- Who is mentioned ----------------------------------------------------------------------------


@lru_cache(KEPT)
def _handles(people: tuple[Mentionable, ...]) -> dict[str, int]:
    """What people can be called after an @: the full name with and without spaces, the e-mail's
    local part, the first name. What would mean two people means nobody."""
    full: dict[str, set[int]] = {}
    first: dict[str, set[int]] = {}
    for person in people:
        words = person.name.casefold().split()
        for handle in {" ".join(words), "".join(words), person.email.partition("@")[0].casefold()}:
            full.setdefault(handle, set()).add(person.user_id)
        for word in words[:1]:
            first.setdefault(word, set()).add(person.user_id)
    return {
        handle: next(iter(those))
        for handle, those in {**first, **full}.items()
        if handle and len(those) == 1
    }


def _find_mentions(text: str, handles: dict[str, int]) -> Iterator[tuple[int, int, int]]:
    """Where a text mentions somebody: from, to, and whom. The longest name counts."""
    for match in _MENTION.finditer(text):
        name = match[1]
        while name:
            name = name.rstrip(".'’+-")
            plain = re.sub(r"['’]s$", "", name)
            found = next((n for n in (name, plain) if n.casefold() in handles), None)
            if found is not None:
                yield match.start(), match.start(1) + len(found), handles[found.casefold()]
                break
            name = name.rpartition(" ")[0]


# --- What the parser is taught -------------------------------------------------------------------


def _teach(state: StateCore) -> None:
    """Links, mentions, tasks, the levels of headings and the sides of cells, once all is parsed."""
    levels: list[int] = []
    for index, token in enumerate(state.tokens):
        if token.type == "inline":
            if index >= 2 and state.tokens[index - 2].type == "list_item_open":
                _set_task(token, state.tokens[index - 2])
            token.children = list(_with_links(token.children or [], state.env))
        elif token.type == "heading_open":
            _set_level(token, state.tokens[index + 2], levels, state.env.get("top", 3))
        elif token.type in {"td_open", "th_open"}:
            side = str(token.attrs.pop("style", "")).rpartition(":")[2]
            if side:
                token.attrSet("class", f"align-{side}")


def _set_task(line: Token, item: Token) -> None:
    first = line.children[0] if line.children else None
    match = None if first is None or first.type != "text" else _TASK.match(first.content)
    if first is None or match is None or line.children is None:
        return
    item.attrSet("class", "task")
    first.content = first.content[match.end() :].lstrip()
    checked = " checked" if match[1] in "xX" else ""
    line.children.insert(0, _raw(_BOX.format(checked)))


def _set_level(opening: Token, closing: Token, levels: list[int], top: int) -> None:
    """Gives a heading the level that its place in the outline has, whatever was typed."""
    level = int(opening.tag[1])
    while levels and levels[-1] >= level:
        levels.pop()
    levels.append(level)
    opening.tag = closing.tag = f"h{min(6, top + len(levels) - 1)}"


def _with_links(tokens: list[Token], env: MutableMapping[str, Any]) -> Iterator[Token]:
    within = 0
    for token in tokens:
        within += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type != "text" or within or not ("@" in token.content or "://" in token.content):
            yield token
            continue
        end = 0
        for start, until, html in _marks(token.content, env):
            if start >= end:
                yield _text(token.content[end:start])
                yield _raw(html)
                end = until
        yield _text(token.content[end:])


def _marks(text: str, env: MutableMapping[str, Any]) -> list[tuple[int, int, str]]:
    marks = []
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(".,:;!?'*_~]")
        if address.endswith(")") and "(" not in address:
            address = address[:-1]
        link = escape(address)
        marks.append((match.start(), match.start() + len(address), f'<a href="{link}">{link}</a>'))
    for start, end, user_id in _find_mentions(text, env["handles"]):
        env["mentioned"].add(user_id)
        marks.append((start, end, f'<span class="mention">{escape(text[start:end])}</span>'))
    return sorted(marks)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _raw(html: str) -> Token:
    return Token("html_inline", "", 0, content=html)


def _make_parser(*more: str) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["strikethrough"])
    # A picture from elsewhere would tell that somebody looks at it, and the policy shows none.
    parser.enable([*more]).disable(["image"])
    parser.core.ruler.push("weir", _teach)
    # Once, before several threads share it: it puts its rules in order when they are first used.
    parser.render("* **once** [a](b)", {"handles": {}})
    return parser


_WITH_TABLES = _make_parser("table")
_WITHOUT_TABLES = _make_parser()
