"""Goods that are on the watch list."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidEncode, RfidRead
from detectors.scene import Scene

LEAVING = ("loading", "departing")


class Watched(Detector[RfidRead | RfidEncode]):
    """Looks tags up in the watch list that all sites share: by label, by chip, and by the IMEI registered for either.

    A relabelled device is still found by its chip, a device in another carton by its label.
    """

    name: ClassVar[str] = "rfid.watched"
    title: ClassVar[str] = "goods on the watch list"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read", "rfid.encode")
    scope = "site"
    rate: ClassVar[float] = 0.0005
    hit: ClassVar[float] = 0.1
    memory_s: ClassVar[float] = 12 * 3600.0
    repeat_s: ClassVar[float] = 6 * 3600.0

    def score_one(self, event: RfidRead | RfidEncode, scene: Scene) -> Sign | None:
        found = self._watched(event, scene)
        if found is None:
            return None
        what, value, reason = found
        place = getattr(event, "read_point", event.device)
        leaves = getattr(event, "biz_step", "") in LEAVING
        evidence: Row = {"what": what, "value": value, "reason": reason, "epc": event.epc, "tid": event.tid}
        summary = f"Goods on the watch list are at {place} ({what} {value}): {reason.rstrip('.')}."
        return Sign(0.95 if leaves else 0.75, summary, evidence | {"place": place}, key=value)

    @staticmethod
    def _watched(event: RfidRead | RfidEncode, scene: Scene) -> tuple[str, str, str] | None:
        registry, at = scene.registry, scene.time
        previous: str | None = getattr(event, "previous_epc", None)
        items = [registry.item(event.epc)]
        names = [("epc", event.epc)]
        if previous is not None:
            items.append(registry.item(previous))
            names.append(("epc", previous))
        if event.tid is not None:
            items.append(registry.item_of(event.tid))
            names.append(("tid", event.tid.upper()))
        names += [("imei", item.imei) for item in items if item is not None and item.imei is not None]
        for what, value in names:
            reason = registry.watched(what, value, at)
            if reason is not None:
                return what, value, reason
        return None

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for n in range(5):
            yield _read(10.0 * n, n)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield _read(60.0, 999)


def _read(t: float, n: int) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-1", "biz_step": "storing", "read_point": "A"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{n}"}
