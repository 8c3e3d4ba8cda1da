"""Markdown: what people write looks as they meant it, and nothing that they write acts."""

import re
import time
from html.parser import HTMLParser
from typing import NamedTuple

import pytest
from jinja2 import DictLoader

from app.markdown import markdown, mentioned, with_task
from app.web import make_environment


class Somebody(NamedTuple):
    """A member of a board."""

    user_id: int
    name: str
    email: str


class Seen(HTMLParser):
    """The tags and the names of the attributes that a browser sees."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag."""
        self.tags.add(tag)
        self.names.update(name for name, _ in attrs)


ADA = Somebody(1, "Ada Lovelace", "countess@example.org")
ANN = Somebody(2, "Ann O'Brien", "ann.ob@example.org")
LEE = Somebody(3, "Ann Lee", "lee@example.org")
ZOE = Somebody(4, "Zoë Straße", "zs@example.org")
PEOPLE = (ADA, ANN, LEE, ZOE)


def test_ordinary_markdown_becomes_html() -> None:
    html = markdown(
        "Some *stress*, **more**, ~~none~~ and `code`\n\n> said\n\n1. one\n2. two\n\n---"
    )
    for part in ("<em>stress</em>", "<strong>more</strong>", "<s>none</s>", "<code>code</code>"):
        assert part in html
    for part in ("<blockquote>", "<ol>", "<li>two</li>", "<hr>"):
        assert part in html


def test_a_new_line_is_a_new_line() -> None:
    assert "one<br>\ntwo" in markdown("one\ntwo")


def test_tables_keep_the_sides_of_their_cells_without_a_style() -> None:
    html = markdown("|a|b|\n|:-:|--:|\n|1|2|")
    assert '<td class="align-center">1</td>\n<td class="align-right">2</td>' in html
    assert "style" not in html


def test_tasks_are_boxes_that_nobody_can_tick() -> None:
    html = markdown("- [ ] open\n- [x] done\n- [X] done too\n- [y] none\n\n[ ] none either")
    assert html.count("<input") == 3
    assert html.count("checked") == 2
    assert html.count('type="checkbox" disabled') == 3
    assert html.count('<li class="task">') == 3


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# a\n## b\n## c\n# d", "3443"),
        ("### a\n# b\n###### c\n## d", "3344"),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", "345666"),
        ("a\n===\nb\n---", "34"),
    ],
)
def test_headings_take_their_place_in_the_page_and_skip_no_level(text: str, levels: str) -> None:
    assert re.findall(r"<h(\d)>", markdown(text)) == list(levels)
    assert re.findall(r"</h(\d)>", markdown(text)) == list(levels)


def test_another_page_begins_with_another_level() -> None:
    assert "<h2>a</h2>" in markdown("# a", top=2)


def test_links_lead_out_and_say_nothing_about_us() -> None:
    rel = 'rel="nofollow noopener noreferrer"'
    for text in ("[a](https://example.org)", "<https://example.org>", "https://example.org."):
        assert f'<a href="https://example.org" {rel}>' in markdown(text)
    assert f'<a href="mailto:a@example.org" {rel}>' in markdown("[a](mailto:a@example.org)")


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](java&#x73;cript:alert(1))",
        "[a](vbscript:a)",
        "[a](data:text/html,<script>)",
        "[a](/sign-out)",
        "[a](//example.org)",
        "[a](ftp://example.org)",
        "<javascript:alert(1)>",
        "[a]: javascript:alert(1)\n\n[a]",
    ],
)
def test_other_links_lead_nowhere(text: str) -> None:
    assert "href" not in markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![a](https://example.org/spy.png)",
        '[a](https://example.org "x\\" onclick=alert(1)")',
        '[a](https://example.org/"onclick="alert(1))',
        'https://example.org/"onclick="alert(1)',
        "<svg/onload=alert(1)>",
        "```js onload=alert(1)\n<b onload=alert(1)>\n```",
        "<a href=javascript:alert(1)>a</a>",
        "- [ ] <input autofocus onfocus=alert(1)>",
        "@<script>alert(1)</script>",
        "<style>*{}</style>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_nothing_that_is_written_acts(text: str) -> None:
    seen = Seen()
    seen.feed(markdown(text, PEOPLE))
    assert not seen.tags & {"script", "style", "img", "svg", "iframe", "form"}
    assert seen.names <= {"href", "title", "rel", "class", "type", "disabled", "aria-label"}


def test_an_address_in_the_text_is_a_link_once() -> None:
    html = markdown("(see https://example.org/a_(b)) and https://example.org/@Ada, `https://x.org`")
    assert html.count("<a ") == 2
    assert ">https://example.org/a_(b)" in html
    assert 'href="https://example.org/@Ada"' in html
    assert markdown("[https://example.org](https://example.org)").count("<a ") == 1


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("@Ada Lovelace", [1]),
        ("@ada lovelace, please", [1]),
        ("@AdaLovelace", [1]),
        ("@ada.", [1]),
        ("@Ada's", [1]),
        ("@countess", [1]),
        ("(@COUNTESS)", [1]),
        ("@ann", []),
        ("@Ann Lee and @ann o'brien", [2, 3]),
        ("@ann.ob", [2]),
        ("@lee @lee @lee", [3]),
        ("@zoë strasse", [4]),
        ("ada@countess", []),
        ("ada@example.org", []),
        ("@adalovelacex", []),
        ("@ada.lovelace", []),
        ("`@ada`", []),
        ("```\n@ada\n```", []),
        ("[@ada](https://example.org)", []),
        ("**@ada** _@lee_", [1, 3]),
        ("@", []),
        ("@everybody", []),
    ],
)
def test_members_are_mentioned_by_their_names(text: str, ids: list[int]) -> None:
    assert mentioned(text, PEOPLE) == ids
    assert (markdown(text, PEOPLE).count('class="mention"') > 0) == bool(ids)


