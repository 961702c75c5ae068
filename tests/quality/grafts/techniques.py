"""What thieves do, in the shapes of the recording's own world; each takes a graft and a span (Unix seconds)."""

from typing import Any

from tests.quality.grafts.host import Change, Fields, Graft

RADIO = "radio"


def silence(*kinds: str) -> Change:
    """Let objects whose type begins so never be sent; without any, nothing is."""
    return lambda fields, _: None if not kinds or str(fields.get("type", "")).startswith(kinds) else fields


def cut(graft: Graft, start: float, end: float) -> None:
    """Cut the grid; the UPS takes over."""
    graft.stage(start, "power", "supply cut")

    def change(fields: Fields, time: float) -> Fields:
        if fields["type"] == "power.reading" and str(fields.get("feed", "")).startswith("grid"):
            fields |= {"voltage": round(graft.rng.uniform(0, 3), 1), "frequency": 0.0, "load": 0}
        elif fields["type"] == "power.status":
            left = max(2.0, round(99 - (time - start) / 144, 1))
            fields |= {
                "status": ["OB"],
                "input_voltage": 4.5,
                "battery_charge": left,
                "battery_runtime": int(50 * left),
            }
        return fields

    graft.change(start, end, change)
    ups = graft.devices("power.status")[0]
    graft.send(start + graft.rng.uniform(2, 8), "power.status", ups, status=["OB"], input_voltage=4.7,
               battery_charge=98.7, battery_runtime=5000)  # fmt: skip
    graft.send(start + graft.rng.uniform(8, 20), "alarm.signal", "panel-1", code="AT")


def _radio(graft: Graft, start: float, end: float, hit: float, kept: float, up: tuple[float, float]) -> None:
    """Disturb a share of the radio's heartbeats; a share of these comes through, damaged."""

    def change(fields: Fields, _: float) -> Fields | None:
        if fields["type"] == "alarm.heartbeat" and fields.get("path") == RADIO and graft.rng.random() < hit:
            if graft.rng.random() > kept:
                return None
            floor = fields.get("noise_floor", -100.0) + graft.rng.uniform(*up)
            fields |= {"noise_floor": round(floor, 1), "packet_loss": round(graft.rng.uniform(0.2, 0.9), 2)}
        return fields

    graft.change(start, end, change)


def jam(graft: Graft, start: float, end: float) -> None:
    """Jam the radio all the time."""
    graft.stage(start, "alarm", "radio jammed")
    _radio(graft, start, end, 1.0, 0.15, (10, 20))


def bursts(graft: Graft, start: float, end: float) -> None:
    """Jam the radio in bursts."""
    graft.stage(start, "alarm", "radio jammed in bursts")
    _radio(graft, start, end, 0.4, 0.5, (5, 12))


def replay(graft: Graft, start: float, end: float) -> None:
    """Play old heartbeats again, restamped, in place of the radio's own."""
    graft.stage(start, "alarm", "heartbeats replayed")
    old: dict[str, list[Fields]] = {}
    for time, fields in graft.lived("alarm.heartbeat"):
        if fields.get("path") == RADIO and start - 7200 <= time < start - 3600:
            old.setdefault(fields["device"], []).append(fields)
    graft.change(start, end, lambda fields, _: None if fields.get("path") == RADIO else fields)
    for device, heard in old.items():
        time, turn = start + graft.rng.uniform(0, 300), 0
        while time < end:
            again = {name: it for name, it in heard[turn % len(heard)].items() if name not in _ENVELOPE}
            graft.send(time, "alarm.heartbeat", device, **again)
            time, turn = time + graft.rng.uniform(295, 305), turn + 1


_ENVELOPE = ("type", "site", "device", "time")


def paths(graft: Graft, start: float, end: float) -> None:
    """Cut the panel's paths."""
    graft.stage(start, "alarm", "the panel's paths cut")
    graft.change(start, end, lambda fields, _: None if str(fields.get("device")).startswith("panel-") else fields)


def disarm(graft: Graft, start: float, _: float) -> None:
    """Switch the alarm off with somebody's code."""
    graft.stage(start, "alarm", "disarmed")
    users = sorted({fields["user"] for _, fields in graft.lived("alarm.signal") if fields.get("user")})
    graft.send(start, "alarm.signal", "panel-1", code="OP", user=graft.rng.choice(users))


