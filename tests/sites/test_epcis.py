"""RFID: GS1's own example documents, and documents that POST over real HTTP."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from epcpy.epc_schemes.sgtin import SGTIN, SGTINFilterValue
from epcpy.epc_schemes.sscc import SSCC, SSCCFilterValue

from streams.sites.formats.epc import EpcError, identity, sscc
from streams.sites.formats.epcis import EpcisError, Reading, read, telemetry
from streams.sites.sources.epcis import Epcis
from streams.telemetry.rfid import RfidRead

from .desk import SITE, Desk, free_port, running

SHARED = (Path(__file__).parents[2] / "../shared/data/epcis").resolve()
DOCUMENTS = sorted([*SHARED.glob("*.jsonld"), *SHARED.glob("*.xml")])
needs_documents = pytest.mark.skipif(not DOCUMENTS, reason="../shared/data/epcis is not there")
PLAIN = Reading({"shipping": "departing", "receiving": "storing"}, {"urn:epc:id:sgln:0614141.07346.1234": "dock-3"}, ())
PALLET = "urn:epc:id:sscc:0614141.1234567890"


def event(**more: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "loading",
        "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
        "eventTime": datetime.now(UTC).isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "readPoint": {"id": "urn:epc:id:sgln:0614141.07346.1234"},
        **more,
    }


def document(*events: dict[str, Any]) -> bytes:
    body = {"type": "EPCISDocument", "schemaVersion": "2.0", "epcisBody": {"eventList": list(events)}}
    return json.dumps(body).encode()


def reads(body: bytes, reading: Reading = PLAIN) -> list[Any]:
    return [one for captured in read(body, "example:tid") for one in telemetry(captured, SITE, reading)]


@needs_documents
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_document_of_gs1_is_read(path: Path) -> None:
    captured = read(path.read_bytes())
    assert captured
    for one in captured:
        for made in telemetry(one, SITE, PLAIN):
            assert isinstance(made, RfidRead)
            assert made.epc.startswith("urn:epc:id:")
            assert made.read_point


@needs_documents
def test_json_and_xml_say_the_same() -> None:
    as_json = reads((SHARED / "Example_9.6.1-ObjectEvent.jsonld").read_bytes())
    as_xml = reads((SHARED / "Example_9.6.1-ObjectEvent-2020_06_18a.xml").read_bytes())
    assert as_json == as_xml
    assert [one.epc.rpartition(".")[2] for one in as_json] == ["2017", "2018", "2018"]
    assert as_json[0].read_point == "dock-3"
    assert as_json[0].time == datetime(2005, 4, 4, 2, 33, 31, 116000, UTC)


def test_pallets_corrections_and_further_steps() -> None:
    packed = event(type="AggregationEvent", parentID=PALLET, childEPCs=["urn:epc:id:sgtin:0614141.107346.1"])
    del packed["epcList"]
    assert [one.sscc for one in reads(document(packed))] == [PALLET]
    assert [one.sscc for one in reads(document(packed | {"action": "DELETE"}))] == [None]
    for step in ("urn:epcglobal:cbv:bizstep:loading", "https://ref.gs1.org/cbv/BizStep-loading", "cbv:BizStep-loading"):
        assert [one.biz_step for one in reads(document(event(bizStep=step)))] == ["loading"]
    assert reads(document(event(bizStep="inspecting"))) == []
    wrong = event(errorDeclaration={"declarationTime": "2026-01-01T00:00:00Z", "reason": "did_not_occur"})
    assert reads(document(wrong)) == []
    encoded = event(bizStep="encoding", **{"example:tid": ["E2801160600002054E1A2B3C"]})
    assert [one.tid for one in reads(document(encoded))] == ["E2801160600002054E1A2B3C"]
    assert len(reads(json.dumps(event()).encode())) == 1


def test_every_kind_of_event_and_of_code() -> None:
    """As GS1's standard has them: whatever else stands in an event is passed over."""
    link, private = "https://id.gs1.org/01/70614141123451/21/2017", "https://example.com/crates/17"
    codes = [
        link,
        "https://id.gs1.org/8004/9520000001",
        private,
        "urn:epc:id:giai:0614141.12345400",
        "urn:uuid:2f6e-17",
    ]
    told = event(
        eventID="ni:///sha-256;00?ver=CBV2.0",
        epcList=codes,
        quantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 200, "uom": "KGM"}],
        sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 26.0, "uom": "CEL"}]}],
        persistentDisposition={"set": ["completeness_verified"]},
        ilmd={"example:furtherEventData": [{"a": {"b": 1}}]},
        certificationInfo=["https://accreditation.example/17"],
    )
    assert [one.epc for one in reads(document(told))] == codes
    made = event(type="TransformationEvent", bizStep="storing", outputEPCList=["urn:epc:id:sgtin:4012345.077889.25"])
    del made["epcList"], made["action"]
    assert [one.epc for one in reads(document(made | {"inputEPCList": ["urn:epc:id:sgtin:4012345.011122.25"]}))] == [
        "urn:epc:id:sgtin:4012345.077889.25"
    ]
    nameless = event(type="AggregationEvent", parentID=PALLET, childQuantityList=[{"epcClass": "urn:epc:class:a:1.2"}])
    del nameless["epcList"]
    assert [(one.epc, one.sscc) for one in reads(document(nameless))] == [(PALLET, PALLET)]
    fitted = event(type="AssociationEvent", parentID="urn:epc:id:grai:4012345.55555.987", childEPCs=[codes[3]])
    del fitted["epcList"]
    assert [(one.epc, one.sscc) for one in reads(document(fitted))] == [(codes[3], None)]
    stored = event(bizStep="storing", bizLocation={"id": "https://id.gs1.org/414/9521321000010"})
    del stored["readPoint"]
    assert [one.read_point for one in reads(document(stored))] == ["https://id.gs1.org/414/9521321000010"]
    sensed = event(bizStep="sensor_reporting", sensorElementList=[{}])
    del sensed["epcList"]
    own = event(type="example:PartyEvent", epcList=[])
    assert reads(document(sensed, own)) == []
    single = {"type": "EPCISDocument", "@context": ["https://ref.gs1.org/x", {"example": "http://ns.example/"}]}
    assert len(reads(json.dumps({**single, "epcisBody": {"event": event()}}).encode())) == 1
    assert len(reads(json.dumps({**single, "epcisBody": {"eventList": event()}}).encode())) == 1
    results = {"queryResults": {"resultsBody": {"eventList": [event(), event()]}}}
    assert len(reads(json.dumps({"type": "EPCISQueryDocument", "epcisBody": results}).encode())) == 2