def test_a_mention_stands_out_as_it_was_typed() -> None:
    html = markdown("Ask @ada lovelace's cat", PEOPLE)
    assert html == '<p>Ask <span class="mention">@ada lovelace</span>\'s cat</p>\n'


def test_what_would_mean_two_people_means_nobody() -> None:
    twins = (ADA, ADA._replace(user_id=9, email="other@example.org"))
    assert mentioned("@Ada Lovelace @ada @other", twins) == [9]


@pytest.mark.parametrize(
    "sign",
    [
        *("[", "![", "[a](", "*_", "a**b", "`", "# ", "> ", "- ", "@", "@a b ", "|", "<a@b.c>"),
        *("_", "&", "https://", "- [ ] ", "~~a ", "[a]: b\n", "\\", "a|", "<", "é@ada "),
    ],
)
def test_hostile_input_costs_little(sign: str) -> None:
    for length in (9_999, 50_000):
        text = (sign * length)[:length]
        begun = time.thread_time()
        markdown(text, PEOPLE)
        mentioned(text, PEOPLE)
        # Far less on a machine with nothing else to do.
        assert time.thread_time() - begun < 1


def test_a_few_signs_do_not_make_very_many_cells() -> None:
    wide = "|" + "a|" * 400 + "\n|" + "-|" * 400 + "\n" + "a\n" * 2_000
    assert "<td" not in markdown(wide)


def test_more_signs_than_any_text_has_are_shown_as_they_were_typed() -> None:
    text = "<b>" * 10_000
    assert markdown(text) == f'<p class="as-typed">{text}</p>'.replace("<b>", "&lt;b&gt;")
    assert mentioned("*" * 10_001 + "@ada", PEOPLE) == []


def test_templates_use_it_without_calling_anything_safe() -> None:
    loader = DictLoader({"a.html": "{{ text | markdown }}"})
    environment = make_environment().overlay(loader=loader)
    html = environment.get_template("a.html").render(text="*a* <b>")
    assert html == "<p><em>a</em> &lt;b&gt;</p>\n"


@pytest.mark.parametrize(
    ("text", "task", "done", "then"),
    [
        ("- [ ] one\n- [x] two", 0, True, "- [x] one\n- [x] two"),
        ("- [ ] one\n- [X] two", 1, False, "- [ ] one\n- [ ] two"),
        ("Now:\r\n\r\n* [ ] one\r\n  1. [ ] two", 1, True, "Now:\r\n\r\n* [ ] one\r\n  1. [x] two"),
        ("> - [ ] one [ ] of these", 0, True, "> - [x] one [ ] of these"),
        ("```\n- [ ] none\n```\n\n- [ ] one", 0, True, "```\n- [ ] none\n```\n\n- [x] one"),
        ("-\n  [ ] one", 0, True, "-\n  [x] one"),
        ("- [ ] one", 1, True, None),
        ("[ ] none", 0, True, None),
        ("", 0, True, None),
    ],
)
def test_a_task_is_ticked_in_its_source(text: str, task: int, done: bool, then: str | None) -> None:
    assert with_task(text, task, done) == then
    if then is not None:
        box = markdown(then).split("<input")[task + 1]
        assert ("checked" in box.split(">")[0]) is done
