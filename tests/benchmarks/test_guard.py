"""A guard against a slow road: how many times a bare loop's CPU time it takes, with a wide margin, in seconds."""

from streams.local.kafka import Cluster
from tests.benchmarks.__main__ import CONTENDERS, loaded, race
from tests.benchmarks.load import objects

EVENTS = 20_000
MOST = 3.0
"""Some 1.5 when all is well; a worker that has lost its batches takes 8 times as much."""


def test_the_road_takes_no_more_than_a_bare_loop_with_what_makes_it_safe() -> None:
    named = {one.name: one for one in CONTENDERS}
    with Cluster() as cluster:
        load = loaded(cluster.bootstrap, objects(EVENTS))
        used = {name: race(named[name], load)["cpu"] for name in ("bare loop", "road")}
    assert used["road"] < MOST * used["bare loop"], used
