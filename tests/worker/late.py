"""A counting worker that learns its partitions late: one of its name, too, has joined the group again by then."""

from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance

from tests.worker import counted

LATE = 5.0
"""Seconds; the one that was replaced hears of it by its next heartbeat, and joins again."""


def late(step: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def after(*arguments: Any) -> Any:
        await sleep(LATE)
        return await step(*arguments)

    return after


if __name__ == "__main__":
    for step in ("_on_join_follower", "_on_join_leader"):
        setattr(CoordinatorGroupRebalance, step, late(getattr(CoordinatorGroupRebalance, step)))
    counted.main()
