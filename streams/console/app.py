"""The routes, and the process around them: its servers, and how it ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from streams import metrics
from streams.alerts.topic import TopicError
from streams.console.console import FILES, STATIC, Console, Visit
from streams.console.deeds import Deeds
from streams.console.desk import Desk
from streams.console.door import Door
from streams.console.feed import Feed
from streams.console.people import PeopleError
from streams.console.scribe import Scribe
from streams.console.shelter import faults, headers
from streams.console.views import Views
from streams.process import UnusableError, certified, show, taken, until_told
from streams.settings import Settings

log = logging.getLogger("tocsin.console")

MOST_BYTES = 64 << 10
"""Of a request."""
GOODBYE_S = 5.0
"""How long requests under way may take when it is told to stop."""

Page = Callable[[Visit], Awaitable[web.StreamResponse]]


def build(console: Console) -> web.Application:
    """Put the pages under their paths."""
    app = web.Application(client_max_size=MOST_BYTES, middlewares=[faults(console.refuse)])
    app.on_response_prepare.append(headers(console.secure))
    door, views = Door(console), Views(console)
    deeds = Deeds(console, views)

    def known(page: Page, asks: bool = True) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Let in who is logged in. A form of somebody who is no longer is not done later: it is refused."""

        async def handler(request: web.Request) -> web.StreamResponse:
            visit = console.visit(request)
            if visit is not None:
                return await page(visit)
            if not asks:
                raise web.HTTPForbidden(text="Your session has ended, and nothing was done. Log in and try again.")
            if request.headers.get("Sec-Fetch-Site") == "cross-site":
                # The cookie does not come along from another site's link, only from our own page: ask once more.
                return web.Response(text=console.pages.render("again.html"), content_type="text/html")
            raise web.HTTPSeeOther(console.login_place(request))

        return handler

    async def file(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in FILES:
            raise web.HTTPNotFound
        kept = {"Cache-Control": "public, max-age=300"}
        return web.Response(body=FILES[name], content_type=STATIC[name], charset="utf-8", headers=kept)

    app.add_routes(
        [
            web.get("/login", door.ask),
            web.post("/login", door.enter),
            web.post("/logout", door.leave),
            web.get("/static/{name}", file),
            web.get("/", known(views.incidents)),
            web.get("/incidents/{id}", known(views.incident)),
            web.post("/incidents/{id}/verdict", known(deeds.judge, asks=False)),
            web.post("/incidents/{id}/{kind}", known(deeds.act, asks=False)),
            web.get("/silences", known(views.silences)),
            web.post("/silences", known(deeds.silence, asks=False)),
            web.post("/silences/end", known(deeds.end, asks=False)),
            web.get("/audit", known(views.audit)),
        ]
    )
    return app


async def run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C.

    Raises `UnusableError` when the settings, the surroundings or the topics don't allow it, and an `ExceptionGroup`
    after anything unforeseen.
    """
    feed = Feed(Desk())
    try:
        console = Console(settings, feed, Scribe(settings))
    except PeopleError as error:
        raise UnusableError(str(error)) from error
    if not console.people.known:
        log.warning("Nobody can log in: make a user with `tocsin console --add-user NAME`.")
    server = show(settings, [metrics.CONSOLE], "console_metrics_port", ready=feed.unready)
    log.info("It shows its metrics on %s/metrics", server.url)
    try:
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(feed.run(settings)), tasks.create_task(_serve(console))]
            until_told(*work)
        log.info("Stopped.")
    except ExceptionGroup as failures:
        known, other = failures.split((TopicError, UnusableError))
        if known is None or other is not None:
            raise
        raise UnusableError(str(known.exceptions[0])) from failures
    finally:
        server.close()


async def _serve(console: Console) -> None:
    """Answer until cancelled."""
    settings = console.settings
    runner = web.AppRunner(build(console), access_log=None, shutdown_timeout=GOODBYE_S)
    await runner.setup()
    try:
        tls = certified(settings, "console")
        site = web.TCPSite(runner, settings.console_host, settings.console_port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            raise taken(settings.console_host, settings.console_port, "console_port", error) from error
        scheme = "https" if settings.console_certificate else "http"
        host, port = runner.addresses[0][:2]
        log.info("The console answers on %s://%s:%d", scheme, f"[{host}]" if ":" in host else host, port)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
