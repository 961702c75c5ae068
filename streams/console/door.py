"""Logging in and out."""

import asyncio
import logging
import secrets
from math import ceil

from aiohttp import web

from streams import metrics
from streams.console.console import Console, local
from streams.console.people import name_in
from streams.console.shelter import ours, same

log = logging.getLogger("tocsin.console")


class Door:
    """The login form and what becomes of it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._hashing = asyncio.Semaphore(2)  # each guess costs memory on purpose: no flood of them at a time
        self._slip = "__Host-tocsin-login" if console.secure else "tocsin-login"

    async def ask(self, request: web.Request) -> web.Response:
        """Show the form."""
        if self._console.visit(request) is not None:
            raise web.HTTPSeeOther(local(request.query.get("next", "/")))
        return self._form(request, request.query.get("next", "/"))

    async def enter(self, request: web.Request) -> web.Response:
        """Take a token; the answer says nothing of whether the name exists."""
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        onward, token = form.get("next", "/"), form.get("token", "").strip()
        if not ours(request) or not same(form.get("csrf", ""), request.cookies.get(self._slip, "")):
            return self._form(request, onward, 403, "The form had grown old. Try again.")
        address, name = self._address(request), name_in(token)
        async with self._hashing:
            wait = max(self._console.addresses.wait(address), self._console.names.wait(name) if name else 0.0)
            if wait > 0:
                return self._throttled(request, onward, wait)
            self._console.addresses.failed(address)  # until it is known better: others may be guessing meanwhile
            if self._console.people.find(name) is not None:
                self._console.names.failed(name)
            person = await asyncio.to_thread(self._console.people.check, token)
        if person is None:
            metrics.CONSOLE_LOGINS.labels("refused").inc()
            log.warning("login refused from %s", address)
            return self._form(request, onward, 403, "This token opens nothing.")
        self._console.addresses.succeeded(address)
        self._console.names.succeeded(name)
        metrics.CONSOLE_LOGINS.labels("accepted").inc()
        log.info("%s logged in from %s", person.name, address)
        answer = web.Response(status=303, headers={"Location": local(onward)})
        self._set(answer, self._console.cookie, self._console.sessions.open(person), self._console.sessions.longest)
        answer.del_cookie(self._slip, path="/")
        return answer

    async def leave(self, request: web.Request) -> web.Response:
        """End the session."""
        visit = self._console.visit(request)
        if visit is not None:
            await self._console.form(visit)
            self._console.sessions.close(request.cookies[self._console.cookie])
            log.info("%s logged out", visit.person.name)
        answer = web.Response(status=303, headers={"Location": "/login"})
        answer.del_cookie(self._console.cookie, path="/")
        return answer

    def _address(self, request: web.Request) -> str:
        """Who is at the other end; what stands before the console says so in a header."""
        if self._console.settings.console_front == "tls" and "X-Forwarded-For" in request.headers:
            return request.headers["X-Forwarded-For"].rpartition(",")[2].strip()
        return request.remote or ""

    def _throttled(self, request: web.Request, onward: str, wait: float) -> web.Response:
        metrics.CONSOLE_LOGINS.labels("throttled").inc()
        answer = self._form(request, onward, 429, f"Too many attempts. Try again in {ceil(wait / 60)} min.")
        answer.headers["Retry-After"] = str(ceil(wait))
        return answer

    def _form(self, request: web.Request, onward: str, status: int = 200, reason: str = "") -> web.Response:
        slip = request.cookies.get(self._slip) or secrets.token_urlsafe(32)  # of two tabs, both may be sent
        text = self._console.pages.render("login.html", csrf=slip, onward=local(onward), reason=reason)
        answer = web.Response(text=text, status=status, content_type="text/html")
        self._set(answer, self._slip, slip, 3600)
        return answer

    def _set(self, answer: web.Response, name: str, value: str, age: float) -> None:
        answer.set_cookie(
            name, value, max_age=int(age), path="/", httponly=True, samesite="Strict", secure=self._console.secure
        )
