"""Large answers are sent compressed to those who take that, and nobody learns by it what they hold;
the budgets of a board's page and of the answer to a move are kept."""

import gzip
import re

import pytest
from httpx2 import Response
from starlette.datastructures import Headers

from app.compress import LEAST, takes_gzip
from app.files import without_remarks
from app.web import STATIC
from tests.auth.pages import Browser
from tests.support import API, BoardOf, Person, Weir

TAKEN = {"Accept-Encoding": "gzip, br"}
PAGE_BUDGET = 90_000
MOVE_BUDGET = 20_000


def raw(weir: Weir, path: str, **headers: str) -> tuple[Response, bytes]:
    """An answer, and its body as it came."""
    with weir.client.stream("GET", path, headers=headers) as response:
        return response, b"".join(response.iter_raw())


def fill(board: BoardOf, count: int) -> None:
    """Brings cards onto a board, evenly over three columns."""
    cards = [
        {
            "title": f"Card {number} with a title of some length",
            "external_id": f"{board.key}-{count}-{number}",
            "created_at": "2026-01-01T00:00:00Z",
            "column": ("Backlog", "Ready", "In production")[number % 3],
        }
        for number in range(count)
    ]
    document = {"format": "weir-history/1", "cards": cards}
    board.person.post(f"/boards/{board.key}/import", document)


# --- Static files --------------------------------------------------------------------------------


def test_a_static_file_is_compressed_for_those_who_take_it(weir: Weir) -> None:
    plain, there = raw(weir, "/static/css/weir.css", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    response, body = raw(weir, "/static/css/weir.css?v=1", **TAKEN)
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["content-type"] == plain.headers["content-type"]
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(body) == without_remarks("weir.css", there)
    assert len(body) < len(there) / 3
    for each in (plain, response):
        assert each.headers["vary"] == "Accept-Encoding"
        again, nothing = raw(
            weir, "/static/css/weir.css", **TAKEN, **{"If-None-Match": each.headers["etag"]}
        )
        assert (again.status_code, nothing) == (304, b"")


def test_a_part_of_a_file_is_sent_as_it_is(weir: Weir) -> None:
    response, body = raw(weir, "/static/css/weir.css", **TAKEN, Range="bytes=0-9")
    assert (response.status_code, len(body)) == (206, 10)
    assert "content-encoding" not in response.headers


# --- Pages and JSON ------------------------------------------------------------------------------


@pytest.fixture
def big(ops: BoardOf) -> BoardOf:
    """A board with many cards."""
    ops.limit("Ready", None)
    fill(ops, 60)
    return ops


def asked(weir: Weir, path: str, person: Person, **headers: str) -> tuple[Response, bytes]:
    """An answer to somebody who takes compressed ones, and its body as it came."""
    session = Browser(weir, person)
    weir.client.cookies.clear()
    cookie = {"Cookie": f"{weir.app.state.cookie}={session.secret}"}
    return raw(weir, path, **TAKEN, **cookie, **headers)


def test_a_large_page_and_large_json_are_compressed(weir: Weir, big: BoardOf) -> None:
    for path in (f"/boards/{big.key}", f"{API}/boards/{big.key}/cards"):
        response, body = asked(weir, path, big.person)
        assert response.headers["content-encoding"] == "gzip"
        assert "Accept-Encoding" in response.headers["vary"]
        assert int(response.headers["content-length"]) == len(body)
        assert b"Card 7 with a title" in gzip.decompress(body)


def test_what_is_small_is_sent_as_it_is(weir: Weir, ada: Person) -> None:
    response, body = asked(weir, f"{API}/me", ada)
    assert len(body) < LEAST
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_makes_a_browser_ask_for_is_not_compressed(
    weir: Weir, big: BoardOf, site: str
) -> None:
    response, body = asked(weir, f"/boards/{big.key}", big.person, **{"Sec-Fetch-Site": site})
    assert response.status_code == 200
    assert "content-encoding" not in response.headers
    assert b"Card 7 with a title" in body


def test_an_event_stream_is_sent_as_it_is(weir: Weir, big: BoardOf) -> None:
    weir.app.state.hub.closing = True
    try:
        path = f"{API}/boards/{big.key}/events?after=0"
        response, body = asked(weir, path, big.person)
    finally:
        weir.app.state.hub.closing = False
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in response.headers
    assert body.startswith(b": still here")


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip; q=0", False),
        ("gzip;q=0.0, br", False),
        ("identity", False),
        ("x-gzip", False),
        ("", False),
    ],
)
def test_who_does_not_take_it_does_not_get_it(header: str, taken: bool) -> None:
    assert takes_gzip(Headers({"accept-encoding": header})) is taken


# --- Budgets -------------------------------------------------------------------------------------


def test_scripts_and_styles_of_a_board_stay_within_their_budget(weir: Weir, ops: BoardOf) -> None:
    """Libraries included, as the server sends them."""
    page = Browser(weir, ops.person).get(f"/boards/{ops.key}").text
    files = re.findall(r'<(?:script[^>]* src|link rel="stylesheet" href)="([^"]+)"', page)
    assert len(files) > 5
    sizes = {path: len(raw(weir, path, **TAKEN)[1]) for path in files}
    assert sum(sizes.values()) < PAGE_BUDGET, sizes


def test_the_answer_to_a_move_is_small_and_does_not_grow_with_the_board(
    weir: Weir, ops: BoardOf
) -> None:
    ops.limit("Ready", None)
    browser = Browser(weir, ops.person)

    def size() -> int:
        card = ops.add("Moved", "Backlog")
        response = browser.ask(
            "POST",
            f"/boards/{ops.key}/cards/{card['number']}/move",
            data={"column_id": ops.column("Ready"), "lane_id": ops.lane("Standard")},
            headers={"HX-Request": "true"},
        )
        assert response.status_code == 200, response.text
        assert f'id="card-{card["id"]}"' in response.text
        return len(response.content)

    fill(ops, 20)
    small = size()
    fill(ops, 980)
    large = size()
    assert large <= MOVE_BUDGET
    assert abs(large - small) < 500


def test_scripts_have_no_text_over_several_lines() -> None:
    """Or taking away their indentation would change it."""
    for path in STATIC.glob("js/*.js"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert line.count("`") % 2 == 0, f"{path.name}:{number}"


def test_remarks_and_indentation_are_not_sent(weir: Weir) -> None:
    _, body = raw(weir, "/static/js/keys.js", **TAKEN)
    script = gzip.decompress(body).decode()
    assert "\n//" not in script
    assert "\n " not in script
    assert '"use strict";' in script
