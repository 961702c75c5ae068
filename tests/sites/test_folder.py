"""Warehouse and transport systems: despatch advices, CSV exports and JSON, dropped into a folder."""

import asyncio
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.sites.formats.mapping import Rule
from streams.sites.sources.folder import Folder
from streams.telemetry.shipment import ShipmentPlanned

from .desk import SITE, Desk, condition, running

NOW = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DESADV = """UNA:+.? '
UNB+UNOC:3+4012345000009:14+3012345000004:14+261204:1130+REF0042'
UNH+1+DESADV:D:96A:UN:EAN005'
BGM+351+DES-80469025+9'
DTM+137:202612041130:203'
DTM+11:202612050700:203'
RFF+ON:SO-80469025'
RFF+AAU:LS-77'
NAD+SU+4012345000009::9'
NAD+DP+3012345000004::9++Entrep?'t Dugny+Rue 1+Dugny++93440+FR'
NAD+CA+++Transports Garnier'
TDT+20++30+31+:::Transports Garnier+++:::FG-482-KT'
EQD+TE+BX-901-RL'
CPS+1'
PAC+2++201::9'
CPS+2+1'
PAC+1++201::9'
PCI+33E'
GIN+BJ+106141412345678908'
LIN+1++4012345111118:EN'
QTY+12:48:PCE'
LIN+2++4012345222227:EN'
QTY+12:24.0:PCE'
QTY+21:99'
CPS+3+1'
PAC+1++201::9'
GIN+BJ+340123450000000017:340123450000000024'
LIN+3++4012345111118:EN'
QTY+12:48:PCE'
MOA+79:61200.50'
UNT+30+1'
UNH+2+DESADV:D:01B:UN:EAN007'
BGM+351+SO-2+9'
DTM+234:20261206:102'
GIN+BJ+106141412345678908'
LIN+1'
QTY+12:5'
UNT+8+2'
UNZ+2+REF0042'
"""


def folder(kind: Any, **more: Any) -> Folder:
    return Folder(name="wms", path=".", format=kind, timezone="Europe/Paris", settle_s=0.1, poll_s=0.1, **more)


def desadv(text: str = DESADV, **more: Any) -> tuple[list[Any], list[str]]:
    return folder("desadv", company_prefixes=("0614141",), **more).read(text.encode("latin-1"), SITE, NOW)


def test_a_despatch_advice_is_a_planned_shipment() -> None:
    (first, second), faults = desadv()
    assert not faults
    assert (first.order, first.carrier, first.items, first.value) == ("SO-80469025", "Transports Garnier", 120, 61200.5)
    assert first.plates == ["FG-482-KT", "BX-901-RL"]
    assert first.ssccs == [
        "urn:epc:id:sscc:0614141.1234567890",
        "https://id.gs1.org/00/340123450000000017",
        "https://id.gs1.org/00/340123450000000024",
    ]
    assert first.window_start == datetime(2026, 12, 5, 6, 0, tzinfo=UTC)
    assert (first.window_end - first.window_start).total_seconds() == 4 * 3600
    assert (second.order, second.carrier, second.plates, second.value) == ("SO-2", "unknown", [], 0.0)
    assert second.window_start == datetime(2026, 12, 5, 23, 0, tzinfo=UTC)
    assert (second.window_end - second.window_start).total_seconds() == 24 * 3600


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("DESADV:D:96A", "ORDERS:D:96A", "not DESADV"),
        ("GIN+BJ+106141412345678908", "GIN+BJ+106141412345678907", "check digit"),
        ("DTM+11:202612050700:203", "DTM+11:20261305:102", "no time"),
        ("QTY+12:48:PCE", "QTY+12:many:PCE", "no number"),
        ("QTY+12:48:PCE", "QTY+12:1e400:PCE", "out of range"),
        ("UNT+30+1'\n", "", "does not end"),
        ("DES-80469025+9", "DES-80469025+1", "takes a despatch back"),
        ("DTM+137:202612041130:203'\nDTM+11:202612050700:203'\n", "", "there is no time"),
        ("UNA:+.? '", "UNA:+", "can be read|no message"),
        (DESADV, "hello", "begins with UNA or UNB"),
        (DESADV, "", "begins with UNA or UNB"),
        (DESADV, "UNB+?", "can be read|no message"),
    ],
)
def test_what_can_t_be_taken_is_told(old: str, new: str, told: str) -> None:
    _, faults = desadv(DESADV.replace(old, new, 1))
    assert any(part in faults[0] for part in told.split("|"))


def test_a_message_whose_envelope_is_missing_is_read_all_the_same() -> None:
    assert desadv(DESADV.replace("UNB+UNOC:3", "XYZ+UNOC:3", 1)) == desadv(DESADV)


def test_other_signs_charsets_and_levels() -> None:
    """Its own separators with a decimal comma, Greek letters, pallets within pallets, and hardly anything else."""
    text = (
        "UNA;*,! #UNB*UNOF;3*A;14*B;14*261204;1130*R#UNH*1*DESADV;D;01B;UN;EAN007#BGM*351*SO-7*9#"
        "DTM*11;2612050700;201#NAD*CA***Μεταφορές Α!*Β#CPS*1**4#CPS*2*1#GIN*BJ*106141412345678908#CPS*3*2#"
        "GIN*BJ*340123450000000017#LIN*1**4012345111118;EN#QTY*12;24,0;PCE#MOA*79;1200,50#UNT*12*1#UNZ*1*R#"
    )
    (planned,), faults = folder("desadv", company_prefixes=("0614141",)).read(text.encode("iso8859-7"), SITE, NOW)
    assert not faults
    assert isinstance(planned, ShipmentPlanned)
    assert (planned.order, planned.carrier, planned.items, planned.value) == ("SO-7", "Μεταφορές Α*Β", 24, 1200.5)
    assert len(planned.ssccs) == 2
    assert planned.window_start == datetime(2026, 12, 5, 6, 0, tzinfo=UTC)


