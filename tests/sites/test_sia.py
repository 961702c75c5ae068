"""What an alarm panel says: SIA and Contact ID, as the standards have it and as an independent dialler makes it."""

import pytest
from my_dc09_spt.msg.dc03_msg import dc03_msg
from my_dc09_spt.msg.dc05_msg import dc05_msg
from my_dc09_spt.msg.dc09_msg import dc09_msg

from streams.sites.formats.dc09 import open_envelope, unseal
from streams.sites.formats.sia import CONTACT_ID, Signal, contact_id, sia


def test_contact_id_becomes_sia() -> None:
    assert contact_id("#1234|1344 01 000") == Signal("XQ", None, None)
    assert contact_id("#1234|3344 01 000").code == "XH"
    assert contact_id("#1234|1131 01 003") == Signal("BA", "003", None)
    assert contact_id("#1234|3131 01 003").code == "BR"
    assert contact_id("#1234|1139 01 004").code == "BV"
    assert contact_id("#1234|1401 01 015") == Signal("OP", None, "015")
    assert contact_id("1234|3401 01 015") == Signal("CL", None, "015")
    codes = {event: contact_id(f"1{event} 00 001").code for event in ("301", "137", "381", "350", "602", "456")}
    assert codes == {"301": "AT", "137": "TA", "381": "BZ", "350": "YC", "602": "RP", "456": "CG"}
    assert contact_id("1199 00 001").code == "UA"
    assert contact_id("1999 00 001").code == "UX"
    assert all(len(pair) == 5 and pair.replace(" ", "").isupper() for pair in CONTACT_ID.values())


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("#1234|NBA3", [Signal("BA", "3", None)]),
        ("#1234|Nri1/BA003", [Signal("BA", "003", None)]),
        ("#1234|Nri2^Boven etage^id14^Jan de GROOT^ti12:30:00OP14", [Signal("OP", None, "14")]),
        ("#1234|Nti12:30/id007/pi010/BA1/TA2", [Signal("BA", "1", "007"), Signal("TA", "2", "007")]),
        ("#1234|NBA3^Entree^|AInbraakmelding", [Signal("BA", "3", None)]),
        ('|Nri0/XQ00*"jam"NM', [Signal("XQ", "00", None)]),
        ("#1234|NRP", [Signal("RP", None, None)]),
    ],
)
def test_sia_blocks(data: str, wanted: list[Signal]) -> None:
    assert sia(data) == wanted


@pytest.mark.parametrize("code", ["BA", "OP", "XQ", "RP", "CL"])
def test_every_block_that_the_dialler_makes_is_read(code: str) -> None:
    made = dc03_msg.dc03event(
        "1234", {"code": code, "area": 2, "areaname": "Hall B", "zone": 17, "user": 4, "time": "now"}
    )
    assert sia(made.removesuffix("]"))[0].code == code
    block = dc09_msg("1234").dc09block(3, "ADM-CID", dc05_msg.dc05event("1234", {"code": 130, "zone": 5}))
    assert contact_id(unseal(open_envelope(block.encode()), None).data) == Signal("BA", "005", None)
