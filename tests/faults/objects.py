"""What the load is made of: readings, an attack by its seconds, and poison of every sort."""

from typing import Any

TOPICS = tuple(f"telemetry.{domain}" for domain in ("power", "alarm", "camera", "rfid", "shipment"))
CLOSED = b'{"type":"site.profile","site":"%s","opening_hours":[]}'
READING = {"type": "power.reading", "feed": "grid-a", "frequency": 50.0}
RECORDER = {"device": "nvr", "type": "recorder.status", "disks_expected": 4}
ATTACK: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (1, "camera", RECORDER | {"disks": 4, "recording": True}),
    (9, "alarm", {"device": "panel", "type": "alarm.signal", "code": "BA", "zone": "1"}),
    (11, "alarm", {"device": "panel", "type": "alarm.signal", "code": "TA", "zone": "2"}),
    (13, "camera", RECORDER | {"disks": 0, "recording": False}),
)
POISON = (
    b"not json %s",
    b'{"type":"power.reading","broken":"%s"',
    b'{"type":"no.such","device":"%s"}',
    b'[{"type":"power.reading","device":"%s"}',
    b"\xff\xfe\x00 %s",
    b'"%s"',
    b'{"type":"power.reading","device":"%s","time":"yesterday"}',
    b'{"type":"camera.status","device":"%s","connected":"yes"}',
)
