"""The dossier of the reference night: what it says is so, and every number in it stands in a sealed record."""

import csv
import re
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from streams.evidence import link as links
from streams.evidence.merkle import climb, leaf_hash
from streams.evidence.record import parse
from streams.telemetry.control import Watch
from streams.telemetry.decode_control import decode_control
from streams.telemetry.examples import PUBLISHED
from tests.evidence.desk import PUBLIC, SITES, Desk, filed, verified
from tests.evidence.night import Night, night

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def sealed(desk: Desk) -> Night:
    """The night, beside the everyday life of others, from a real Kafka into the folder."""
    played = night()
    for sent in played.sent:
        desk.publish(sent.topic, sent.value, sent.key.decode(), sent.at)
    desk.telemetry(SITES[1], 100)
    desk.verdict(played.incident)
    desk.seal(120)
    return played


@pytest.fixture(scope="module")
def written(desk: Desk, sealed: Night, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dossier")
    options = ("--key", PUBLIC, "--from", desk.folder, "--out", out, "--no-pdf", "--by", "A. Diallo")
    code, _, err = filed(sealed.incident.id, *options)
    assert code == 0, err
    return out


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.decode(line) for line in file.read_bytes().splitlines()]


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_it_says_what_happened(sealed: Night, written: Path) -> None:
    text = plain((written / "dossier.html").read_text())
    assert "The seals hold." in text
    for said in (
        "The site has lost the public grid",
        "151 labels were written from 23:26:38 to 23:43:46 by u-253",
        "Lorry XK-327-KW came in at 23:43:16; 10 pallets",
        "Its departure was entered with 10 pallets and 16,588 items.",
        "It left at 01:32:17.",
        "Altogether 30 pallets in 3 loadings",
        "guard found it to be a real attack: “police called”",
        "advised lockdown",
        "Europe/Paris",
    ):
        assert said in text, said
    assert "{{" not in text


def test_every_piece_of_evidence_is_proved_by_its_link(written: Path) -> None:
    known = {}
    for line in (written / "links.ndjson").read_bytes().splitlines():
        link = links.read(line)
        assert links.is_signed(link)
        assert link.key == PUBLIC
        known[link.site, link.number] = link
    evidence = lines(written / "evidence.ndjson")
    assert len(evidence) > 500
    for one in evidence:
        link = known[str(one["site"]), one["link"]]
        leaf = leaf_hash(bytes.fromhex(str(one["bytes"])))
        assert leaf.hex() == one["hash"]
        beside = [bytes.fromhex(each) for each in one["path"]]
        root = climb(leaf, int(str(one["leaf"])), link.count, beside)
        assert root is not None
        assert root.hex() == link.root


def test_every_number_traces_to_a_record(sealed: Night, written: Path) -> None:
    """What a row tells stands in the bytes of the record that it cites, and so does what the text tells."""
    page = (written / "dossier.html").read_text()
    records = {str(one["id"]): parse(bytes.fromhex(str(one["bytes"]))) for one in lines(written / "evidence.ndjson")}
    rows = re.findall(r'<tr id="(\w+)">(.*?)</tr>', page, re.S)
    assert {name for name, _ in rows} == set(records)
    checked = 0
    for name, row in rows:
        value = json.decode(records[name].value or b"")
        told = (value.get("evidence") or {}) | value
        shown = re.search(r'note">(.*?)</span>', row, re.S)
        for field, number in re.findall(
            r"(?:^|; )([a-z_ ]+?) (-?\d[\d.]*)(?=;|$)", plain(shown[1]).strip() if shown else ""
        ):
            if field != "signs" and field.replace(" ", "_") in told:
                assert float(told[field.replace(" ", "_")]) == float(number), (name, field)
                checked += 1
    assert checked > 200
    cites = set(re.findall(r'<a href="#([A-Z]\d+)">', page))
    assert cites <= set(records)
    assert len(cites) > 30
    kinds = {
        "L": b"shipment.loaded",
        "V": b"shipment.",
        "T": b"rfid.read",
        "E": b"rfid.encode",
        "I": b"item.registered",
    }
    for name, record in records.items():
        assert kinds.get(name[0], b"") in (record.value or b"")


