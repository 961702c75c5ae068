"""What people do: each form becomes one control record, and that record is the audit trail."""

import logging
from collections.abc import Callable
from typing import get_args

from aiohttp import web
from msgspec.structs import replace

from streams.console import forms
from streams.console.console import Console, Visit
from streams.console.forms import FormError
from streams.console.scribe import ScribeError
from streams.console.views import Views
from streams.incidents.model import Domain, Incident
from streams.telemetry.control import Action, Maintenance, Verdict

log = logging.getLogger("tocsin.console")

ACTIONS = ("acknowledge", "assign", "note", "release")


class Deeds:
    """Everything that changes something; each needs a session, its form's secret, a role and the site."""

    def __init__(self, console: Console, views: Views) -> None:
        self._console = console
        self._views = views

    async def act(self, visit: Visit) -> web.Response:
        """Acknowledge, assign, note or release."""
        incident, kind = self._console.incident(visit), visit.request.match_info["kind"]
        self._console.allow(visit, incident.site)
        form = await self._console.form(visit)
        if kind not in ACTIONS:
            raise web.HTTPNotFound
        try:
            action = forms.action(form, kind, incident, visit.person, self._console.now())
        except FormError as error:
            return self._views.one(visit, incident, str(error), 400)
        await self._write(visit, action, kind)
        return await self._back(incident, kind, lambda now: now.revision > incident.revision)

    async def judge(self, visit: Visit) -> web.Response:
        """Give a verdict, which closes the incident if it is open."""
        incident = self._console.incident(visit)
        self._console.allow(visit, incident.site)
        form = await self._console.form(visit)
        try:
            if incident.verdict is not None:
                raise FormError(f"It has been judged already: {incident.verdict.replace('_', ' ')}.")
            verdict = forms.verdict(form, incident, visit.person, self._console.now())
        except FormError as error:
            return self._views.one(visit, incident, str(error), 400)
        await self._write(visit, verdict, "verdict")
        return await self._back(incident, "verdict", lambda now: now.status == "closed")

    async def silence(self, visit: Visit) -> web.Response:
        """Announce work."""
        form = await self._console.form(visit)
        self._console.allow(visit, form.get("site", "").strip())
        data = await visit.request.post()
        domains = [name for name in get_args(Domain) if name in data.getall("domains", [])]
        try:
            record = forms.silence(form, domains, visit.person, self._console.now())
        except FormError as error:
            return self._views.works(visit, form, str(error), 400)
        await self._write(visit, record, "silence")
        return await self._on(record, "silence")

    async def end(self, visit: Visit) -> web.Response:
        """End announced work now; the record stays, with its end."""
        form = await self._console.form(visit)
        work = self._console.desk.works.get(form.get("work", ""))
        if work is None or not visit.person.sees(work.record.site):
            raise web.HTTPNotFound
        self._console.allow(visit, work.record.site)
        now = self._console.now()
        if work.state(now) != "on":
            return self._views.works(visit, {}, "Only a silence that is on can be ended.", 400)
        record = replace(work.record, end=now, owner=visit.person.name)
        await self._write(visit, record, "end")
        return await self._on(record, "end")

    async def _write(self, visit: Visit, record: Action | Verdict | Maintenance, what: str) -> None:
        try:
            await self._console.scribe.write(record)
        except ScribeError as error:
            log.error("%s of %s was not recorded: %s", what, visit.person.name, error)
            raise web.HTTPServiceUnavailable(
                text="Kafka did not take it, so nothing has happened. Go back and try again."
            ) from error
        about = record.id if isinstance(record, Maintenance) else record.incident
        log.info("%s: %s %s at %s", visit.person.name, what, about, record.site)

    async def _back(self, incident: Incident, done: str, taken: Callable[[Incident], bool]) -> web.Response:
        """Go back to the incident, if possible as it is after what was done."""
        known = self._console.desk.incidents
        if incident.status != "closed":
            await self._console.feed.until(lambda: taken(known.get(incident.id, incident)), self._console.patience_s)
        return _see(f"/incidents/{incident.id}?done={done}")

    async def _on(self, record: Maintenance, done: str) -> web.Response:
        def here() -> bool:
            work = self._console.desk.works.get(record.id)
            return work is not None and work.record.end == record.end

        await self._console.feed.until(here, self._console.patience_s)
        return _see(f"/silences?done={done}&site={record.site}")


def _see(place: str) -> web.Response:
    return web.Response(status=303, headers={"Location": place})
