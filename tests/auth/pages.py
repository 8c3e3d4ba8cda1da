"""A person's pages in a browser without scripts."""

from typing import Any

from httpx2 import Response

from app.auth import service as auth
from tests.support import Person, Weir


class Browser:
    """A browser in which somebody has signed in; its cookies are its own."""

    def __init__(self, weir: Weir, person: Person, agent: str = "tests") -> None:
        self.weir = weir
        self.person = person
        self.secret = weir.db.write_now(auth.begin_session, person.id, agent, 1)
        self.cookies = {weir.app.state.cookie: self.secret}

    def ask(self, method: str, path: str, **more: Any) -> Response:
        """Sends a request; what the answer sets of cookies is kept."""
        self.weir.client.cookies.clear()
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": sent, **more.pop("headers", {})}
        response = self.weir.client.request(method, path, headers=headers, **more)
        for name, value in response.cookies.items():
            self.cookies[name] = value
        self.weir.client.cookies.clear()
        return response

    def get(self, path: str, **more: Any) -> Response:
        """Opens a page."""
        return self.ask("GET", path, **more)

    def send(self, path: str, **fields: Any) -> Response:
        """Sends a form."""
        return self.ask("POST", path, data=fields)