def test_the_imei_list_is_that_of_the_stolen_goods(sealed: Night, written: Path) -> None:
    rows = list(csv.DictReader(StringIO((written / "imei.csv").read_text())))
    assert {row["tid"]: row["imei"] for row in rows} == sealed.imeis
    assert len(rows) == len({row["imei"] for row in rows})
    assert {row["vehicle"] for row in rows} <= {"XK-327-KW", "XK-727-KW", "XK-127-KW"}
    assert all(re.fullmatch(r"\d{15}", row["imei"]) for row in rows)


def test_the_watch_list_is_ready_to_be_published(desk: Desk, sealed: Night, written: Path, tmp_path: Path) -> None:
    raw = (written / "watchlist.ndjson").read_bytes().splitlines()
    told = [decode_control("control.watchlist", json.decode(line)["value"].encode(), line) for line in raw]
    watches = [watch for watch in told if isinstance(watch, Watch)]
    assert watches == told
    assert {watch.value for watch in watches if watch.what == "plate"} == {"XK-327-KW", "XK-727-KW", "XK-127-KW"}
    assert {watch.value for watch in watches if watch.what == "tid"} == set(sealed.imeis)
    before = desk.ends()["control.watchlist", 0]
    options = ("--from", desk.folder, "--out", tmp_path, "--no-pdf", "--publish-watchlist")
    code, _, err = filed(sealed.incident.id, "--key", PUBLIC, "--brokers", desk.settings.brokers, *options)
    assert code == 0, err
    assert desk.ends()["control.watchlist", 0] - before == len(watches)


def test_kafka_tells_the_same_as_the_folder(desk: Desk, sealed: Night, written: Path, tmp_path: Path) -> None:
    code, _, err = filed(
        sealed.incident.id, "--key", PUBLIC, "--brokers", desk.settings.brokers, "--out", tmp_path, "--no-pdf"
    )
    assert code == 0, err
    for name in ("imei.csv", "watchlist.ndjson", "evidence.ndjson", "links.ndjson"):
        assert sorted((tmp_path / name).read_bytes().splitlines()) == sorted((written / name).read_bytes().splitlines())


def test_a_small_one_on_paper_has_its_lists_attached(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "paper"
    code, _, err = filed("inc-1", "--from", desk.folder, "--key", PUBLIC, "--out", out)
    assert code == 0, err
    text = subprocess.run(["pdftotext", out / "dossier.pdf", "-"], check=True, capture_output=True, text=True).stdout
    assert "Incident at FR-93-DUGNY" in text
    assert "The seals hold." in text
    listed = subprocess.run(["pdfdetach", "-list", out / "dossier.pdf"], check=True, capture_output=True, text=True)
    assert {"imei.csv", "watchlist.ndjson", "evidence.ndjson", "links.ndjson"} <= set(listed.stdout.split())


def test_what_was_tampered_with_is_said_on_the_first_page(desk: Desk, tmp_path: Path) -> None:
    (file,) = [one for one in (desk.folder / SITES[0]).rglob("*.records") if b"commands " in one.read_bytes()][:1]
    before = file.read_bytes()
    try:
        file.write_bytes(before.replace(b"Both grid feeds", b"Both grid seeds"))
        code, _, err = filed("inc-1", "--from", desk.folder, "--key", PUBLIC, "--out", tmp_path, "--no-pdf")
    finally:
        file.write_bytes(before)
    assert code == 1
    assert "it was changed" in err
    assert "The seals do not hold." in (tmp_path / "dossier.html").read_text()
    assert verified(desk.folder, "--key", PUBLIC)[0] == 0


def test_stored_markup_is_inert(desk: Desk, tmp_path: Path) -> None:
    told = PUBLISHED["incidents"] | {"site": SITES[0], "id": "inc-<b>", "summary": "<script>x</script>"}
    step = told["timeline"][0] | {"summary": "<script>x</script>", "device": "<img src=x>"}
    desk.publish(
        "findings",
        PUBLISHED["findings"]
        | {"site": SITES[0], "device": "<img src=x>"}
        | {name: step[name] for name in ("time", "detector", "summary")},
        SITES[0],
    )
    desk.publish("incidents", told | {"timeline": [step]}, "inc-<b>")
    desk.seal()
    code, _, err = filed("inc-<b>", "--from", desk.folder, "--key", PUBLIC, "--out", tmp_path, "--no-pdf")
    assert code == 0, err
    page = (tmp_path / "dossier.html").read_text()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_an_incident_that_nobody_knows_is_refused(desk: Desk) -> None:
    assert filed("nothing", "--from", desk.folder, "--key", PUBLIC)[0] == 2
