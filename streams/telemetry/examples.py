"""One example of every object on the public topics; the published contract shows them and the tests decode them."""

from typing import Any

Object = dict[str, Any]

_SITE = "FR-93-DUGNY"


def _telemetry(kind: str, device: str, **fields: Any) -> Object:
    return {
        "type": kind,
        "site": _SITE,
        "device": device,
        "time": "2026-12-04T23:41:07.250Z",
        "sequence": 4711,
        **fields,
    }


TELEMETRY: dict[str, list[Object]] = {
    "telemetry.power": [
        _telemetry("power.reading", "meter-a", feed="grid-a", voltage=231.4, frequency=50.01, load=48250),
        _telemetry(
            "power.status",
            "ups-1",
            status=["OB", "DISCHRG"],
            input_voltage=0,
            battery_charge=87,
            battery_runtime=1740,
            transfer_reason="input voltage out of range",
        ),
    ],
    "telemetry.alarm": [
        _telemetry("alarm.heartbeat", "pir-03", path="radio", rssi=-61.5, noise_floor=-99, packet_loss=0.01),
        _telemetry("alarm.signal", "panel", code="BA", zone="dock-3", user=None),
    ],
    "telemetry.camera": [
        _telemetry(
            "camera.status",
            "cam-07",
            connected=True,
            fps=25,
            bitrate=4096,
            luminance=0.31,
            sharpness=0.62,
            scene_change=0.03,
        ),
        _telemetry("camera.event", "cam-07", topic="VideoSource/SignalLoss", state=True),
        _telemetry(
            "recorder.status",
            "nvr-1",
            disks=8,
            disks_expected=8,
            recording=True,
            oldest_footage="2026-11-04T00:00:00.000Z",
        ),
    ],
    "telemetry.rfid": [
        _telemetry(
            "rfid.read",
            "reader-2",
            epc="urn:epc:id:sgtin:0614141.107346.2018",
            tid="E2801160600002054E1A2B3C",
            biz_step="loading",
            read_point="dock-3",
            sscc="urn:epc:id:sscc:0614141.1234567890",
            authenticated=True,
            rssi=-52.5,
        ),
        _telemetry(
            "rfid.encode",
            "printer-1",
            epc="urn:epc:id:sgtin:0614141.107346.2019",
            previous_epc="urn:epc:id:sgtin:0614141.107346.2018",
            tid="E2801160600002054E1A2B3C",
            user="mlefevre",
            biz_step="encoding",
        ),
        _telemetry("rfid.count", "reader-2", zone="hall-b", counted=1198, expected=1200),
    ],
    "telemetry.shipment": [
        _telemetry(
            "shipment.planned",
            "wms",
            order="SO-80469025",
            window_start="2026-12-05T06:00:00.000Z",
            window_end="2026-12-05T07:00:00.000Z",
            carrier="Transports Garnier",
            plates=["FG-482-KT"],
            ssccs=["urn:epc:id:sscc:0614141.1234567890"],
            items=1440,
            value=612000,
            approved_by=["adiallo", "mlefevre"],
        ),
        _telemetry("shipment.gate", "anpr-1", plate="FG-482-KT", direction="in", likelihood=0.97),
        _telemetry(
            "shipment.loaded",
            "dock-3",
            dock="dock-3",
            sscc="urn:epc:id:sscc:0614141.1234567890",
            items=48,
            plate="FG-482-KT",
            order="SO-80469025",
        ),
        _telemetry(
            "shipment.departed",
            "gate-1",
            plate="FG-482-KT",
            order="SO-80469025",
            pallets=30,
            items=1440,
            seal="0042177",
        ),
    ],
}

CONTROL: dict[str, list[Object]] = {
    "control.sites": [
        {
            "type": "site.profile",
            "site": _SITE,
            "timezone": "Europe/Paris",
            "opening_hours": [{"days": [1, 2, 3, 4, 5], "from": "06:00", "to": "22:00"}],
            "location": {"latitude": 48.95, "longitude": 2.42},
            "devices": [{"device": "pir-03", "domain": "alarm", "interval_s": 300}],
            "feeds": ["grid-a", "grid-b", "ups"],
            "policy": {"automatic": ["lockdown"], "risk": 0.95, "domains": 2},
        }
    ],
    "control.maintenance": [
        {
            "type": "site.maintenance",
            "id": "M-2026-118",
            "site": _SITE,
            "start": "2026-12-06T09:00:00.000Z",
            "end": "2026-12-06T12:00:00.000Z",
            "domains": ["power"],
            "devices": ["ups-1"],
            "owner": "adiallo",
            "reason": "battery replacement",
            "rrule": "FREQ=MONTHLY;BYDAY=1SU",
        }
    ],
    "control.items": [
        {
            "type": "item.registered",
            "epc": "urn:epc:id:sgtin:0614141.107346.2018",
            "tid": "E2801160600002054E1A2B3C",
            "imei": "353333051053968",
            "sku": "107346",
            "value": 425,
        }
    ],
    "control.verdicts": [
        {
            "type": "incident.verdict",
            "incident": "inc-5f0c1b7e",
            "site": _SITE,
            "verdict": "true_positive",
            "by": "adiallo",
            "time": "2026-12-05T02:10:00.000Z",
            "note": "police on site",
        }
    ],
    "control.actions": [
        {
            "type": "incident.action",
            "id": "act-71c0",
            "site": _SITE,
            "incident": "inc-5f0c1b7e",
            "action": "note",
            "by": "adiallo",
            "time": "2026-12-04T23:44:02.000Z",
            "to": None,
            "note": "guard on his way, four minutes",
        },
        {
            "type": "command.confirmed",
            "id": "act-71c1",
            "site": _SITE,
            "command": "inc-5f0c1b7e-lockdown",
            "by": "actuator-1",
            "time": "2026-12-04T23:41:12.000Z",
            "outcome": "done",
            "note": "four dock doors shut",
        },
    ],
    "control.watchlist": [
        {
            "type": "watch",
            "what": "plate",
            "value": "XR-117-PB",
            "reason": "stolen vehicle",
            "until": "2027-03-01T00:00:00.000Z",
        }
    ],
}

