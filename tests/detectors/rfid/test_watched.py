"""Goods on the watch list, by whatever name they are watched."""

from typing import Any

import pytest

from detectors.base import Row, Sign
from detectors.rfid.watched import Watched
from streams.telemetry.control import Item, Watch
from tests.detectors.story import knowing, tell

EPC = "urn:epc:id:sgtin:1.1.7"
PHONE = Item(epc=EPC, tid="E28A", imei="353333051053968")


def read(epc: str = EPC, **more: Any) -> Row:
    row: Row = {"t": 1.0, "type": "rfid.read", "device": "rdr-1", "biz_step": "storing", "read_point": "A", "epc": epc}
    return row | more


def seen(watch: Watch, row: Row) -> list[Sign]:
    return tell(Watched(), [row], knowing(PHONE, watch))


@pytest.mark.parametrize(
    ("watch", "row"),
    [
        (Watch(what="epc", value=EPC), read()),
        (Watch(what="tid", value="e28a"), read(epc="urn:x", tid="E28A")),
        (Watch(what="imei", value="353333051053968"), read()),
        (Watch(what="imei", value="353333051053968"), read(epc="urn:relabelled", tid="e28a")),
    ],
)
def test_goods_are_found_by_label_chip_and_imei_even_when_relabelled(watch: Watch, row: Row) -> None:
    assert len(seen(watch, row)) == 1
    assert seen(watch, read(epc="urn:other", tid="E28B")) == []


def test_watched_goods_at_a_door_are_surer_and_a_label_being_rewritten_is_found_by_the_old_one() -> None:
    watch = Watch(what="epc", value=EPC, reason="stolen at Lyon")
    leaving = seen(watch, read(biz_step="loading", read_point="D1"))[0]
    assert leaving.score > seen(watch, read())[0].score
    assert "stolen at Lyon" in leaving.summary and "D1" in leaving.summary
    encode: Row = {"t": 1.0, "type": "rfid.encode", "device": "enc-1", "biz_step": "encoding", "tid": "AA"}
    assert len(seen(watch, encode | {"epc": "urn:new", "previous_epc": EPC})) == 1
