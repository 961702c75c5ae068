"""What stands around every page: headers against others' scripts and frames, where a form may come from, errors."""

import hmac
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from streams import metrics

log = logging.getLogger("tocsin.console")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"


def headers(secure: bool) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Make the signal that puts the headers on every answer, errors and refusals included, and counts it."""

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
        if secure:
            response.headers[hdrs.STRICT_TRANSPORT_SECURITY] = HSTS
        if hdrs.SERVER in response.headers:
            del response.headers[hdrs.SERVER]
        metrics.CONSOLE_REQUESTS.labels(str(response.status)).inc()

    return prepare


def ours(request: web.Request) -> bool:
    """Whether the browser says that this request comes from one of our own pages; old ones say nothing."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is None or urlsplit(origin).netloc == request.host


def same(given: str, expected: str) -> bool:
    """Whether two secrets are the same one, in a time that tells nothing."""
    return bool(expected) and hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def faults(show: Callable[[web.Request, int, str], web.Response]) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Make the middleware that turns refusals into pages; what nobody foresaw the server logs, and answers 500."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPRedirection:
            raise
        except web.HTTPException as refusal:
            answer = show(request, refusal.status, _words(refusal))
            answer.headers.update({name: refusal.headers[name] for name in KEPT if name in refusal.headers})
            return answer

    return middleware


KEPT = (hdrs.ALLOW, hdrs.RETRY_AFTER)


def _words(refusal: web.HTTPException) -> str:
    """What was given as the reason; the library has a sentence of its own where nothing was."""
    said = refusal.text or ""
    return "" if said == f"{refusal.status}: {refusal.reason}" else said