_INCIDENT_TIMES = {"opened": "2026-12-04T23:12:40.000Z", "updated": "2026-12-04T23:41:10.000Z", "closed": None}
_SUMMARY = "Radio interference on 9 of 12 detectors since 23:38"

PUBLISHED: dict[str, Object] = {
    "findings": {
        "id": "f-9c41d07a",
        "site": _SITE,
        "device": "pir-03",
        "domain": "alarm",
        "detector": "radio_jamming",
        "time": "2026-12-04T23:41:07.250Z",
        "score": 0.93,
        "summary": _SUMMARY,
        "evidence": {"noise_floor_dbm": -61.0, "usual_dbm": -99.2},
    },
    "incidents": {
        "id": "inc-5f0c1b7e",
        "revision": 3,
        "site": _SITE,
        "status": "open",
        "severity": "critical",
        "pages": 1,
        "risk": 0.97,
        "domains": ["power", "alarm"],
        **_INCIDENT_TIMES,
        "summary": "Both grid feeds are dead and the alarm's radio is jammed",
        "timeline": [
            {
                "time": "2026-12-04T23:41:07.250Z",
                "domain": "alarm",
                "device": "pir-03",
                "detector": "radio_jamming",
                "summary": _SUMMARY,
                "score": 0.93,
                "stage": "alarm",
            }
        ],
        "verdict": None,
        "related": None,
        "acknowledged_by": None,
        "assigned": "mlefevre",
        "notes": [{"time": "2026-12-04T23:44:02.000Z", "by": "adiallo", "note": "guard on his way, four minutes"}],
        "commands": [
            {
                "id": "inc-5f0c1b7e-lockdown",
                "command": "lockdown",
                "mode": "advised",
                "time": "2026-12-04T23:41:10.000Z",
                "outcome": "done",
                "by": "actuator-1",
                "overdue": False,
            }
        ],
        "paged": ["2026-12-04T23:41:10.000Z"],
    },
    "commands": {
        "id": "inc-5f0c1b7e-lockdown",
        "site": _SITE,
        "command": "lockdown",
        "incident": "inc-5f0c1b7e",
        "reason": "Both grid feeds are dead and the alarm's radio is jammed",
        "time": "2026-12-04T23:41:10.000Z",
        "mode": "advised",
    },
    "evidence": {
        "version": 1,
        "site": _SITE,
        "number": 812,
        "previous": "6c0e1c1d29a3d2c28f2f3cf1a7e3bb3a30a0e3f3f2dfbd5f5c8f8f1a1a3c9d40",
        "time": "2026-12-04T23:41:15.004Z",
        "count": 209,
        "kept": 2,
        "root": "f2a1d9b07f0a5d0d6c4f8c1e2b3a49586776859403120fedcba9876543210fe0",
        "since": "2026-12-04T23:36:12.000Z",
        "until": "2026-12-04T23:41:10.000Z",
        "spans": [
            {"topic": "findings", "partition": 3, "first": 4401, "next": 4402, "count": 1},
            {"topic": "incidents", "partition": 1, "first": 733, "next": 734, "count": 1},
            {"topic": "telemetry.alarm", "partition": 3, "first": 48005, "next": 48211, "count": 207},
        ],
        "open": ["inc-5f0c1b7e"],
        "whole_from": 741,
        "key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "successor": None,
        "signature": "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    },
}

DEAD_LETTER: Object = {
    "headers": {
        "reason": "missing field `frequency`",
        "field": "frequency",
        "topic": "telemetry.power",
        "partition": "3",
        "offset": "48211",
        "principal": "",
    },
    "payload": f'{{"type":"power.reading","site":"{_SITE}","device":"meter-a","time":"2026-12-04T23:41:07.250Z",'
    '"feed":"grid-a","voltage":231.4}',
}
