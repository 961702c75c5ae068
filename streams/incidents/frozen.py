"""A site's whole state as bytes, for a snapshot, and back."""

from typing import Any, NamedTuple

import msgspec

from detectors.state import dump, fill
from streams.incidents.watch import Watch
from streams.telemetry.alarm import Event as AlarmEvent
from streams.telemetry.camera import Event as CameraEvent
from streams.telemetry.control import Maintenance, SiteProfile
from streams.telemetry.decode import Arrival
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


def freeze(watch: Watch) -> bytes:
    """Pack a watch, events still held back included."""
    state = {
        "format": FORMAT,
        "plain": dump(watch, ("clock", "told", "trackers", "reporter")),
        "case": dump(watch.case),
        "scene": watch.scene.freeze(),
        "detectors": watch.crew.freeze(),
        "released": watch.reorder.released,
        "held": [[at, arrival] for at, arrival in watch.reorder.held],
        "profile": watch.profile,
        "windows": watch.works.records,
        "notices": dump(watch.works, ("notices",)),
    }
    return _ENCODER.encode(state)


def thaw(watch: Watch, blob: bytes) -> None:
    """Fill a new watch; detectors that are no longer there are left out, new ones start cold.

    Raises
    ------
    UnreadableError
        When the blob is damaged or of an unknown format.
    """
    site = watch.site
    try:
        state = _DECODER.decode(blob)
        if state.format != FORMAT:
            raise UnreadableError(f"state of {site} has format {state.format}, this version reads {FORMAT}")
        _fill(watch, state)
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UnreadableError(f"state of {site} cannot be read: {error}") from error


def _fill(watch: Watch, state: _State) -> None:
    fill(watch, state.plain)
    fill(watch.case, state.case)
    watch.crew.thaw(state.detectors)
    watch.reorder.fill([(at, Arrival(*held)) for at, held in state.held], state.released)
    if state.profile is not None:
        watch.declare(state.profile)
    fill(watch.works, state.notices)
    watch.works.fill(state.windows)
    watch.scene.thaw(state.scene)
    watch.due = watch.next()
