"""Errors as pages: they say what happened and what one can do, and lead on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from app.config import Settings
from app.errors import Conflict, Forbidden, NotFound, TooManyRequests, Unavailable
from app.main import create_app

ERRORS: dict[str, tuple[int, Exception]] = {
    "forbidden": (403, Forbidden("Only an administrator may do this.")),
    "missing": (404, NotFound()),
    "conflict": (409, Conflict("The board is in the archive.")),
    "often": (429, TooManyRequests("Too many tries.", 90)),
    "broken": (500, RuntimeError("a secret detail")),
    "away": (503, Unavailable("The database cannot be reached.")),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Somebody at a Weir on which everything goes wrong; its database is never asked."""
    folder: Path = tmp_path_factory.mktemp("errors")
    app = create_app(Settings(data_dir=folder))

    async def fail(request: Request) -> None:
        raise ERRORS[request.path_params["name"]][1]

    app.add_api_route("/wrong/{name}", fail, methods=["GET", "POST"])
    yield TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    app.state.db.close()


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_says_what_happened_and_leads_on(client: TestClient, name: str) -> None:
    status, error = ERRORS[name]
    response = client.get(f"/wrong/{name}?of=it")
    assert response.status_code == status
    page = response.text
    assert f'<p class="error-status">{status}</p>' in page
    assert re.search("<title>.+ · Weir</title>", page)
    assert 'href="/boards"' in page
    assert page.count('<p class="hint">') >= 1
    again = f'href="/wrong/{name}?of=it"' in page
    assert again == (status in {429, 500, 503})
    if status == 500:
        assert "a secret detail" not in page
        assert "content-security-policy" in response.headers
        assert response.headers["x-request-id"] in page
    else:
        assert str(error) in page
    if status in {429, 503}:
        assert int(response.headers["retry-after"]) > 0


def test_what_would_change_something_is_not_tried_again_by_a_link(client: TestClient) -> None:
    assert "Try again" not in client.post("/wrong/often").text


def test_the_manifest_leads_to_files_that_are_there(client: TestClient) -> None:
    page = client.get("/wrong/missing").text
    found = re.search(r'rel="manifest" href="([^"]+)"', page)
    assert found is not None
    response = client.get(found[1])
    assert response.headers["content-type"] == "application/manifest+json"
    manifest = response.json()
    assert manifest["start_url"] == "/boards"
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).headers["content-type"] == icon["type"]
