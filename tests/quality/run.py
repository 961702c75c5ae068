"""Simulated estates through the backtest, scored."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from streams.incidents.backtest import Backtest
from streams.incidents.scoring import Label, Scorer
from streams.local.simulator.scenarios import Part
from streams.local.simulator.world import World
from streams.telemetry.recording import clocked

START = date(2026, 11, 16)


def simulated(seed: int, sites: int, days: int, scenarios: Iterable[str] = ()) -> dict[str, Any]:
    """Live through some days of some sites and return the report of the contract, and how many pages there were."""
    world = World(seed, sites, days, START, [Part(name) for name in scenarios])
    scorer, backtest = Scorer([]), Backtest()
    for told in backtest.run(clocked(world.lines())):
        scorer.take(told)
    scorer.labels = msgspec.convert([label.document() for label in world.labels], list[Label])
    return scorer.report(backtest.site_days()) | {"pages": len(scorer.pages), "stages": world.labels}
