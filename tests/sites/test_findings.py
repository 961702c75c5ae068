"""Each source of the gateway with the real other side, through Kafka, gate and worker, until a finding is out."""

import asyncio
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from my_dc09_spt import dc09_spt

from tests.sites.desk import condition, free_port
from tests.sites.gates import GateProcess
from tests.sites.log import Place
from tests.sites.test_epcis import document, event
from tests.sites.test_folder import advice
from tests.sites.test_mqtt import Broker
from tests.sites.test_mqtt import installed as broker_installed
from tests.sites.test_nut import UPS, NutServer, installed
from tests.sites.test_onvif import CameraService, item, notification, notify
from tests.worker.road import Tail, until, worker

log = logging.getLogger("sites")

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.long, installed, broker_installed]
KEY = bytes(range(16))
PATIENCE_S = 60.0
SITE = """\
site = "{place.site}"
heartbeat_s = 5
metrics_port = {metrics}
[kafka]
brokers = "{place.brokers}"
topic = "{place.topic}"

[[source]]
type = "nut"
port = {nut}
feed = "grid-a"

[[source]]
type = "dc09"
port = {dc09}
account = [{{ id = "1234", device = "panel-1", key_file = "key" }}]

[[source]]
type = "onvif"
name = "recorder"
device = "nvr-1"
url = "http://127.0.0.1:{onvif}/onvif/event_service"
username = "tocsin"
password_file = "password"

[[source]]
type = "onvif-push"
port = {push}
camera = [{{ path = "cam-07", device = "cam-07" }}]

[[source]]
type = "epcis"
port = {epcis}
tid_extension = "example:tid"

[[source]]
type = "folder"
path = "edi"
format = "desadv"
timezone = "Europe/Paris"
settle_s = 0.2
poll_s = 0.2

[[source]]
type = "mqtt"
port = {mqtt}
[[source.map]]
topic = "alarm/+/state"
object = "alarm.signal"
device = "{{1}}"
fields = {{ code = {{ path = ".", words = {{ OPEN = "BA" }} }}, zone = {{ value = "door" }} }}

[[source]]
type = "stdin"
"""


class Gateway:
    """`tocsin gateway` with every source there is, and the equipment around it."""

    def __init__(self, place: Place, folder: Path, nut: NutServer, mqtt: Broker) -> None:
        self.place, self.folder, self.nut, self.mqtt = place, folder, nut, mqtt
        self.camera = CameraService("s3cret")
        names = ("metrics", "dc09", "push", "epcis")
        self.ports = {name: free_port() for name in names} | {"onvif": self.camera.port}
        (folder / "edi").mkdir()
        (folder / "key").write_text(KEY.hex())
        (folder / "password").write_text("s3cret")
        toml = SITE.format(place=place, nut=nut.port, mqtt=mqtt.port, **self.ports)
        (folder / "site.toml").write_text(toml)
        self.log = folder / "gateway.log"
        command = [sys.executable, "-m", "streams", "gateway", str(folder / "site.toml")]
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=file, cwd=ROOT)

    def ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports['metrics']}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(30) == 0, self.log.read_text()
        finally:
            self.process.kill()

    async def break_in(self) -> None:
        """Let every piece of equipment see something, except for the UPS."""
        now = datetime.now(UTC)
        dialler = dc09_spt.dc09_spt("1234")
        dialler.set_path("main", "primary", "127.0.0.1", self.ports["dc09"], account="1234", key=KEY, type="TCP")
        await asyncio.to_thread(dialler.send_msg, "SIA-DCS", {"code": "BA", "zone": 3, "text": "door"})
        failed = item("Token", "sda") + item("Failed", "true")
        self.camera.queue.put_nowait(notification("tns1:Device/HardwareFailure/StorageFailure", failed))
        await self.mqtt.send(("alarm/pir-3/state", b"OPEN"))
        async with httpx.AsyncClient() as client:
            for at in (now - timedelta(seconds=500), now):
                seen = notification("tns1:VideoSource/GlobalSceneChange/Imaging", item("State", "true"), at=at)
                answer = await client.post(f"http://127.0.0.1:{self.ports['push']}/cam-07", content=notify(seen))
                assert answer.status_code == 200, answer.text
            for number, chip in enumerate(("2B3C", "2BFF", "2B3C", "2BFF")):
                read = (now - timedelta(seconds=600 - 120 * number)).isoformat()
                stored = event(eventTime=read, bizStep="storing") | {"example:tid": [f"E2801160600002054E1A{chip}"]}
                address = f"http://127.0.0.1:{self.ports['epcis']}/capture"
                answer = await client.post(address, content=document(stored))
                assert answer.status_code == 202, answer.text
        local = now.astimezone(ZoneInfo("Europe/Paris"))
        usual = [(f"SO-{n}", local + timedelta(days=1), "Garnier", f"AB-{n % 5}-CD", 1000.0 + n) for n in range(60)]
        sudden = [("SO-99", local + timedelta(minutes=15), "Night Freight", "XR-117-PB", 90_000.0)]
        for name, orders in (("usual", usual), ("zudden", sudden)):
            (self.folder / f"edi/{name}.edi").write_text(advice(orders))
            await condition((self.folder / f"edi/done/{name}.edi").exists)
        assert self.process.stdin is not None
        time_ = now.isoformat(timespec="milliseconds")
        jammed = {"type": "alarm.signal", "site": self.place.site, "device": "panel-9", "time": time_, "code": "XQ"}
        self.process.stdin.write(json.dumps(jammed).encode() + b"\n")
        self.process.stdin.flush()


