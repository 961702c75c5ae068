"""UPSes, against Debian's NUT server and its dummy-ups driver."""

import asyncio
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.local.leash import Leash
from streams.sites.formats.nut import listing, reading, status
from streams.sites.sources.nut import Nut

from .desk import SITE, Desk, condition, free_port, running

DUMPS = sorted((Path(__file__).parents[2] / "../shared/data/nut").resolve().glob("*.dev"))
DRIVER = next((path for path in map(Path, ("/lib/nut/dummy-ups", "/usr/lib/nut/dummy-ups")) if path.exists()), None)
installed = pytest.mark.skipif(DRIVER is None or not shutil.which("upsrw"), reason="apt-get install nut-server")
pytestmark = installed

UPS = """\
battery.charge: 100
battery.runtime: 1740
device.mfr: Electric "Rapide"
input.voltage: 231.0
input.frequency: 50.0
ups.realpower: 4200
ups.status: OL CHRG
"""


class NutServer:
    """upsd with a dummy-ups of each name in a folder of its own."""

    def __init__(self, folder: Path, dumps: dict[str, str]) -> None:
        self.port = free_port()
        self._folder = folder
        assert DRIVER is not None
        user = pwd.getpwuid(os.getuid()).pw_name
        # Debian's /usr/sbin/upsd is a script that asks /etc/nut first.
        self._upsd = [str(DRIVER.with_name("upsd")), "-F", "-u", user]
        self._env = {**os.environ} | {
            f"NUT_{name}": str(folder) for name in ("CONFPATH", "STATEPATH", "ALTPIDPATH", "PIDPATH")
        }
        for name, dump in dumps.items():
            (folder / f"{name}.dev").write_text(dump, "utf-8")
        ups = "".join(f"[{name}]\n driver = dummy-ups\n port = {name}.dev\n mode = dummy-once\n" for name in dumps)
        (folder / "ups.conf").write_text(f"maxretry = 3\npollinterval = 1\n{ups}")
        (folder / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 5\n")
        (folder / "upsd.users").write_text("[admin]\n password = s3cret\n actions = SET\n instcmds = ALL\n")
        for path in folder.iterdir():
            path.chmod(0o640)
        self.drivers = {name: self._start(f"{name}.log", [str(DRIVER), "-F", "-u", user, "-a", name]) for name in dumps}
        self.upsd = self._start("upsd.log", self._upsd)

    def _start(self, log: str, argv: list[str]) -> Leash:
        return Leash(argv, self._folder / log, env=self._env, folder=self._folder)

    def restart(self) -> None:
        self.upsd = self._start("upsd.log", self._upsd)

    def set(self, ups: str, **variables: str) -> None:
        for name, value in variables.items():
            target = ["upsrw", "-s", f"{name.replace('_', '.')}={value}", "-u", "admin", "-p", "s3cret"]
            subprocess.run([*target, f"{ups}@127.0.0.1:{self.port}"], check=True, capture_output=True, timeout=60)

    def ready(self, ups: str) -> bool:
        asked = subprocess.run(
            ["upsc", f"{ups}@127.0.0.1:{self.port}", "driver.name"], capture_output=True, timeout=60, check=False
        )
        return asked.stdout.strip() == b"dummy-ups"

    def stop(self) -> None:
        for process in (self.upsd, *self.drivers.values()):
            process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NutServer]:
    folder = tmp_path_factory.mktemp("nut")
    nut = NutServer(folder, {"ups-1": UPS, "ups-2": UPS})
    try:
        deadline = time.monotonic() + 60
        while not (nut.ready("ups-1") and nut.ready("ups-2")):
            assert time.monotonic() < deadline, [path.read_text("utf-8", "replace") for path in folder.glob("*.log")]
            time.sleep(0.05)
        yield nut
    finally:
        nut.stop()


