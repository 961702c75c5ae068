"""The web application: who asks, what they may see, what they may do."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from aiohttp import web

from streams.console.desk import Desk
from streams.console.feed import Feed
from streams.console.pages import HERE, Pages
from streams.console.people import People, Person
from streams.console.scribe import Scribe
from streams.console.sessions import Session, Sessions
from streams.console.shelter import ours, same
from streams.console.throttle import Throttle
from streams.incidents.model import Incident, moment
from streams.settings import Settings

WITHIN_S = 300.0
MOST_BY_ADDRESS, MOST_BY_NAME = 10, 20
"""Failed logins within five minutes after which an address, and a name, has to wait."""


class Visit(NamedTuple):
    """One request of somebody who is logged in."""

    request: web.Request
    session: Session
    person: Person


class Console:
    """What the handlers share.

    Parameters
    ----------
    now, tick
        The time: of day, and monotonic seconds for sessions and throttles.

    Attributes
    ----------
    patience_s
        How long a page waits for the worker's answer to what was just done, before it is shown as it stands.
    """

    def __init__(
        self,
        settings: Settings,
        feed: Feed,
        scribe: Scribe,
        now: Callable[[], datetime] = lambda: moment(time.time()),
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.feed = feed
        self.desk: Desk = feed.desk
        self.scribe = scribe
        self.now = now
        self.pages = Pages()
        self.people = People(Path(settings.console_users).expanduser())
        self.sessions = Sessions(self.people, settings.console_idle_min * 60, settings.console_session_h * 3600, tick)
        self.addresses = Throttle(MOST_BY_ADDRESS, WITHIN_S, tick)
        self.names = Throttle(MOST_BY_NAME, WITHIN_S, tick)
        self.patience_s = 4.0
        self.secure = bool(settings.console_certificate) or settings.console_front == "tls"
        self.cookie = "__Host-tocsin" if self.secure else "tocsin"

    # -- who asks --------------------------------------------------------------------------------------------------

    def visit(self, request: web.Request) -> Visit | None:
        """Say who asks; None for somebody who is not logged in."""
        found = self.sessions.find(request.cookies.get(self.cookie, ""))
        return found and Visit(request, *found)

    async def form(self, visit: Visit) -> dict[str, str]:
        """Read a form that is one of ours; anything else is refused."""
        data = await visit.request.post()
        form = {name: value for name, value in data.items() if isinstance(value, str)}
        if not ours(visit.request) or not same(form.get("csrf", ""), visit.session.csrf):
            raise web.HTTPForbidden(text="This form did not come from this console: load the page again.")
        return form

    def incident(self, visit: Visit) -> Incident:
        """Find the incident that is asked for; one of a site that is not there for this person does not exist."""
        incident = self.desk.incidents.get(visit.request.match_info["id"])
        if incident is None or not visit.person.sees(incident.site):
            raise web.HTTPNotFound
        return incident

    def allow(self, visit: Visit, site: str) -> None:
        """Refuse who may not act at a site; a site that is not there for somebody does not exist."""
        if not visit.person.sees(site):
            raise web.HTTPNotFound
        if not visit.person.acts(site):
            raise web.HTTPForbidden(text="Your role lets you look, not act.")

    # -- what is answered ------------------------------------------------------------------------------------------

    def show(self, visit: Visit, template: str, status: int = 200, **given: Any) -> web.Response:
        """Answer with a page."""
        frame = {"person": visit.person, "csrf": visit.session.csrf, "path": visit.request.path, "now": self.now()}
        text = self.pages.render(template, **frame, ready=self.feed.ready, **given)
        return web.Response(text=text, status=status, content_type="text/html")

    def refuse(self, request: web.Request, status: int, reason: str) -> web.Response:
        """Answer with a page that says why not."""
        text = self.pages.render("refused.html", status=status, reason=reason)
        return web.Response(text=text, status=status, content_type="text/html")

    def login_place(self, request: web.Request) -> str:
        """Return where to log in, and after that to go on to what was asked for."""
        return f"/login?next={quote(request.path_qs, safe='')}" if request.path != "/" else "/login"


def local(place: str) -> str:
    """Return a place to go on to if it is one of ours, else the first page."""
    fine = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return place if fine else "/"


STATIC = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
FILES = {name: (HERE / "static" / name).read_bytes() for name in STATIC}
