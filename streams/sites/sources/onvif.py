"""Cameras and recorders that are asked for their ONVIF notifications: a pull-point subscription each."""

import base64
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import aiohttp

from streams.sites.formats.onvif import Camera, Direction, telemetry
from streams.sites.formats.xml import XmlError, every, parse, text
from streams.sites.source import Complaint, Outlet, Sends, Source, SourceError, forward, missing_file, secret
from streams.telemetry.envelope import Device, Fraction, Text

WAIT_S, MOST = 20, 100
"""How long a camera may hold a pull open, s, and how many notifications it may answer at once."""
LEASE_S = 120
"""For how long a subscription is asked, s; every pull prolongs it."""
MOST_BYTES = 4_000_000
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">\
<s:Header><a:Action>{action}</a:Action><a:To>{to}</a:To>{security}</s:Header><s:Body>{body}</s:Body></s:Envelope>"""
_SECURITY = """<w:Security s:mustUnderstand="1" xmlns:w="http://docs.oasis-open.org/wss/2004/01/\
oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:u="http://docs.oasis-open.org/wss/2004/01/\
oasis-200401-wss-wssecurity-utility-1.0.xsd"><w:UsernameToken><w:Username>{user}</w:Username><w:Password \
Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">{digest}\
</w:Password><w:Nonce>{nonce}</w:Nonce><u:Created>{created}</u:Created></w:UsernameToken></w:Security>"""


class Onvif(Source, frozen=True, kw_only=True, tag="onvif"):
    """One camera or recorder, by its event service; each has a `[[source]]` of its own, and restarts by itself."""

    url: Text
    device: Device
    username: Text | None = None
    password_file: Text | None = None
    direction: Direction | None = None
    likelihood: Fraction | None = None

    def where(self) -> str:
        return self.url

    def sends(self) -> Iterable[Sends]:
        types = ("camera.event", "shipment.gate") if self.direction else ("camera.event",)
        yield Sends(self.device, types, "at each notification")

    def check(self, folder: Path) -> Iterator[Complaint]:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            yield Complaint("url", "expected the camera's event service, like http://10.0.0.7/onvif/event_service")
        if (self.username is None) != (self.password_file is None):
            yield Complaint("username", "username and password_file belong together; give both or neither")
        yield from missing_file(folder, "password_file", self.password_file)

    async def run(self, outlet: Outlet) -> None:
        password = secret(outlet.folder, self.password_file) if self.password_file else ""
        camera = Camera(outlet.site, self.device, self.direction, self.likelihood)
        timeout = aiohttp.ClientTimeout(total=WAIT_S + 20, sock_connect=10)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                calls = _Calls(session, self.username or "", password, outlet)
                lease = f"<t:InitialTerminationTime>PT{LEASE_S}S</t:InitialTerminationTime>"
                answer = await calls.call(self.url, "EventPortType", "CreatePullPointSubscription", lease)
                point = self._point(answer)
                pull = f"<t:Timeout>PT{WAIT_S}S</t:Timeout><t:MessageLimit>{MOST}</t:MessageLimit>"
                while True:
                    outlet.alive()
                    answer = await calls.call(point, "PullPointSubscription", "PullMessages", pull)
                    await forward(telemetry(answer, camera, outlet.now()), outlet)
        except aiohttp.ClientError as error:
            raise SourceError(f"the camera does not answer: {error}") from error

    def _point(self, answer: Element) -> str:
        """Find the subscription's address. It must be the camera's own: the password goes there."""
        reference = next(every(answer, "SubscriptionReference"), None)
        address = text(next(every(reference, "Address"), None)) if reference is not None else ""
        if urlsplit(address).hostname != urlsplit(self.url).hostname:
            raise SourceError(
                f"the camera's subscription is at {address[:80] or 'no address'}, which is not the camera"
            )
        return address


class _Calls:
    """SOAP 1.2, as much of it as a pull-point needs."""

    def __init__(self, session: aiohttp.ClientSession, user: str, password: str, outlet: Outlet) -> None:
        self._session = session
        self._user = user
        self._password = password
        self._outlet = outlet

    async def call(self, url: str, port: str, name: str, inner: str) -> Element:
        action = f"{_EVENTS}/{port}/{name}Request"
        body = f'<t:{name} xmlns:t="{_EVENTS}">{inner}</t:{name}>'
        envelope = _ENVELOPE.format(action=action, to=escape(url), security=self._security(), body=body)
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        async with self._session.post(url, data=envelope.encode(), headers=headers, allow_redirects=False) as response:
            content = await response.content.read(MOST_BYTES)
            while len(content) < MOST_BYTES and (more := await response.content.read(MOST_BYTES - len(content))):
                content += more
        try:
            answer = parse(content)
        except XmlError as error:
            raise SourceError(f"{name}: HTTP {response.status} and {error}") from error
        if response.status >= 300 or next(every(answer, "Fault"), None) is not None:
            reason = text(next(every(answer, "Text"), None)) or "no reason given"
            raise SourceError(f"{name}: HTTP {response.status}, {reason[:200]}")
        return answer

    def _security(self) -> str:
        """Make a WS-Security user name token: the digest of nonce, time and password."""
        if not self._user:
            return ""
        nonce, created = os.urandom(16), self._outlet.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        digest = hashlib.sha1(nonce + created.encode() + self._password.encode(), usedforsecurity=False).digest()
        return _SECURITY.format(
            user=escape(self._user),
            digest=base64.b64encode(digest).decode(),
            nonce=base64.b64encode(nonce).decode(),
            created=created,
        )
