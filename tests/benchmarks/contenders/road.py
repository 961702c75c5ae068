"""The worker as it is; its clock goes on from the end of the load, or it would have to watch over days of silence."""

from time import monotonic

from streams.settings import Settings
from streams.worker.app import run as work
from tests.benchmarks.race import Race, RacingShard


def run(settings: Settings, race: Race) -> None:
    began = monotonic()

    def make_core() -> RacingShard:
        if not race.started:
            race.ready()
        race.start()
        return race.core()

    work(settings, make_core, lambda: race.latest + 1.0 + monotonic() - began)
