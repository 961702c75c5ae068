"""What is known beyond one site: registered goods, the watch list, and what sites tell each other."""

from detectors.freight import masks, plain
from streams.incidents.facts import Facts
from streams.telemetry.control import Item, Watch


class Registry:
    """Goods by EPC and by chip, and what to look out for; filled from the control topics."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.chips: dict[str, Item] = {}
        self.watches: dict[tuple[str, str], Watch] = {}
        self.keys: dict[str, tuple[str, str]] = {}
        self.masked: dict[str, set[str]] = {}
        self.facts = Facts()

    def item(self, epc: str) -> Item | None:
        """Return the registered piece of goods with this EPC."""
        return self.items.get(epc)

    def item_of(self, tid: str) -> Item | None:
        """Return the registered piece of goods with this chip."""
        return self.chips.get(tid.upper())

    def watched(self, what: str, value: str, now: float) -> str | None:
        """Return why this plate, EPC, chip or IMEI is watched at Unix seconds `now`; None if it is not."""
        watch = self.watches.get((what, value))
        if watch is None or (watch.until is not None and now > watch.until.timestamp()):
            return None
        return watch.reason or "on the watch list"

    def resembling(self, plate: str, now: float) -> str | None:
        """Return a watched plate that differs from this one in a single character; of several the first by name."""
        found = {other for mask in masks(plate) for other in self.masked.get(mask, ()) if other != plate}
        return next((other for other in sorted(found) if self.watched("plate", other, now) is not None), None)

    def register(self, item: Item) -> None:
        """Take a piece of goods."""
        self._unregister(item.epc)
        self.items[item.epc] = item
        if item.tid is not None:
            self.chips[item.tid.upper()] = item

    def watch(self, record: Watch) -> None:
        """Take an entry of the watch list."""
        self._unwatch(record.value)
        name = (record.what, _written(record.what, record.value))
        self.keys[record.value] = name
        self.watches[name] = record
        if record.what == "plate":
            for mask in masks(name[1]):
                self.masked.setdefault(mask, set()).add(name[1])

    def forget(self, topic: str, key: str) -> None:
        """Drop what a tombstone names."""
        if topic == "control.items":
            self._unregister(key)
        elif topic == "control.watchlist":
            self._unwatch(key)

    def _unregister(self, epc: str) -> None:
        item = self.items.pop(epc, None)
        if item is not None and item.tid is not None and self.chips.get(item.tid.upper()) is item:
            del self.chips[item.tid.upper()]

    def _unwatch(self, value: str) -> None:
        name = self.keys.pop(value, None)
        if name is None or self.watches.pop(name, None) is None:
            return
        for mask in masks(name[1]) if name[0] == "plate" else ():
            self.masked[mask].discard(name[1])
            if not self.masked[mask]:
                del self.masked[mask]


def _written(what: str, value: str) -> str:
    """Write a value as it is looked up: plates without blanks and dashes, chips in upper case."""
    return plain(value) if what == "plate" else value.upper() if what == "tid" else value
