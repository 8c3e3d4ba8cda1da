"""Pages: the template environment, rendering, notices carried over a redirect, static files."""

import base64
import hashlib
import hmac
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app import __version__, clock
from app.auth.actor import Actor
from app.config import Settings
from app.errors import AppError
from app.markdown import markdown

FLASH_COOKIE = "weir_flash"
THEME_COOKIE = "weir_theme"
STATIC = Path(__file__).parent / "static"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


_REF = re.compile(r"\b([A-Z][A-Z0-9]{1,9}-[0-9]{1,18})\b")

# What one can do about an error.
_HINTS = {
    403: "Whoever manages the board, or an administrator, can give you the right.",
    404: "A link can be old or mistyped. If somebody sent it to you, ask them to invite you.",
    405: "You may have come back to the answer of a form. Go to the page anew.",
    409: "Somebody else may have changed it meanwhile. Go back and look again.",
    413: "Send less at once.",
    429: "Nothing is lost. Wait a moment, then try again.",
    500: "It is not your fault. What was not confirmed is not saved.",
    503: "Nothing was changed. In a moment it may be there again.",
    507: "Nothing was changed. Whoever runs Weir has to make room.",
}


class Viewer(NamedTuple):
    """The signed-in person as every page shows them."""

    id: int
    name: str
    email: str
    initials: str
    is_admin: bool
    density: str
    shortcuts: bool


class Web:
    """Renders pages with what every page needs."""

    def __init__(self, settings: Settings, secret: bytes) -> None:
        self.settings = settings
        self._secret = secret
        self.templates = make_environment()

    def render(self, template: str, **values: Any) -> str:
        """A template's text; for partials and answers to htmx."""
        return self.templates.get_template(template).render(values)

    def page(
        self,
        request: Request,
        template: str,
        *,
        actor: Actor | None,
        title: str,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """A whole page; takes the notices that were carried here."""
        flash = self._flashes(request)
        kept = theme_of(request)
        theme = kept if actor is None else theme_named(actor.theme)
        html = self.render(
            template,
            title=title,
            viewer=None if actor is None else viewer_of(actor),
            theme=theme,
            flash=flash,
            **values,
        )
        response = HTMLResponse(html, status)
        if flash:
            response.delete_cookie(FLASH_COOKIE)
        if theme != kept:
            # For the pages that do not know who looks: the sign-in, and those of errors.
            self._keep_theme(response, theme)
        return response

    def has_flash(self, request: Request) -> bool:
        """Whether a notice is carried to this page."""
        return FLASH_COOKIE in request.cookies

    def error_page(self, request: Request, error: AppError, headers: dict[str, str]) -> Response:
        """An error as a page; somebody who is not signed in is led to the sign-in instead."""
        htmx = is_htmx(request)
        if error.status == 401 and not htmx:
            target = request.url.path
            if request.method == "GET" and request.url.query:
                target += f"?{request.url.query}"
            from_page = target if request.method == "GET" and target != "/" else ""
            query = f"?next={quote(from_page)}" if from_page else ""
            return RedirectResponse(f"/sign-in{query}", 303)
        html = self.render(
            "error.html",
            title=error.title,
            viewer=None,
            theme=theme_of(request),
            flash=[],
            status=error.status,
            detail=error.detail,
            hint=_HINTS.get(error.status, ""),
            again=again_of(request) if error.status in {429, 500, 503, 507} else "",
            number=getattr(request.state, "request_id", "") if error.status == 500 else "",
        )
        return HTMLResponse(html, error.status, headers=headers)

    def redirect(self, to: str, *flashes: tuple[str, str]) -> Response:
        """A redirect after a form was sent, with notices for the page it leads to."""
        response = RedirectResponse(to, 303)
        if flashes:
            payload = base64.urlsafe_b64encode(orjson.dumps(flashes[:5])).decode()
            response.set_cookie(
                FLASH_COOKIE,
                f"{payload}.{self._sign(payload)}",
                max_age=60,
                httponly=True,
                samesite="lax",
                secure=self.settings.is_secure,
            )
        return response

    def _keep_theme(self, response: Response, theme: str | None) -> None:
        if theme is None:
            response.delete_cookie(THEME_COOKIE, path="/")
            return
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=400 * 86_400,
            path="/",
            samesite="lax",
            httponly=True,
            secure=self.settings.is_secure,
        )

    def _sign(self, payload: str) -> str:
        return hmac.new(self._secret, payload.encode(), hashlib.sha256).hexdigest()

    def _flashes(self, request: Request) -> list[tuple[str, str]]:
        payload, _, signature = request.cookies.get(FLASH_COOKIE, "").partition(".")
        if not payload or not hmac.compare_digest(self._sign(payload), signature):
            return []
        return [tuple(item) for item in orjson.loads(base64.urlsafe_b64decode(payload))]


@cache
def make_environment() -> Environment:
    """The template environment, one in a process: everything is escaped, and a missing value is an
    error."""
    here = Path(__file__).parent
    # In the wheel the templates lie inside the package, in a checkout beside it.
    folder = here / "templates"
    if not folder.is_dir():
        folder = here.parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(("html",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # Charts are the largest part of a page: what is written for a machine needs no spaces.
    environment.policies["json.dumps_function"] = _json
    environment.policies["json.dumps_kwargs"] = {}
    environment.globals.update(asset=asset, version=__version__)
    environment.filters.update(
        iso=clock.iso, safe_url=safe_url, markdown=markdown, unbroken=unbroken
    )
    return environment


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def unbroken(sentence: str) -> Markup:
    """A sentence in which no line ends within the reference of a card, at its hyphen."""
    parts = _REF.split(sentence)
    # The references stand between the other parts.
    return Markup().join(
        Markup('<span class="unbroken">{}</span>').format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


@cache
def asset(path: str) -> str:
    """The address of a static file, with a mark of its content so that it can be kept for ever."""
    mark = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={mark}"


def is_htmx(request: Request) -> bool:
    """Whether the request wants fragments and not a page."""
    return request.headers.get("hx-request") == "true"


def is_scripted(request: Request) -> bool:
    """Whether a script sent the request, and stays on its page whatever comes back."""
    return is_htmx(request) or request.headers.get("sec-fetch-mode", "navigate") != "navigate"


def theme_of(request: Request) -> str | None:
    """The theme that was chosen in this browser; None follows the system."""
    return theme_named(request.cookies.get(THEME_COOKIE))


def theme_named(theme: str | None) -> str | None:
    """A theme as a page carries it; None follows the system."""
    return theme if theme in {"light", "dark"} else None


def viewer_of(actor: Actor) -> Viewer:
    """The signed-in person as every page shows them."""
    return Viewer(
        actor.id,
        actor.name,
        actor.email,
        initials(actor.name),
        actor.is_admin,
        actor.density,
        actor.shortcuts,
    )


def again_of(request: Request) -> str:
    """Where a request can be tried again: its own address, if it only read."""
    if request.method != "GET":
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return local_path(request.url.path + query)


def initials(name: str) -> str:
    """One or two letters for a person's face."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


def local_path(target: str) -> str:
    """A place within Weir to go on to; the list of boards for anything else."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//"):
        return "/boards"
    return "/boards" if "\\" in target or any(ord(c) < 32 for c in target) else target


def safe_url(url: str) -> str:
    """A link that leads to http or https; anything else becomes harmless."""
    return url if urlsplit(url).scheme in {"http", "https"} else "#"
