"""A few attacks in another hand's world; `python -m tests.quality.grafts` plays them all."""

import pytest

from tests.quality.grafts.nights import SITES, live
from tests.recordings import needs_recordings

pytestmark = [pytest.mark.long, needs_recordings]


@pytest.mark.parametrize(
    ("attack", "site"), list(zip(("cut, jammed", "replayed, a still", "a watched lorry"), SITES, strict=True))
)
def test_an_attack_in_a_foreign_world_pages_before_the_goods_leave(attack: str, site: str) -> None:
    night = live(attack, site, 3)
    assert night.page is not None and night.second is not None and not night.elsewhere
    assert night.page - night.second < 20.0
    assert night.goods is None or night.page < night.goods
