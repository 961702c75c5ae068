import asyncio
import time
from random import Random
from typing import Any

import pytest

from streams.worker.checkpoints import STATE, recover
from streams.worker.clock import CLOCK, TELEMETRY
from streams.worker.controls import Controls
from streams.worker.publisher import FINDINGS, Outbox
from streams.worker.runner import BUDGET, Runner
from tests.worker.counting import CountingCore
from tests.worker.log import Kafka, Log


def rows(kafka: Kafka) -> dict[str, bytes]:
    return {key.decode(): value for key, value in kafka.sent.get(STATE, []) if key and value}


async def live(log: Log, kafka: Kafka, order: Random, actions: int) -> CountingCore | None:
    """Recover, work for a number of actions, and be killed; the core if the end of the log was reached before."""
    state = recover(rows(kafka))
    core = CountingCore(every=10)
    for site, blob in state.sites.items():
        core.thaw(site, blob)
    runner = Runner(0, core, Controls(), Outbox(kafka, kafka), state, state.ends, 1.0, lambda partition, ends: None)
    feeds: list[tuple[str, Any]] = [(topic, log.fetches(topic, state.ends.get(topic, 0))) for topic in TELEMETRY]
    feeds.append((CLOCK, enumerate(log.ticks[state.ends.get(CLOCK, 0) :], state.ends.get(CLOCK, 0) + 1)))
    for _ in range(actions):
        topic, feed = order.choice(feeds)
        piece = next(feed, None)
        if piece is None:
            feeds.remove((topic, feed))
        elif topic == CLOCK:
            runner.lane.tick(piece[1], piece[0])
        else:
            runner.lane.receive(topic, piece[0], piece[1], log.ends[topic])
        if order.random() < 0.3:
            await runner.step()
        if order.random() < 0.2:
            runner.begin()
        if order.random() < 0.5:
            await runner.save(0)  # one site
        if not feeds:
            while await runner.step():
                pass
            await runner.finish(10.0)
            return core
    return None


@pytest.mark.parametrize("seed", range(12))
def test_being_killed_anywhere_neither_loses_nor_repeats(seed: int) -> None:
    calm, stormy = Kafka(), Kafka()

    async def both() -> tuple[CountingCore, CountingCore, int]:
        expected = await live(Log(seed, 150), calm, Random(seed), 10_000)
        order, deaths = Random(seed + 1), 0
        while (core := await live(Log(seed, 150), stormy, order, order.randrange(1, 200))) is None:
            deaths += 1
        assert expected is not None
        return expected, core, deaths

    expected, core, deaths = asyncio.run(both())
    assert deaths > 0
    assert core.counted == expected.counted
    assert sum(site.events for site in core.counted.values()) == len(Log(seed, 150))
    # What was published twice is the same, and nothing is missing.
    assert set(stormy.sent[FINDINGS]) == set(calm.sent[FINDINGS])
    assert recover(rows(stormy)).ends == recover(rows(calm)).ends


async def through(runner: Runner, log: Log) -> None:
    """Let it have the whole log, and take every slice of it."""
    for topic in TELEMETRY:
        for piece, position in log.fetches(topic, 0):
            runner.lane.receive(topic, piece, position, log.ends[topic])
    for offset, tick in enumerate(log.ticks):
        runner.lane.tick(tick, offset + 1)
    while await runner.step():
        pass


def test_a_checkpoint_that_is_finished_leaves_nothing_to_read_again() -> None:
    kafka, log, durable = Kafka(), Log(1), dict[str, int]()

    async def work() -> None:
        runner = Runner(
            0,
            CountingCore(),
            Controls(),
            Outbox(kafka, kafka),
            recover({}),
            {},
            1.0,
            lambda _, ends: durable.update(ends),
        )
        await through(runner, log)
        await runner.finish(10.0)

    asyncio.run(work())
    assert durable == {**log.ends, CLOCK: len(log.ticks)}


class Heavy(CountingCore):
    """Whose sites are so large that each takes a checkpoint's whole budget."""

    def freeze(self, site: str) -> bytes:
        time.sleep(BUDGET)
        return super().freeze(site)


def test_a_checkpoint_in_the_making_goes_on_although_nothing_comes_any_more() -> None:
    kafka, log, interval = Kafka(), Log(1), 60.0

    async def work() -> None:
        done = asyncio.Event()
        said = Outbox(kafka, kafka)
        runner = Runner(0, Heavy(), Controls(), said, recover({}), {}, interval, lambda *_: done.set())
        await through(runner, log)
        runner.begin()
        runner.wake.set()
        running = asyncio.create_task(runner.run())
        async with asyncio.timeout(interval / 10):
            await done.wait()
        runner.stop()
        await running

    asyncio.run(work())
    assert recover(rows(kafka)).ends == {**log.ends, CLOCK: len(log.ticks)}
