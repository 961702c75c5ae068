"""ONVIF: notifications of cameras and recorders, and plate recognitions, out of their XML."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple, get_args
from xml.etree.ElementTree import Element

import msgspec

from streams.sites.formats.xml import child, every, local, text
from streams.telemetry.camera import CameraEvent, OnvifTopic
from streams.telemetry.envelope import Telemetry, Time
from streams.telemetry.shipment import ShipmentGate

TOPICS: tuple[OnvifTopic, ...] = get_args(OnvifTopic)
MOST = 1_000
"""Notifications that are taken of one document."""
BELIEVED_S = 86_400.0
"""How far a camera's clock may be off to be believed, s."""
_TIMES = ("dateTime", "DateTime", "captureTime", "UtcTime", "timestamp")
_PLATES = ("PlateNumber", "LicensePlate", "LicensePlateNumber", "Plate", "plateNumber", "licensePlate")
_LIKELIHOODS = ("Likelihood", "Confidence", "ConfidenceLevel", "confidenceLevel", "confidence", "likelihood")
_TRUE, _FALSE = ("true", "1", "on", "yes", "active"), ("false", "0", "off", "no", "inactive")
_INBOUND = re.compile(r"(?i)^(in|entry|enter|entering|approach\w*|forward|arriv\w*)$")
_OUTBOUND = re.compile(r"(?i)^(out|exit|exiting|away|leav\w*|reverse|backward|depart\w*)$")

Direction = Literal["in", "out"]


class Camera(NamedTuple):
    """Who sends: the site, the device, and what to assume where a plate camera does not say."""

    site: str
    device: str
    direction: Direction | None
    likelihood: float | None


def telemetry(root: Element, camera: Camera, now: datetime) -> Iterator[Telemetry]:
    """Find what a document of notifications, pulled or pushed, or of scene metadata says.

    Topics that the contract has not are passed over. `now` stands in for a time that is missing, or that cannot be
    true: many cameras never had their clock set, or say since when a state has lasted.
    """
    notifications = list(every(root, "NotificationMessage"))[:MOST]
    for notification in notifications:
        topic = plain(text(child(notification, "Topic")))
        for message in every(notification, "Message"):
            if "UtcTime" not in message.attrib and len(message) and local(message[0]) == "Message":
                continue  # the envelope around the message proper
            if message.get("PropertyOperation") != "Deleted":
                yield from _message(topic, message, camera, _moment(message.get("UtcTime"), now))
    if not notifications:
        for frame in list(every(root, "Frame"))[:MOST]:
            yield from _plates(frame, camera, _moment(frame.get("UtcTime"), now))
    if not notifications and next(every(root, "Frame"), None) is None:
        yield from _own_plates(root, camera, now)


def plain(topic: str) -> str:
    """Return a topic without its prefixes: `tns1:VideoSource/ImageTooDark/ImagingService`'s first parts."""
    return "/".join(part.rpartition(":")[2] for part in topic.strip().split("/"))


def _message(topic: str, message: Element, camera: Camera, at: datetime) -> Iterator[Telemetry]:
    for known in TOPICS:
        if f"{topic}/".startswith(f"{known}/"):
            state = _state(_items(message), default=known == "RecordingHistory/DeleteTrackData")
            if state is not None:
                yield CameraEvent(site=camera.site, device=camera.device, time=at, topic=known, state=state)
            return
    if "plate" in topic.lower() or next(every(message, "LicensePlateInfo"), None) is not None:
        yield from _plates(message, camera, at)


def _items(element: Element) -> dict[str, str]:
    """Collect the data's simple items, name to value."""
    data = child(element, "Data")
    within = data if data is not None else element
    return {item.get("Name", ""): item.get("Value", "").strip() for item in every(within, "SimpleItem")}


def _state(items: dict[str, str], *, default: bool) -> bool | None:
    """Read whether a condition holds; None when a message that should say it does not."""
    for name in ("State", "Failed", "Value", "IsTamper", "LogicalState", *items):
        said = items.get(name, "").lower()
        if said in _TRUE or said in _FALSE:
            return said in _TRUE
    return True if default else None


def _plates(element: Element, camera: Camera, at: datetime) -> Iterator[ShipmentGate]:
    items = _items(element)
    found = [(text(one), one.get("Likelihood", "")) for one in every(element, "PlateNumber")]
    if not found:
        found = [(items[name], "") for name in _PLATES if items.get(name)][:1]
    yield from _gates(found[:16], items, camera, at)


def _gates(found: list[tuple[str, str]], items: dict[str, str], camera: Camera, at: datetime) -> Iterator[ShipmentGate]:
    """Make passages of plates, each with its own likelihood where it has one."""
    direction = _direction(items) or camera.direction
    for plate, own in found:
        said = own or next((items[name] for name in _LIKELIHOODS if name in items), "")
        likelihood = _likelihood(said)
        if likelihood is None:
            likelihood = camera.likelihood
        if plate and direction is not None and likelihood is not None:
            yield ShipmentGate(
                site=camera.site,
                device=camera.device,
                time=at,
                plate=plate[:256],
                direction=direction,
                likelihood=likelihood,
            )


def _own_plates(root: Element, camera: Camera, now: datetime) -> Iterator[ShipmentGate]:
    """Read a vendor's own recognition: elements instead of items, like `<licensePlate>` and `<confidenceLevel>`."""
    leaves: dict[str, str] = {}
    for element in root.iter():
        if not len(element) and text(element):
            leaves.setdefault(local(element), text(element))
    plate = next((leaves[name] for name in _PLATES if name in leaves), "")
    if plate:
        at = _moment(next((leaves[name] for name in _TIMES if name in leaves), None), now)
        yield from _gates([(plate, "")], leaves, camera, at)


def _direction(items: dict[str, str]) -> Direction | None:
    said = items.get("Direction", items.get("direction", ""))
    if _INBOUND.match(said):
        return "in"
    return "out" if _OUTBOUND.match(said) else None


def _likelihood(said: str) -> float | None:
    """Read a likelihood of 0–1, or in percent."""
    try:
        value = float(said)
    except ValueError:
        return None
    value = value / 100.0 if value > 1.0 else value
    return value if 0.0 <= value <= 1.0 else None


def _moment(said: str | None, now: datetime) -> datetime:
    try:
        at = msgspec.convert(said, Time) if said else now
    except msgspec.ValidationError:
        return now
    return at if abs((now - at).total_seconds()) <= BELIEVED_S else now