EARLIER = """<?xml version="1.0" encoding="UTF-16"?>
<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" xmlns:x="http://ns.example" schemaVersion="1.2">
<EPCISHeader><x:StandardBusinessDocumentHeader/></EPCISHeader><EPCISBody><EventList>
<ObjectEvent><eventTime>2026-11-23T10:00:00.5+01:00</eventTime><recordTime>2026-11-23T10:00:01Z</recordTime>
<eventTimeZoneOffset>+01:00</eventTimeZoneOffset><baseExtension><eventID>urn:uuid:1</eventID></baseExtension>
<epcList><epc> urn:epc:id:sgtin:0614141.107346.2018 </epc></epcList><action>OBSERVE</action>
<bizStep>urn:epcglobal:cbv:bizstep:staging_outbound</bizStep><readPoint><id>urn:epc:id:sgln:1.2.3</id></readPoint>
<extension><ilmd><x:lot>7</x:lot></ilmd></extension><x:own>Ü</x:own></ObjectEvent>
<AggregationEvent><eventTime>2026-11-23T09:00:00Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
<parentID>urn:epc:id:sscc:0614141.1234567890</parentID><childEPCs><epc>urn:epc:id:sgtin:0614141.107346.1</epc></childEPCs>
<action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:loading</bizStep><bizLocation><id>urn:epc:id:sgln:1.2.4</id>
</bizLocation></AggregationEvent>
<ObjectEvent><eventTime>2026-11-23T10:00:00Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
<baseExtension><errorDeclaration><declarationTime>2026-11-23T10:00:00Z</declarationTime></errorDeclaration>
</baseExtension><epcList><epc>urn:epc:id:sgtin:0614141.107346.9</epc></epcList><action>OBSERVE</action>
<bizStep>urn:epcglobal:cbv:bizstep:loading</bizStep><readPoint><id>urn:epc:id:sgln:1.2.3</id></readPoint></ObjectEvent>
<extension><TransformationEvent><eventTime>2026-11-23T10:00:00Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
<outputEPCList><epc>urn:epc:id:sgtin:0614141.107346.3</epc></outputEPCList><bizStep>urn:epcglobal:cbv:bizstep:storing</bizStep>
<readPoint><id>urn:epc:id:sgln:1.2.3</id></readPoint></TransformationEvent></extension>
</EventList></EPCISBody></e:EPCISDocument>"""


