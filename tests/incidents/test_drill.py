"""A drill's shadow is watched like any site, and touches none."""

from msgspec.structs import replace

from streams.incidents.drill import GONE_S
from streams.incidents.model import Fact, Incident, Output
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.telemetry.control import Control, Forget, Policy
from tests.incidents.estate import LYON, START, Row, burgled, lorry, profile, says

SHADOW = "DRILL-A1B2C3-LYON"


def shadowed(row: Row) -> Row:
    at, arrival = row
    return at, arrival._replace(event=replace(arrival.event, site=SHADOW))


def night(shadow: bool) -> list[Row]:
    rows = [*burgled(LYON, 1400), lorry(LYON, 1450, "FA-123-KE")]
    return [shadowed(row) for row in rows] if shadow else rows


def live(shard: Shard, rows: list[Row], until: float, *controls: Control) -> list[Output]:
    out, waiting = [], sorted(rows, key=lambda row: row[0])
    for second in range(int(START), int(START + until)):
        now = [arrival for at, arrival in waiting if second - 1 < at <= second]
        out += shard.advance(float(second), now, [*controls] if second == int(START) else [])
    return out


def declared(mode: str = "quiet") -> Control:
    policy = Policy(automatic=["lockdown"], risk=0.1)
    return replace(profile(LYON, True), site=SHADOW, policy=policy, drill=mode)


def incidents(out: list[Output], site: str) -> list[Incident]:
    return [one.body for one in out if isinstance(one.body, Incident) and one.body.site == site]


def test_it_is_found_out_like_any_site_and_says_what_it_is() -> None:
    real = live(Shard(Registry()), night(False), 1600, profile(LYON, True))
    made = live(Shard(Registry()), night(True), 1600, declared())
    [last, unreal] = incidents(real, LYON)[-1], incidents(made, SHADOW)[-1]
    assert unreal.drill == "quiet" and last.drill is None
    assert (last.severity, last.pages) == ("critical", 1)
    assert (unreal.severity, unreal.pages, unreal.risk) == ("critical", 1, last.risk)
    assert [order.mode for order in unreal.commands] == ["automatic"]


def test_it_tells_other_sites_nothing_and_hears_nothing_of_them() -> None:
    shard = Shard(Registry())
    out = live(shard, [*night(True), *night(False)], 1600, declared(), profile(LYON, True))
    assert {one.body.site for one in out if isinstance(one.body, Fact)} == {LYON}
    alone = live(Shard(Registry()), night(False), 1600, profile(LYON, True))
    assert incidents(out, LYON) == incidents(alone, LYON)
    assert incidents(out, SHADOW) == incidents(live(Shard(Registry()), night(True), 1600, declared()), SHADOW)


def test_a_shadow_that_nobody_declared_is_quiet() -> None:
    out = live(Shard(Registry()), night(True), 1600)
    assert {one.drill for one in incidents(out, SHADOW)} == {"quiet"}


def test_its_tombstone_ends_its_incident_and_leaves_nothing() -> None:
    shard = Shard(Registry())
    live(shard, night(True), 1600, declared("paging"))
    shard.take_dirty()
    out = shard.advance(START + 1600, [], [Forget("control.sites", SHADOW)])
    [last] = incidents(out, SHADOW)
    assert (last.status, last.verdict, last.drill) == ("closed", "test", "paging")
    assert list(shard.sites()) == [] and shard.take_dirty() == {SHADOW} and shard.freeze(SHADOW) == b""
    assert shard.advance(START + 9999, [], []) == []


def test_one_that_is_left_behind_is_gone_after_an_hour() -> None:
    shard = Shard(Registry())
    live(shard, night(True), 1600, declared())
    heard = max(at for at, _ in night(True))
    shard.advance(heard + GONE_S - 10, [], [])
    assert list(shard.sites()) == [SHADOW]
    out = shard.advance(heard + GONE_S + 10, [], [])
    assert list(shard.sites()) == [] and incidents(out, SHADOW)[-1].verdict == "test"


def test_a_seed_brings_a_shadow_and_touches_no_real_site() -> None:
    one, other = Shard(Registry()), Shard(Registry())
    live(one, night(True)[:2], 700, declared())
    blob = one.freeze(SHADOW)
    other.seed(SHADOW, blob)
    assert other.freeze(SHADOW) == blob and other.take_dirty() == {SHADOW}
    other.seed(SHADOW, b"broken, and not looked at: it is there already")
    other.seed(LYON, blob)
    assert list(other.sites()) == [SHADOW]
    rest = [says(LYON, 800, "alarm.signal", "panel", code="BV", zone="2")]
    assert live(one, [shadowed(row) for row in rest], 900) == live(other, [shadowed(row) for row in rest], 900)
