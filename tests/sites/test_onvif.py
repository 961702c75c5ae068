"""Cameras: recorded notifications, pushed to a real listener and pulled from a camera's own service."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import aiohttp
import pytest
from aiohttp import web

from streams.sites.formats.onvif import Camera, telemetry
from streams.sites.formats.xml import XmlError, every, parse, text
from streams.sites.source import SourceError
from streams.sites.sources.onvif import Onvif
from streams.sites.sources.onvif_push import Gate, OnvifPush
from streams.sites.supervisor import Supervisor

from .desk import SITE, Desk, condition, free_port, running

SPACES = """xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" \
xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tns1="http://www.onvif.org/ver10/topics" \
xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:wsa5="http://www.w3.org/2005/08/addressing\""""
NOW = datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC)
DIALECT = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"


def notification(topic: str, data: str, *, at: datetime | None = None, operation: str = "Changed") -> str:
    """As an Axis camera sends it: prefixes on every step, the source before the data."""
    when = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"""<wsnt:NotificationMessage><wsnt:Topic Dialect="{DIALECT}">{topic}</wsnt:Topic><wsnt:Message>
<tt:Message UtcTime="{when}" PropertyOperation="{operation}">
<tt:Source><tt:SimpleItem Name="Source" Value="0"/></tt:Source>
<tt:Key/><tt:Data>{data}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>"""


def item(name: str, value: str) -> str:
    return f'<tt:SimpleItem Name="{name}" Value="{value}"/>'


def notify(*notifications: str) -> bytes:
    body = f"<wsnt:Notify>{''.join(notifications)}</wsnt:Notify>"
    return f"<s:Envelope {SPACES}><s:Body>{body}</s:Body></s:Envelope>".encode()


def said(body: bytes, **more: Any) -> list[Any]:
    camera = Camera(SITE, "cam-07", more.get("direction"), more.get("likelihood"))
    return list(telemetry(parse(body), camera, NOW))


DARK = notification("tns1:VideoSource/ImageTooDark/ImagingService", item("State", "true"))


@pytest.mark.parametrize(
    ("topic", "data", "wanted"),
    [
        ("tns1:VideoSource/ImageTooDark/ImagingService", item("State", "true"), ("VideoSource/ImageTooDark", True)),
        ("tns1:VideoSource/tns1:SignalLoss", item("State", "1"), ("VideoSource/SignalLoss", True)),
        (
            "tns1:VideoSource/GlobalSceneChange/AnalyticsService",
            item("State", "false"),
            ("VideoSource/GlobalSceneChange", False),
        ),
        ("tns1:VideoSource/ImageTooBlurry/RecordingService", item("State", "0"), ("VideoSource/ImageTooBlurry", False)),
        (
            "tns1:Device/HardwareFailure/StorageFailure",
            item("Token", "sda") + item("Failed", "true"),
            ("Device/HardwareFailure/StorageFailure", True),
        ),
        (
            "tns1:RecordingHistory/DeleteTrackData",
            item("RecordingToken", "r1"),
            ("RecordingHistory/DeleteTrackData", True),
        ),
    ],
)
def test_topics_of_the_contract(topic: str, data: str, wanted: tuple[str, bool]) -> None:
    (event,) = said(notify(notification(topic, data)))
    assert (event.topic, event.state) == wanted


def test_what_the_contract_has_not_is_passed_over() -> None:
    assert said(notify(notification("tns1:RuleEngine/CellMotionDetector/Motion", item("IsMotion", "true")))) == []
    assert said(notify(notification("tns1:VideoSource/ImageTooDarkish", item("State", "true")))) == []
    assert said(notify(notification("tns1:VideoSource/SignalLoss", item("State", "true"), operation="Deleted"))) == []
    assert said(notify(notification("tns1:VideoSource/SignalLoss", item("Colour", "blue")))) == []


FRAME = f"""<tt:MetadataStream {SPACES}><tt:VideoAnalytics><tt:Frame UtcTime="2026-11-23T10:00:00.120Z">
<tt:Object ObjectId="2"><tt:Appearance><tt:Class><tt:Type Likelihood="0.8">LicensePlate</tt:Type></tt:Class>
<tt:LicensePlateInfo><tt:PlateNumber Likelihood="0.91">FG-482-KT</tt:PlateNumber>
<tt:CountryCode Likelihood="0.7">FR</tt:CountryCode></tt:LicensePlateInfo></tt:Appearance></tt:Object>
</tt:Frame></tt:VideoAnalytics></tt:MetadataStream>""".encode()


