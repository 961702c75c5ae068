import asyncio
from contextlib import suppress
from typing import NoReturn
from uuid import uuid4

import pytest
from aiokafka.errors import ProducerFenced, UnknownError
from confluent_kafka.admin import AdminClient, NewTopic

from streams.settings import Settings
from streams.worker.core import FatalError
from streams.worker.fence import Fence
from streams.worker.kafka import read_all, writer


@pytest.fixture
def topic(road: tuple[str, int]) -> str:
    name = f"fence-{uuid4().hex[:6]}"
    admin = AdminClient({"bootstrap.servers": road[0]})  # the answer comes only while it lives
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(30)
    return name


def test_whoever_comes_next_is_the_last_to_speak(road: tuple[str, int], topic: str) -> None:
    """One that was stopped in the midst of a send undoes nothing of what its successor has said."""
    settings = Settings(brokers=road[0])

    async def said(fence: Fence, text: bytes) -> None:
        await (await fence.send(topic, b"incident", text, 0, None, None))

    async def stands() -> bytes | None:
        return (await read_all(settings, topic, [0]))[0].get("incident")

    async def story() -> None:
        stopped, successor = (Fence(writer(settings, topic)) for _ in range(2))
        await stopped.claim()
        await said(stopped, b"1")
        await stopped.commit()
        await said(stopped, b"2")
        assert await stands() == b"1", "what is under way is shown to nobody"
        await successor.claim()
        assert await stands() == b"1", "and is undone, so that its successor need not know of it"
        for text in (b"2", b"3"):
            await said(successor, text)
        await successor.commit()
        with pytest.raises(FatalError, match="another worker has taken over"):
            with suppress(ProducerFenced):
                await said(stopped, b"2")
            await stopped.commit()
        with pytest.raises(FatalError, match="TOCSIN_INSTANCE"):
            await stopped.send(topic, b"incident", b"2", 0, None, None)
        assert await stands() == b"3"
        await said(successor, b"4")
        await successor.commit()
        assert await stands() == b"4"
        for fence in (stopped, successor):
            await fence.close()

    asyncio.run(story())


def test_nothing_is_held_back_once_it_is_committed(road: tuple[str, int], topic: str) -> None:
    settings = Settings(brokers=road[0])

    async def story() -> None:
        fence = Fence(writer(settings, topic))
        await fence.claim()
        await fence.commit()
        for number in range(100):
            await fence.send(topic, b"%d" % number, b"here", 0, None, None)
        await fence.commit()
        await fence.commit()
        assert len((await read_all(settings, topic, [0]))[0]) == 100
        await fence.close()

    asyncio.run(story())


def test_a_refusal_without_a_reason_says_what_may_be_behind_it(road: tuple[str, int], topic: str) -> None:
    """A broker knows no better answer to a commit when the name is claimed in that moment."""

    async def raced() -> NoReturn:
        raise UnknownError

    async def story() -> None:
        producer = writer(Settings(brokers=road[0]), topic)
        producer.commit_transaction = raced
        fence = Fence(producer)
        await fence.claim()
        try:
            await (await fence.send(topic, b"incident", b"1", 0, None, None))
            with pytest.raises(FatalError, match=r"UnknownError.*TOCSIN_INSTANCE"):
                await fence.commit()
        finally:
            await fence.close()

    asyncio.run(story())
