"""What is known beyond one site: registered goods and the watch list."""

from streams.telemetry.control import Item, Watch


class Registry:
    """Goods by EPC, and what to look out for; filled from the control topics, shared by all sites of a process."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.watches: dict[tuple[str, str], Watch] = {}
        self.keys: dict[str, tuple[str, str]] = {}

    def item(self, epc: str) -> Item | None:
        """Return the registered piece of goods with this EPC."""
        return self.items.get(epc)

    def watched(self, what: str, value: str, now: float) -> str | None:
        """Return why this plate, EPC, chip or IMEI is watched at Unix seconds `now`; None if it is not."""
        watch = self.watches.get((what, _plain(what, value)))
        if watch is None or (watch.until is not None and now > watch.until.timestamp()):
            return None
        return watch.reason or "on the watch list"

    def register(self, item: Item) -> None:
        """Take a piece of goods."""
        self.items[item.epc] = item

    def watch(self, record: Watch) -> None:
        """Take an entry of the watch list."""
        name = (record.what, _plain(record.what, record.value))
        self.keys[record.value] = name
        self.watches[name] = record

    def forget(self, topic: str, key: str) -> None:
        """Drop what a tombstone names."""
        if topic == "control.items":
            self.items.pop(key, None)
        elif topic == "control.watchlist" and key in self.keys:
            self.watches.pop(self.keys.pop(key), None)


def _plain(what: str, value: str) -> str:
    return "".join(filter(str.isalnum, value)).upper() if what == "plate" else value