def test_plates() -> None:
    seen = item("LicensePlate", "FG-482-KT") + item("Confidence", "87") + item("Direction", "Leaving")
    (gate,) = said(notify(notification("tns1:RuleEngine/LicensePlateDetector/LicensePlate", seen)), direction="in")
    assert (gate.plate, gate.direction, gate.likelihood) == ("FG-482-KT", "out", 0.87)
    (gate,) = said(FRAME, direction="in")
    assert (gate.plate, gate.direction, gate.likelihood) == ("FG-482-KT", "in", 0.91)
    assert gate.time == datetime(2026, 11, 23, 10, 0, 0, 120000, UTC)
    unsure = notify(notification("tns1:RuleEngine/LicensePlateRecognition/Recognized", item("PlateNumber", "AB-1")))
    assert said(unsure, direction="in") == []
    assert said(unsure, direction="in", likelihood=0.6)[0].likelihood == 0.6
    assert said(unsure) == []


def test_prefixes_soap_versions_and_clocks_are_the_camera_s_own() -> None:
    """SOAP 1.1, the message's namespace as the default, prefixes that nobody else has, a clock from 1970."""
    body = b"""<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:q9="http://docs.oasis-open.org/wsn/b-2"><SOAP-ENV:Header/><SOAP-ENV:Body><q9:Notify><q9:NotificationMessage>
<q9:SubscriptionReference><a:Address xmlns:a="http://www.w3.org/2005/08/addressing">http://10.0.0.7/s</a:Address>
</q9:SubscriptionReference><q9:Topic Dialect="x" xmlns:zz="http://www.onvif.org/ver10/topics">
 zz:VideoSource/zz:GlobalSceneChange/zz:ImagingService </q9:Topic><q9:Message>
<Message xmlns="http://www.onvif.org/ver10/schema" UtcTime="%b" PropertyOperation="%b">
<Source><SimpleItem Name="Source" Value="true"/></Source><Data><SimpleItem Value="TRUE" Name="State"/></Data>
</Message></q9:Message></q9:NotificationMessage></q9:Notify></SOAP-ENV:Body></SOAP-ENV:Envelope>"""
    for time, operation, states in (
        (b"2026-11-23T11:00:00+01:00", b"Initialized", [True]),
        (b"2026-11-23T10:00:00Z", b"Changed", [True]),
        (b"1970-01-01T00:00:09Z", b"Changed", [True]),
        (b"2026-11-23T10:00:00Z", b"Deleted", []),
    ):
        found = said(body % (time, operation))
        assert [event.state for event in found] == states
        assert all(abs((NOW - event.time).total_seconds()) <= 1 for event in found)


