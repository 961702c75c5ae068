"""Registered goods and the watch list: found by every name, forgotten by tombstones."""

from datetime import UTC, datetime

from streams.incidents.registry import Registry
from streams.telemetry.control import Item, Watch

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOW = NOON.timestamp()


def test_goods_are_found_by_label_and_chip_until_they_are_forgotten_or_registered_anew() -> None:
    registry = Registry()
    registry.register(Item(epc="urn:1", tid="ab"))
    assert registry.item("urn:1") is registry.item_of("AB") is not None
    registry.register(Item(epc="urn:1", tid="cd"))
    assert registry.item_of("ab") is None and registry.item_of("cd") is not None
    registry.forget("control.items", "urn:1")
    assert registry.item("urn:1") is registry.item_of("cd") is None


def test_a_watched_plate_is_found_by_plates_one_character_off_until_it_expires_or_is_forgotten() -> None:
    registry = Registry()
    registry.watch(Watch(what="plate", value="KC-DT 0497", until=NOON))
    registry.watch(Watch(what="plate", value="KC DT 0499"))
    assert registry.watched("plate", "KCDT0497", NOW) == "on the watch list"
    assert registry.resembling("KCDT0491", NOW) == "KCDT0497"
    assert registry.resembling("KCDT0491", NOW + 1) == "KCDT0499"
    assert registry.resembling("KCDT0399", NOW) == "KCDT0499"
    assert registry.resembling("KCDT049", NOW) is registry.resembling("XCDT0491", NOW) is None
    for key in ("KC-DT 0497", "KC DT 0499"):
        registry.forget("control.watchlist", key)
    assert registry.resembling("KCDT0491", NOW) is None
    assert not registry.watches and not registry.masked and not registry.keys


def test_what_is_not_known_can_be_forgotten() -> None:
    registry = Registry()
    registry.forget("control.items", "urn:1")
    registry.forget("control.watchlist", "x")
    assert not registry.items
