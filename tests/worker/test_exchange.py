"""Partitions in several processes, each at its own pace, answer what one pass over the recording answers."""

import asyncio
from random import Random

import pytest

from streams.worker.clock import FACTS, Mark, decode_fact
from streams.worker.exchange import Exchange
from tests.worker import abroad
from tests.worker.lanes import Played, Process
from tests.worker.log import Kafka


async def play(played: Played, owned: list[list[int]], dice: Random) -> Kafka:
    """Let each process do a step now and then, until none has anything to do."""
    kafka = Kafka()
    processes = [Process(played, partitions, kafka) for partitions in owned]
    idle = 0
    while idle < 200:
        process = dice.choice(processes)
        if dice.random() < 0.3:
            process.listen()
        runner = dice.choice(process.runners)
        steps = dice.choice((1, 1, 5, 100))
        while steps and await runner.step():
            steps, idle = steps - 1, 0
        idle += 1
    assert not any(runner.lane.ticks for process in processes for runner in process.runners)
    return kafka


@pytest.mark.parametrize("owned", [[[0, 1, 2]], [[0, 2], [1]], [[0], [1], [2]]], ids=str)
def test_any_pace_gives_the_same_answers(owned: list[list[int]]) -> None:
    wanted, played = abroad.expected(), Played(abroad.lines(), 3)
    kafka = asyncio.run(play(played, owned, Random(len(owned))))
    assert {topic: {value for _, value in kafka.sent[topic]} for topic in wanted} == wanted
    marks = [one for _, value in kafka.sent[FACTS] if isinstance(one := decode_fact(value), Mark)]
    assert bool(marks) == (len(owned) > 1)


def test_a_lane_waits_for_the_slowest_of_the_others() -> None:
    exchange, woken = Exchange(3), list[float]()
    exchange.moved = lambda: woken.append(exchange.horizon(0))
    exchange.own([0, 1])
    exchange.promise(1, 100.0)
    assert exchange.horizon(0) == float("-inf") and exchange.awaited(0) == 2
    exchange.hear(Mark(2, 50.0))
    exchange.hear(Mark(2, 40.0))
    assert exchange.horizon(0) == 60.0 and exchange.awaited(0) == 2
    exchange.promise(0, 70.0)
    exchange.hear(Mark(2, 90.0))
    assert woken[-1] == 100.0 and Exchange(1).horizon(0) == float("inf")
