"""The blindness budget: what could be seen of a site right now."""

from streams.incidents.model import moment
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.telemetry.decode import Arrival, decode

SITE = "FR-93-DUGNY"
START = 1_760_000_000.0


def beats(at: float, devices: int) -> list[Arrival]:
    body = b",".join(
        b'{"type":"alarm.heartbeat","site":"%s","device":"pir-%d","time":"%s","path":"radio"}'
        % (SITE.encode(), n, moment(at).isoformat().encode())
        for n in range(devices)
    )
    return decode("alarm", SITE.encode(), b"[" + body + b"]", at)[0]


def lived(shard: Shard, minutes: range, devices: int) -> list[str]:
    told = []
    for minute in minutes:
        at = START + 60.0 * minute
        told += [getattr(output.body, "detector", "") for output in shard.advance(at, beats(at, devices), [])]
    return told


def test_coverage_is_the_share_of_live_devices_and_falls_with_their_silence() -> None:
    shard = Shard(Registry())
    lived(shard, range(60), 8)
    assert shard.census().coverage == {(SITE, "alarm"): (8, 8)}
    lived(shard, range(60, 90), 2)
    census = shard.census()
    assert census.coverage[SITE, "alarm"] == (2, 8)
    assert census.devices["alarm"] == 8 and census.silent["alarm"] == 6
    assert census.heard == {SITE: 2}


def test_a_new_site_s_devices_are_there_at_once() -> None:
    shard = Shard(Registry())
    lived(shard, range(2), 5)
    assert shard.census().heard == {SITE: 5} and not shard.census().coverage


def test_a_site_that_has_gone_blind_is_news_once() -> None:
    shard = Shard(Registry())
    assert "alarm.blindness" not in lived(shard, range(120), 8)
    assert lived(shard, range(120, 200), 3).count("alarm.blindness") == 1