ROWS = """Auftrag;Von;Bis;Spediteur;Kennzeichen;NVE;Stk;Wert;Freigabe
SO-1;05.12.2026 07:00;05.12.2026 08:00;Garnier;FG-482-KT, BX-901-RL;urn:epc:id:sscc:0614141.1234567890;48;1200,5;adiallo
SO-2;05.12.2026 09:00;heute;Garnier;;;12;3;adiallo
SO-3;05.12.2026 09:00;05.12.2026 10:00;Garnier;;;12;3;adiallo|mlefevre
"""
FIELDS: dict[str, Any] = {
    "order": "Auftrag",
    "carrier": "Spediteur",
    "items": "Stk",
}


def csv_source() -> Folder:
    fields = FIELDS | {
        "window_start": Rule(path="Von", format="%d.%m.%Y %H:%M"),
        "window_end": Rule(path="Bis", format="%d.%m.%Y %H:%M"),
        "plates": Rule(path="Kennzeichen", split=","),
        "ssccs": Rule(path="NVE", split=","),
        "approved_by": Rule(path="Freigabe", split="|"),
        "value": Rule(value=0),
    }
    return folder("csv", fields=fields)


def test_a_csv_export_becomes_orders_and_bad_rows_are_told() -> None:
    (planned,), faults = csv_source().read(("\ufeff" + ROWS).encode(), SITE, NOW)
    assert isinstance(planned, ShipmentPlanned)
    assert planned.order == "SO-1"
    assert planned.plates == ["FG-482-KT", "BX-901-RL"]
    assert planned.window_start == datetime(2026, 12, 5, 6, 0, tzinfo=UTC)
    assert faults[0].startswith("row 3: `window_end`: no time")


def test_files_are_taken_once_complete_and_put_away(tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        source = folder("desadv", pattern="*.edi")
        async with running(source, tmp_path, desk):
            (tmp_path / "good.edi").write_text(DESADV)
            (tmp_path / "bad.edi").write_text(DESADV[:300])
            (tmp_path / "note.txt").write_text("not for us")
            future = time.time() + 3600
            (tmp_path / "growing.edi").write_text(DESADV)
            os.utime(tmp_path / "growing.edi", (future, future))
            await condition(lambda: (tmp_path / "done/good.edi").exists() and (tmp_path / "refused/bad.edi").exists())
        assert [event.order for event in desk.events] == ["SO-80469025", "SO-2"]
        assert (tmp_path / "refused/bad.edi").read_text() == DESADV[:300]
        assert (tmp_path / "refused/bad.edi.why.txt").read_text().strip()
        assert (tmp_path / "growing.edi").exists()
        assert (tmp_path / "note.txt").exists()

    asyncio.run(story())


def advice(orders: list[tuple[str, datetime, str, str, float]]) -> str:
    """Write an interchange of orders: number, despatch, carrier, plate, value."""
    messages = [
        f"UNH+{n}+DESADV:D:96A:UN'BGM+351+D{n}+9'DTM+11:{at:%Y%m%d%H%M}:203'RFF+ON:{order}'"
        f"TDT+20++30+31+:::{carrier}+++:::{plate}'LIN+1'QTY+12:48'MOA+79:{value}'UNT+9+{n}'"
        for n, (order, at, carrier, plate, value) in enumerate(orders, 1)
    ]
    return f"UNB+UNOC:3+A:14+B:14+261204:1130+R'{''.join(messages)}UNZ+{len(messages)}+R'"


def test_an_order_out_of_nowhere_becomes_a_finding(tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        source = folder("desadv")
        now = datetime.now(ZoneInfo("Europe/Paris"))
        usual = [(f"SO-{n}", now + timedelta(days=1), "Garnier", f"AB-{n % 5}-CD", 1000.0 + n) for n in range(60)]
        sudden = [("SO-99", now + timedelta(minutes=15), "Night Freight", "XR-117-PB", 90_000.0)]
        async with running(source, tmp_path, desk):
            for name, orders in (("usual", usual), ("zudden", sudden)):
                (tmp_path / f"{name}.edi").write_text(advice(orders))
                await condition((tmp_path / f"done/{name}.edi").exists)
        assert len(desk.events) == 61
        assert [finding.evidence["order"] for finding in desk.findings()] == ["SO-99"]

    asyncio.run(story())


def test_json_of_another_kind(tmp_path: Path) -> None:
    """A gate system's departures: the sound one is taken, the other one told and kept."""

    async def story() -> None:
        desk = Desk()
        fields: dict[str, Any] = {
            "plate": "lorry.plate",
            "pallets": "load.pallets",
            "items": "load.items",
            "time": "at",
        }
        source = folder("json", object="shipment.departed", fields=fields | {"time": "at"}, device="gate-1")
        left = {"lorry": {"plate": "XR-117-PB"}, "load": {"pallets": 30, "items": 1440}, "at": time.time()}
        async with running(source, tmp_path, desk):
            (tmp_path / "departures.json").write_text(json.dumps([left, {**left, "lorry": {}}]))
            await condition((tmp_path / "refused/departures.json").exists)
        assert [event.plate for event in desk.events] == ["XR-117-PB"]
        assert "plate" in (tmp_path / "refused/departures.json.why.txt").read_text()

    asyncio.run(story())
