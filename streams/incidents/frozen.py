"""A site's whole state as bytes, for a snapshot, and back."""

from typing import Any, NamedTuple

import msgspec

from streams.incidents.watch import Watch
from streams.telemetry.alarm import Event as AlarmEvent
from streams.telemetry.camera import Event as CameraEvent
from streams.telemetry.control import Maintenance, SiteProfile
from streams.telemetry.power import Event as PowerEvent
from streams.telemetry.rfid import Event as RfidEvent
from streams.telemetry.shipment import Event as ShipmentEvent

FORMAT = 3
"""Version of the layout."""


class _Held(NamedTuple):
    time: float
    rank: int
    event: PowerEvent | AlarmEvent | CameraEvent | RfidEvent | ShipmentEvent


class _State(msgspec.Struct):
    format: int
    plain: dict[str, Any]
    case: dict[str, Any]
    scene: dict[str, Any]
    detectors: list[tuple[str, str, dict[str, Any]]]
    released: float
    held: list[tuple[float, _Held]]
    profile: SiteProfile | None
    windows: dict[str, Maintenance]
    notices: dict[str, Any] = {}


class UnreadableError(ValueError):
    """A frozen site that this version cannot take back."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_State)


def encode(state: dict[str, Any]) -> bytes:
    """Pack what a watch's `freeze` gives."""
    return _ENCODER.encode({"format": FORMAT, **state})


def thaw(watch: Watch, blob: bytes) -> None:
    """Fill a new watch. Raises `UnreadableError` when the blob is damaged or of an unknown format."""
    site = watch.site
    try:
        state = _DECODER.decode(blob)
        if state.format != FORMAT:
            raise UnreadableError(f"state of {site} has format {state.format}, this version reads {FORMAT}")
        watch.thaw(msgspec.structs.asdict(state))
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UnreadableError(f"state of {site} cannot be read: {error}") from error
