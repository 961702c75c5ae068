"""Every parser that the gateway has for bytes from outside, with sound inputs to start from; each takes any bytes."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msgspec import json

from streams.sites.formats import dc09, desadv, epc, epcis, mapping, nut, onvif, sia, xml
from streams.sites.sources.folder import Folder
from streams.sites.sources.mqtt import Topic, event
from streams.sites.wire import RefusedError, read
from streams.telemetry.examples import TELEMETRY

SITE = "FR-93-DUGNY"
NOW = datetime(2026, 12, 4, 23, 41, 7, 250_000, UTC)
KEY = bytes(range(16))


class Parser(NamedTuple):
    """A parser and its seeds: any bytes make it answer or raise nothing but its own errors, which it keeps."""

    parse: Callable[[bytes], object]
    seeds: list[bytes]


def framed(body: bytes) -> bytes:
    """Put a body into a sound envelope, so that what is inside is reached."""
    return b"\n%04X%04X%s\r" % (dc09.crc(body), len(body), body)


def stream(data: bytes) -> None:
    framer = dc09.Framer()
    for at in range(0, len(data), 13):
        for frame in framer.feed(data[at : at + 13]):
            _frame(frame)


def body(data: bytes) -> None:
    _frame(framed(data))


def secret(data: bytes) -> None:
    """What stands in an encrypted message once it is decrypted: somebody may know the key."""
    clear = data + b" " * (-len(data) % 16)
    writer = Cipher(algorithms.AES(KEY), modes.CBC(bytes(16))).encryptor()
    sealed = (writer.update(clear) + writer.finalize()).hex().encode()
    _frame(framed(b'"*SIA-DCS"0007L0#1234[' + sealed))


def _frame(frame: bytes) -> None:
    with suppress(dc09.FrameError):
        sealed = dc09.open_envelope(frame)
        read = dc09.unseal(sealed, KEY)
        _signals(read.data)
        with suppress(dc09.FrameError):
            dc09.moment(read.extra.get("H", ""))


def _signals(data: str) -> None:
    for reader in (sia.sia, sia.contact_id):
        with suppress(sia.UnreadableError):
            reader(data)


def ups(data: bytes) -> None:
    variables = nut.listing(data.decode("utf-8", "replace").splitlines())
    _sound(nut.status(variables, SITE, "ups", NOW), nut.reading(variables, SITE, "ups", NOW, "grid-a"))


def notification(data: bytes) -> None:
    with suppress(xml.XmlError):
        root = xml.parse(data)
        _sound(*onvif.telemetry(root, onvif.Camera(SITE, "cam", "in", 0.5), NOW))


def capture(data: bytes) -> None:
    reading = epcis.Reading({"shipping": "departing"}, {}, ("0614141",))
    with suppress(epcis.EpcisError):
        for captured in epcis.read(data, "example:tid"):
            _sound(*epcis.telemetry(captured, SITE, reading))


def code(data: bytes) -> None:
    with suppress(epc.EpcError):
        epc.identity(data.decode("utf-8", "replace"), ["0614141"])
    with suppress(epc.EpcError):
        epc.sscc(data.decode("utf-8", "replace"))


def advice(data: bytes) -> None:
    reading = desadv.Reading(SITE, "wms", ZoneInfo("Europe/Paris"), ("0614141",), timedelta(hours=4))
    with suppress(desadv.DesadvError):
        _sound(*desadv.read(data, reading, NOW))


FIELDS: dict[str, Any] = {
    "order": "a",
    "carrier": "b",
    "items": "n",
    "window_start": mapping.Rule(path="from", format="%d.%m.%Y %H:%M"),
    "window_end": "to",
    "plates": mapping.Rule(path="p", split=","),
    "ssccs": mapping.Rule(path="s", split=","),
    "approved_by": mapping.Rule(path="by", split="|"),
    "value": mapping.Rule(path="v", scale=0.5),
}
EXPORT = Folder(path=".", format="csv", fields=FIELDS, timezone="Europe/Paris")
OBJECTS = Folder(path=".", format="json", fields=FIELDS, timezone="Europe/Paris")


def rows(data: bytes) -> None:
    _sound(*EXPORT.read(data, SITE, NOW)[0])


def objects(data: bytes) -> None:
    _sound(*OBJECTS.read(data, SITE, NOW)[0])


TOPIC = Topic(
    topic="a/+",
    object="power.reading",
    device="m-{1}",
    fields={"feed": mapping.Rule(value="grid-a"), "voltage": "u.0.v", "frequency": "f", "time": "ts"},
)


def message(data: bytes) -> None:
    name = data[:20].decode("utf-8", "replace")
    with suppress(mapping.MappingError):
        _sound(event(TOPIC, name, data, SITE, NOW, ZoneInfo("Europe/Paris")))


def line(data: bytes) -> None:
    with suppress(RefusedError):
        read(SITE, data, NOW.timestamp())


def _sound(*events: Any) -> None:
    """Whatever a parser makes can be written; the publisher judges it."""
    for one in events:
        if one is not None:
            with suppress(RefusedError):
                read(SITE, one, NOW.timestamp())


_SOAP = (
    b'<s:Envelope xmlns:s="s" xmlns:w="w" xmlns:tt="t"><w:NotificationMessage><w:Topic>%s</w:Topic><w:Message>'
    b'<tt:Message UtcTime="2026-12-04T23:41:07.250Z" PropertyOperation="Changed"><tt:Data>%s</tt:Data></tt:Message>'
    b"</w:Message></w:NotificationMessage></s:Envelope>"
)
_EVENT = (
    b'{"type":"ObjectEvent","eventTime":"2026-12-04T23:41:07.250Z","eventTimeZoneOffset":"+01:00","action":"OBSERVE",'
    b'"bizStep":"loading","epcList":["urn:epc:id:sgtin:0614141.107346.2017"],"readPoint":{"id":"urn:epc:id:sgln:1.2.3"},'
    b'"example:tid":["E280"]}'
)
_XML = (
    b'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1"><EPCISBody><EventList><AggregationEvent><eventTime>'
    b"2026-12-04T23:41:07Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset><parentID>urn:epc:id:sscc:"
    b"0614141.1234567890</parentID><childEPCs><epc>3034257BF7194E4000001A85</epc></childEPCs><action>ADD</action>"
    b"<bizStep>urn:epcglobal:cbv:bizstep:loading</bizStep><readPoint><id>dock-3</id></readPoint></AggregationEvent>"
    b"</EventList></EPCISBody></e:EPCISDocument>"
)
_ADVICE = (
    b"UNA:+.? 'UNB+UNOC:3+A:14+B:14+261204:1130+R'UNH+1+DESADV:D:96A:UN'BGM+351+D1+9'DTM+11:202612050700:203'"
    b"DTM+235:20261205:102'RFF+ON:SO-1'NAD+CA+++Garnier'TDT+20++30+31+:::Garnier+++:::FG-482-KT'CPS+1'"
    b"GIN+BJ+106141412345678908'LIN+1'QTY+12:48:PCE'MOA+79:61200.50'UNT+12+1'UNZ+1+R'"
)
_BODY = b'"SIA-DCS"0012R1L0#1234[#1234|Nri1/id12/BA003*"x"NM][H12:00:00,12-04-2026][Vhttp://a]_12:00:01,12-04-2026'

PARSERS = {
    "dc09 stream": Parser(stream, [framed(_BODY), framed(b'"NULL"0000L0#1234[]') * 2, framed(_BODY)[:40]]),
    "dc09 body": Parser(body, [_BODY, b'"ADM-CID"0007L0#1234[#1234|1131 01 003]', b'"NULL"0000L0#1234[]']),
    "dc09 secret": Parser(
        secret, [b"padpadpadpadpadp|#1234|NBA003][H12:00:00,12-04-2026]_12:00:01,12-04-2026", b"x" * 16]
    ),
    "sia": Parser(
        lambda data: _signals(data.decode("utf-8", "replace")),
        [b"#1234|Nri2^Boven etage^id14^Jan^ti12:30:00OP14|Atext", b"#1234|1131 01 003", b"|NBA1/TA2*'x'NM"],
    ),
    "nut": Parser(
        ups, [b'VAR ups ups.status "OL CHRG"\nVAR ups input.voltage "231.0"\nVAR ups input.frequency "50.0"\n']
    ),
    "onvif": Parser(
        notification,
        [
            _SOAP % (b"tns1:VideoSource/ImageTooDark/ImagingService", b'<tt:SimpleItem Name="State" Value="true"/>'),
            _SOAP % (b"tns1:RuleEngine/LicensePlate", b'<tt:PlateNumber Likelihood="0.9">FG-482-KT</tt:PlateNumber>'),
        ],
    ),
    "epcis": Parser(capture, [_EVENT, b'{"type":"EPCISDocument","epcisBody":{"eventList":[%b]}}' % _EVENT, _XML]),
    "epc": Parser(
        code,
        [
            b"3034257BF7194E4000001A85",
            b"urn:epc:tag:sgtin-96:3.0614141.812345.6789",
            b"https://id.gs1.org/01/10614141073464/21/2017?a=b",
            b"3614257BF7194E5B3770E000000000000000000000000000000000",
            b"106141412345678908",
        ],
    ),
    "desadv": Parser(advice, [_ADVICE]),
    "csv": Parser(rows, [b"a;b;n;from;to;p;s;by;v\nSO-1;G;48;05.12.2026 07:00;2026-12-05T08:00:00;A,B;x;q|r;1.5\n"]),
    "json": Parser(objects, [b'[{"a":"SO-1","b":"G","n":48,"from":"05.12.2026 07:00","to":1796400000,"p":"A","v":2}]']),
    "mqtt": Parser(message, [b'{"u":[{"v":231.5}],"f":50,"ts":1796400000}', b"ON", b'{"ts":"2026-12-05T08:00:00"}']),
    "ndjson": Parser(line, [json.encode(one) for listed in TELEMETRY.values() for one in listed]),
}