def test_plates_in_a_vendor_s_own_words() -> None:
    body = b"""<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"><ipAddress>10.0.0.9</ipAddress>
<dateTime>2026-11-23T10:59:00+01:00</dateTime><eventType>ANPR</eventType><ANPR><country>FR</country>
<licensePlate>FG482KT</licensePlate><confidenceLevel>97</confidenceLevel><direction>forward</direction></ANPR>
</EventNotificationAlert>"""
    (gate,) = said(body)
    assert (gate.plate, gate.direction, gate.likelihood) == ("FG482KT", "in", 0.97)
    assert gate.time == datetime(2026, 11, 23, 9, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<a>" * 200_000,
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b"<a>\x00</a>",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_xml_that_is_not_taken(body: bytes) -> None:
    with pytest.raises(XmlError):
        parse(body)


def test_a_darkened_camera_s_push_becomes_a_finding(tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        cameras = [Gate(path="cam-07", device="cam-07"), Gate(path="gate", device="anpr-1", direction="in")]
        source = OnvifPush(name="cameras", port=free_port(), camera=cameras)
        began = datetime.now(UTC) - timedelta(seconds=500)
        lost = notification("tns1:VideoSource/GlobalSceneChange/ImagingService", item("State", "true"), at=began)
        plate = notification(
            "tns1:RuleEngine/LicensePlateDetector", item("Plate", "XR-117-PB") + item("Likelihood", "0.9")
        )
        async with running(source, tmp_path, desk), aiohttp.ClientSession(source.where()) as session:
            for path, body, status in (
                ("/cam-07", notify(lost), 200),
                ("/gate", notify(plate), 200),
                ("/nobody", notify(DARK), 404),
                ("/cam-07", b"<a", 400),
                ("/cam-07", notify(DARK), 200),
            ):
                async with session.post(path, data=body) as answer:
                    assert answer.status == status, path
        assert [event.device for event in desk.events] == ["cam-07", "anpr-1", "cam-07"]
        assert "camera.reported" in {finding.detector for finding in desk.findings()}

    asyncio.run(story())


class CameraService:
    """A camera's event service: checks the digest itself, hands out a subscription and what is queued."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.calls: list[str] = []
        self.elsewhere = ""
        self.port = free_port()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_post("/{path:.*}", self._answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        root = parse(await request.read())
        if not self._knows(root):
            fault = "<s:Fault><s:Reason><s:Text>Sender not authorized</s:Text></s:Reason></s:Fault>"
            return self._envelope(fault, 400)
        if next(every(root, "CreatePullPointSubscription"), None) is not None:
            self.calls.append("create")
            address = self.elsewhere or f"http://127.0.0.1:{self.port}/onvif/subscription?idx=3"
            reference = f"<tev:SubscriptionReference><wsa5:Address>{address}</wsa5:Address></tev:SubscriptionReference>"
            return self._envelope(
                f"<tev:CreatePullPointSubscriptionResponse>{reference}</tev:CreatePullPointSubscriptionResponse>"
            )
        self.calls.append("pull")
        message = await self.queue.get()
        return self._envelope(f"<tev:PullMessagesResponse>{message}</tev:PullMessagesResponse>")

    def _envelope(self, body: str, status: int = 200) -> web.Response:
        text = f'<?xml version="1.0"?><s:Envelope {SPACES}><s:Body>{body}</s:Body></s:Envelope>'
        return web.Response(text=text, status=status, content_type="application/soap+xml")

    def _knows(self, root: Element) -> bool:
        nonce, created, digest = (text(next(every(root, name), None)) for name in ("Nonce", "Created", "Password"))
        mixed = base64.b64decode(nonce) + created.encode() + self.password.encode()
        return base64.b64encode(hashlib.sha1(mixed).digest()).decode() == digest


def test_a_camera_is_asked_and_met_again_after_it_was_gone(tmp_path: Path) -> None:
    async def story() -> None:
        desk, camera = Desk(), CameraService("s3cret & more")
        (tmp_path / "password").write_text("s3cret & more\n")
        url = f"http://127.0.0.1:{camera.port}/onvif/event_service"
        source = Onvif(name="cam-07", url=url, device="cam-07", username="tocsin", password_file="password")
        async with camera.serving():
            camera.queue.put_nowait(DARK)
            async with running(source, tmp_path, desk) as supervisor:
                await desk.until(lambda events: len(events) == 1)
                camera.queue.put_nowait(DARK + notification("tns1:VideoSource/SignalLoss", item("State", "false")))
                events = await desk.until(lambda events: len(events) == 3)
                assert [event.topic for event in events][2] == "VideoSource/SignalLoss"
                assert camera.calls[:2] == ["create", "pull"]
                camera.password = "changed"
                camera.queue.put_nowait(DARK)
                await condition(lambda: supervisor.restarts > 0 and not supervisor.up)
                camera.password = "s3cret & more"
                await condition(lambda: supervisor.up)

    asyncio.run(story())


def test_a_password_goes_to_the_camera_alone(tmp_path: Path) -> None:
    async def story() -> None:
        camera = CameraService("")
        camera.elsewhere = "http://attacker.example/collect"
        source = Onvif(
            name="cam", url=f"http://127.0.0.1:{camera.port}/e", device="cam-07", username="a", password_file="p"
        )
        (tmp_path / "p").write_text("")
        async with camera.serving():
            with pytest.raises(SourceError, match="not the camera"):
                await source.run(Supervisor(source, SITE, tmp_path, Desk()))
        assert camera.calls == ["create"]

    asyncio.run(story())