def _cameras(graft: Graft, start: float, end: float, name: str, change: Any) -> None:
    graft.stage(start, "camera", name)
    known = graft.devices("camera.status")
    chosen = set(graft.rng.sample(known, max(2, len(known) * 2 // 3)))
    graft.change(start, end, lambda fields, _: change(fields) if fields.get("device") in chosen
                 and fields["type"] == "camera.status" else fields)  # fmt: skip


def still(graft: Graft, start: float, end: float) -> None:
    """Let most cameras show a still."""
    shown: dict[str, Fields] = {}

    def change(fields: Fields) -> Fields:
        first = {name: fields.get(name) for name in ("bitrate", "luminance", "sharpness")}
        return fields | shown.setdefault(fields["device"], first) | {"scene_change": 0.0}

    _cameras(graft, start, end, "cameras show a still", change)


def dazzle(graft: Graft, start: float, end: float) -> None:
    """Dazzle most cameras."""
    _cameras(graft, start, end, "cameras dazzled", lambda fields: fields | {
        "luminance": round(graft.rng.uniform(0.96, 0.99), 3), "sharpness": round(graft.rng.uniform(0.02, 0.06), 3),
    })  # fmt: skip


def unplug(graft: Graft, start: float, end: float) -> None:
    """Take most cameras' signal, one after another."""
    graft.stage(start, "camera", "cameras unplugged")
    known = graft.devices("camera.status")
    lost = {name: start + turn * graft.rng.uniform(40, 120)
            for turn, name in enumerate(graft.rng.sample(known, max(2, len(known) * 2 // 3)))}  # fmt: skip
    for name, time in lost.items():
        graft.send(time, "camera.event", name, topic="VideoSource/SignalLoss", state=True)
    nothing = {"connected": False, "fps": 0.0, "bitrate": 0, "luminance": 0.0, "sharpness": 0.0, "scene_change": 0.0}

    def change(fields: Fields, time: float) -> Fields:
        gone = fields["type"] == "camera.status" and time >= lost.get(fields["device"], end)
        return fields | nothing if gone else fields

    graft.change(start, end, change)


def disks(graft: Graft, start: float, end: float) -> None:
    """Pull the recorder's disks."""
    graft.stage(start, "camera", "recorder's disks pulled")
    [recorder, *_] = graft.devices("recorder.status")
    graft.send(start, "camera.event", recorder, topic="Device/HardwareFailure/StorageFailure", state=True)
    graft.change(start, end, lambda fields, _: fields | {"disks": 0, "recording": False}
                 if fields["type"] == "recorder.status" else fields)  # fmt: skip


def relabel(graft: Graft, start: float, _: float) -> None:
    """Give ten cartons other labels."""
    graft.stage(start, "rfid", "labels rewritten")
    encoder = graft.devices("rfid.encode")[0]
    for turn, (epc, tid) in enumerate(_cartons(graft, 10)):
        head, serial = epc.rsplit(".", 1)
        graft.send(start + 25.0 * turn, "rfid.encode", encoder, epc=f"{head}.{int(serial) + 5000}", previous_epc=epc,
                   tid=tid, biz_step="encoding")  # fmt: skip


def pallets(graft: Graft, start: float, _: float) -> None:
    """Take four pallets through a door that nobody has booked."""
    graft.stage(start, "rfid", "unbooked pallets pass a door")
    door = graft.rng.choice([name for name in graft.devices("rfid.read") if name.startswith("rdr-d0")])
    for turn in range(4):
        for number, (epc, tid) in enumerate(_cartons(graft, 6)):
            graft.send(start + 120 * turn + number, "rfid.read", door, epc=epc, tid=tid, biz_step="loading",
                       read_point=door[-3:].upper(), sscc=f"urn:epc:id:sscc:6284215.99{turn:08d}",
                       authenticated=True)  # fmt: skip


def _cartons(graft: Graft, count: int) -> list[tuple[str, str]]:
    said = [fields for kind in ("rfid.read", "rfid.encode") for _, fields in graft.lived(kind)]
    known = {(fields["epc"], fields["tid"]) for fields in said if fields.get("tid")}
    return graft.rng.sample(sorted(known), count)


def unordered(graft: Graft, start: float, _: float) -> None:
    """Load a strange lorry that has no order."""
    graft.stage(start, "shipment", "a lorry is loaded without an order")
    _load(graft, start, _plate(graft), None)


def beside(graft: Graft, start: float, _: float) -> None:
    """Load a strange lorry under the number of the order that was booked last."""
    graft.stage(start, "shipment", "a lorry is loaded beside an order")
    _, last = [*graft.lived("shipment.planned")][-1]
    _load(graft, start, _plate(graft), last["order"])


def listed(graft: Graft, start: float, _: float) -> None:
    """Load a lorry that is on the recording's watch list."""
    graft.stage(start, "shipment", "a watched lorry is loaded")
    _load(graft, start, "ZZ999ZZ", None)


def _plate(graft: Graft) -> str:
    letters, digits = "BCDFGHKLMNPRSTVWXYZ", "0123456789"
    return "".join(map(graft.rng.choice, (letters, letters, digits, digits, letters, letters, letters)))


def _load(graft: Graft, start: float, plate: str, order: str | None) -> None:
    docks, gates = graft.devices("shipment.loaded"), graft.devices("shipment.gate")
    dock, time = graft.rng.choice(docks), start
    graft.send(start - 300, "shipment.gate", gates[0], plate=plate, direction="in", likelihood=0.94)
    named: Fields = {"order": order} if order else {}
    for _ in range(6):
        graft.send(time, "shipment.loaded", dock, dock=f"D{dock[-2:]}", items=6, plate=plate, **named)
        time += graft.rng.uniform(80, 200)
    graft.goods = graft.goods or time + 120
    graft.send(time + 160, "shipment.gate", gates[-1], plate=plate, direction="out", likelihood=0.94)


def darken(graft: Graft, start: float, end: float) -> None:
    """Silence the whole site."""
    graft.stage(start, "alarm", "the whole site silent")
    graft.change(start, end, silence())