def test_the_earlier_xml() -> None:
    found = reads(EARLIER.encode("utf-16"))
    assert [(one.epc.rpartition(".")[2], one.biz_step, one.sscc) for one in found] == [
        ("2018", "staging_outbound", None),
        ("1", "loading", PALLET),
        ("3", "storing", None),
    ]
    assert found[0].time == datetime(2026, 11, 23, 9, 0, 0, 500_000, UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b"<a>" * 100_000,
        document({**event(), "eventTime": "2026-02-30T00:00:00Z"}),
        document({**event(), "eventTime": "2026-02-03T00:00:00"}),
        document({**event(), "eventTimeZoneOffset": "+25:00"}),
        document({**event(), "action": "LOOK"}),
        document({**event(), "type": "PartyEvent"}),
        document({**event(), "epcList": ["urn:nonsense"]}),
        document({**event(), "epcList": [17]}),
        b'<!DOCTYPE a [<!ENTITY b "c">]><EPCISDocument>&b;</EPCISDocument>',
        b"<EPCISDocument><EPCISBody><EventList><ObjectEvent/></EventList></EPCISBody></EPCISDocument>",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_document_is_told(body: bytes) -> None:
    with pytest.raises(EpcisError):
        reads(body)


def test_codes_of_every_form_become_identities() -> None:
    for uri in ("urn:epc:id:sgtin:0614141.107346.2017", "urn:epc:id:sgtin:952005385011.1.77"):
        code = SGTIN(uri)
        for scheme in (SGTIN.BinaryCodingScheme.SGTIN_96, SGTIN.BinaryCodingScheme.SGTIN_198):
            chip = code.hex(binary_coding_scheme=scheme, filter_value=SGTINFilterValue.ALL_OTHERS)
            assert identity(chip) == identity(chip.lower()) == uri
            assert identity(code.tag_uri(scheme, SGTINFilterValue.ALL_OTHERS)) == uri
    scheme_96, others = SSCC.BinaryCodingScheme.SSCC_96, SSCCFilterValue.ALL_OTHERS
    assert identity(SSCC(PALLET).hex(binary_coding_scheme=scheme_96, filter_value=others)) == PALLET
    link = "https://id.gs1.org/01/10614141073464/21/2017"
    assert identity(link) == link
    assert identity("https://shop.example/shoes/01/10614141073464/21/2017?a=b") == link
    assert identity(link, ["0614141"]) == "urn:epc:id:sgtin:0614141.107346.2017"
    assert sscc("106141412345678908", ["0614141"]) == PALLET
    assert sscc("106141412345678908") == "https://id.gs1.org/00/106141412345678908"
    for bad in ("106141412345678907", "12", "x" * 18, "1" * 19):
        with pytest.raises(EpcError):
            sscc(bad)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Epcis]:
    (tmp_path / "token").write_text("s3cret\n")
    yield Epcis(name="rfid", port=free_port(), token_file="token", max_mb=0.1)


def test_a_posted_document_is_safe_once_it_is_answered(source: Epcis, tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        many = [event(eventTime=(datetime.now(UTC) - timedelta(seconds=n)).isoformat()) for n in range(50)]
        async with running(source, tmp_path, desk), aiohttp.ClientSession(source.where()) as session:
            headers = {"Authorization": "Bearer s3cret"}
            for _ in range(2):  # its answer got lost
                async with session.post("/capture", data=document(*many), headers=headers) as answer:
                    assert answer.status == 202
                    told = await answer.json()
                assert len(desk.events) == 50
            assert told == {"events": 50, "ignored": 0, "sent": 0, "refused": []}
            async with session.post("/capture", data=document({"type": "x"}), headers=headers) as answer:
                assert answer.status == 400
                assert "event 1" in (await answer.json(content_type=None))["title"]
            old = event(eventTime="2005-04-03T20:33:31.116000-06:00")
            async with session.post("/capture", data=document(old), headers=headers) as answer:
                assert answer.status == 400
                assert "days behind" in (await answer.json())["refused"][0]
            async with session.post("/capture", data=document(event())) as answer:
                assert answer.status == 401
            async with session.post("/capture", data=b" " * 200_000, headers=headers) as answer:
                assert answer.status == 413
            async with session.get("/capture", headers=headers) as answer:
                assert answer.status == 405
        assert len(desk.events) == 50

    asyncio.run(story())


def test_tags_that_leave_without_order_become_a_finding(source: Epcis, tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        twin = {"example:tid": ["E2801160600002054E1A2B3C"]}
        other = {"example:tid": ["E2801160600002054E1A2BFF"]}
        seen = Epcis(name="rfid", port=source.port, tid_extension="example:tid")
        async with running(seen, tmp_path, desk), aiohttp.ClientSession(seen.where()) as session:
            for number, chip in enumerate((twin, other, twin, other)):
                at = (datetime.now(UTC) - timedelta(seconds=600 - 120 * number)).isoformat()
                body = document(event(eventTime=at, bizStep="storing", **chip))
                async with session.post("/capture", data=body) as answer:
                    assert answer.status == 202
        assert "rfid.clone" in {finding.detector for finding in desk.findings()}

    asyncio.run(story())