def test_a_power_cut_becomes_findings_within_seconds(server: NutServer, tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        source = Nut(name="ups", port=server.port, ups=["ups-1"], feed="grid-a", poll_s=0.5, interval_s=1.0)
        async with running(source, tmp_path, desk):
            await desk.until(lambda events: len(events) >= 4)
            before = desk.events[-1]
            assert before.status == ["OL", "CHRG"]
            cut = time.time()
            await asyncio.to_thread(server.set, "ups-1", input_voltage="0.0", ups_status="OB DISCHRG")
            await desk.until(lambda events: getattr(events[-1], "status", []) == ["OB", "DISCHRG"])
            assert time.time() - cut < 5
        status, measured = desk.events[-1], next(e for e in reversed(desk.events) if hasattr(e, "feed"))
        assert (status.input_voltage, measured.voltage, measured.frequency, measured.load) == (0.0, 0.0, 0.0, 4200.0)
        found = {finding.detector: finding for finding in desk.findings()}
        assert found["power.mains_loss"].time.timestamp() - cut <= 10
        decided = [arrival.time for arrival in desk.arrivals if arrival.event is measured]
        assert decided[0] - cut <= 10

    asyncio.run(story())


def test_a_server_that_goes_and_comes_back_is_met_again(server: NutServer, tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        source = Nut(name="ups", port=server.port, ups=["ups-2"], poll_s=0.2, interval_s=0.4)
        async with running(source, tmp_path, desk) as supervisor:
            await desk.until(lambda events: len(events) > 1)
            server.upsd.kill()
            await condition(lambda: not supervisor.up)
            assert supervisor.restarts >= 1
            server.restart()
            await condition(lambda: supervisor.up, 60)

    asyncio.run(story())


def test_a_ups_that_loses_its_driver_is_not_spoken_for_and_the_other_goes_on(server: NutServer, tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        async with running(Nut(name="ups", port=server.port, poll_s=0.2, interval_s=0.4), tmp_path, desk):
            await desk.until(lambda events: {event.device for event in events} == {"ups-1", "ups-2"})
            server.drivers["ups-1"].kill()
            await condition(lambda: _silent(desk, "ups-1", 2.0), 60)
            assert not _silent(desk, "ups-2", 2.0)

    asyncio.run(story())


def _silent(desk: Desk, device: str, seconds: float) -> bool:
    return all(time.time() - arrival.time > seconds for arrival in desk.arrivals if arrival.event.device == device)


ODD = {
    "pdu": "ups.status:\noutlet.1.status: on\noutlet.1.voltage: 230.1\noutlet.2.current: 0.4\n",
    "ats": "ups.status:\ninput.1.voltage: 231.0\ninput.2.voltage: 229.0\ninput.frequency.nominal: 60\n",
    "three-phase": "ups.status: OL BYPASS XYZZY\ninput.L1-N.voltage: 231\ninput.L2-N.voltage: 199.5\n",
    "bare": "ups.status: OL\n",
    "units": "ups.status: OL CHRG\ninput.voltage: 230.0 V\nbattery.charge: 101\nbattery.runtime: 99999999999\n",
    "minus": "ups.status: ol\ninput.voltage: -1\ninput.frequency: 65535\nbattery.charge: nan\nbattery.runtime: -1\n",
    "foreign": 'ups.mfr: "Électrique\nups.model: Größe 9Ω "quoted\nups.status: OL ÜBER ALARM\ninput.voltage: 0231.50\n',
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NutServer]:
    """Some vendors' UPSes behind one server, and what further vendors may say."""
    dumps = {path.name.partition("__")[0].lower(): path.read_text("utf-8", "replace") for path in DUMPS[::5]}
    nut = NutServer(tmp_path_factory.mktemp("zoo"), dumps | ODD)
    try:
        yield nut
    finally:
        nut.stop()


def test_ordinary_and_odd_upses_are_read_and_one_that_says_nothing_is_told(
    zoo: NutServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        desk = Desk()
        source = Nut(name="ups", port=zoo.port, feed="grid-a", poll_s=0.1, interval_s=60.0)
        async with running(source, tmp_path, desk):
            await condition(lambda: "pdu tells neither" in caplog.text)
            await desk.until(lambda events: {event.device for event in events} >= set(zoo.drivers) - {"pdu"})
            states = {event.device: event for event in desk.events if hasattr(event, "status")}
            measured = {event.device: event for event in desk.events if hasattr(event, "feed")}
            assert all("OL" in state.status for name, state in states.items() if name != "minus")
            assert set(zoo.drivers) - set(states) == {"pdu", "ats"}
            assert all(180 < one.voltage < 260 for one in measured.values())
            assert (measured["ats"].voltage, measured["ats"].frequency) == (231.0, 60.0)
            assert (measured["three-phase"].voltage, measured["three-phase"].frequency) == (199.5, 50.0)
            assert measured["foreign"].voltage == 231.5
            assert states["foreign"].status[0::2] == ["OL", "ALARM"]
            for name in ("units", "minus"):
                state = states[name]
                assert (state.input_voltage, state.battery_charge) == (None, None)
            assert not {"bare", "units", "minus", "pdu"} & set(measured)

    asyncio.run(story())


def test_a_ups_on_battery_that_shows_its_input_of_before_has_none(zoo: NutServer, tmp_path: Path) -> None:
    """Nothing but the flags changes, as with drivers that measure every half minute; a self-test is no such thing."""

    async def story() -> None:
        desk = Desk()
        source = Nut(name="ups", port=zoo.port, ups=["three-phase", "foreign"], feed="grid-a", poll_s=0.1)
        async with running(source, tmp_path, desk):
            await desk.until(lambda events: len(events) >= 4)
            await asyncio.to_thread(zoo.set, "foreign", ups_status="OB TEST DISCHRG")
            await asyncio.to_thread(zoo.set, "three-phase", ups_status="OB DISCHRG")
            await desk.until(lambda events: any(getattr(one, "voltage", 1.0) == 0.0 for one in events), 5.0)
        (dead,) = [one for one in desk.events if getattr(one, "voltage", 1.0) == 0.0]
        assert (dead.device, dead.frequency) == ("three-phase", 0.0)
        assert {"power.mains_loss", "power.transfer"} <= {finding.detector for finding in desk.findings()}

    asyncio.run(story())


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.name.partition("__")[0])
def test_every_vendor_s_dump_is_read(dump: Path) -> None:
    lines = [line.partition(": ") for line in dump.read_text("utf-8", "replace").splitlines() if ": " in line]
    variables = listing(f'VAR ups {name} "{value}"' for name, _, value in lines if not name.startswith("#"))
    assert len(variables) > 3
    now = datetime.now(UTC)
    told = status(variables, SITE, "ups", now)
    assert (told is not None) == bool(variables.get("ups.status", "").strip())
    if told is not None:
        assert "OL" in told.status
    if variables.get("input.voltage") and variables.get("input.frequency"):
        measured = reading(variables, SITE, "ups", now, "grid-a")
        assert measured is not None
        assert measured.voltage > 100
        assert measured.frequency > 40


def test_values_that_are_no_numbers_are_left_out() -> None:
    odd = {"ups.status": "OL  XYZZY", "input.voltage": "nan", "battery.runtime": "3:58", "battery.charge": "65535"}
    told = status(odd, SITE, "ups", datetime.now(UTC))
    assert told is not None
    assert told.status == ["OL", "XYZZY"]
    assert (told.input_voltage, told.battery_runtime, told.battery_charge) == (None, None, None)
    assert listing(['VAR ups device.mfr "a \\"b\\" \\\\"']) == {"device.mfr": 'a "b" \\'}