WANTED = {
    ("alarm.burglary", "panel-1"),
    ("alarm.burglary", "pir-3"),
    ("alarm.interference", "panel-9"),
    ("camera.reported", "cam-07"),
    ("camera.storage_failure", "nvr-1"),
    ("rfid.clone", "urn:epc:id:sgln:0614141.07346.1234"),
    ("shipment.sudden_order", "wms"),
}


@pytest.fixture
def equipment(tmp_path: Path) -> Iterator[tuple[NutServer, Broker]]:
    for name in ("nut", "mosquitto"):
        (tmp_path / name).mkdir()
    nut, mqtt = NutServer(tmp_path / "nut", {"ups-1": UPS}), Broker(tmp_path / "mosquitto")
    try:
        yield nut, mqtt
    finally:
        nut.stop()
        mqtt.stop()


def test_from_every_piece_of_equipment_to_a_finding(
    place: Place, site_gate: GateProcess, tmp_path: Path, equipment: tuple[NutServer, Broker]
) -> None:
    with (
        worker(place.brokers, tmp_path, ("streams", "worker")),
        Tail(place.brokers, "findings", 4) as tail,
    ):
        gateway = Gateway(place, tmp_path, *equipment)

        def found() -> dict[tuple[str, str], float]:
            """Return what was found, with the time at which Kafka had it."""
            told = [(json.loads(record.value()), record.timestamp()[1] / 1000) for record in tail.read()]
            return {(one["detector"], one["device"]): at for one, at in told if one["site"] == place.site}

        async def story() -> None:
            async with gateway.camera.serving():
                await asyncio.to_thread(until, gateway.ready, "the gateway's sources", PATIENCE_S)
                await gateway.break_in()
                await asyncio.to_thread(until, lambda: set(found()) >= WANTED, f"{WANTED}", PATIENCE_S)
                cut = time.time()
                gateway.nut.set("ups-1", ups_status="OB DISCHRG")
                await asyncio.to_thread(
                    until, lambda: ("power.mains_loss", "ups-1") in found(), "mains loss", PATIENCE_S
                )
                assert found()["power.mains_loss", "ups-1"] - cut <= 10.0

        try:
            asyncio.run(story())
        finally:
            gateway.end()
