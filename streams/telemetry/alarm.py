"""`telemetry.alarm`: supervision heartbeats and SIA DC-09 signals of the intruder alarm."""

from typing import Annotated, Literal

from msgspec import Meta

from streams.telemetry.envelope import DBm, Fraction, Telemetry, Text

TOPIC = "telemetry.alarm"

Path = Literal["ip", "cellular", "radio"]
SiaCode = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}(?!\n)$",
        description="SIA DC-09: BA burglary, BV verified, BR restore, TA/TR tamper/restore, AT/AR mains "
        "trouble/restore, XQ/XH RF interference/restore, YC/YK communication fail/restore, BZ missing supervision, "
        "OP/CL open/close, RP test",
    ),
]


class AlarmHeartbeat(Telemetry, frozen=True, kw_only=True, gc=False, tag="alarm.heartbeat"):
    """Supervision of one wireless or wired device or path."""

    path: Path
    rssi: DBm | None = None
    noise_floor: DBm | None = None
    packet_loss: Fraction | None = None


class AlarmSignal(Telemetry, frozen=True, kw_only=True, gc=False, tag="alarm.signal"):
    """What the panel reports."""

    code: SiaCode
    zone: Text | None = None
    user: Text | None = None


Event = AlarmHeartbeat | AlarmSignal
