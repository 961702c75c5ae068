"""`tocsin actuate --mqtt`: equipment answers on a topic, or nobody does, and that is told in time."""

import asyncio
import contextlib
from pathlib import Path

import aiomqtt
import pytest

from streams.sites.actuator.hand import Result
from streams.sites.actuator.mqtt import Mqtt
from tests.sites.test_actuate import BODY, lock
from tests.sites.test_mqtt import Broker, installed


@installed
def test_equipment_on_mqtt_confirms_by_itself(tmp_path: Path) -> None:
    broker = Broker(tmp_path)
    hand, listening = Mqtt(f"mqtt://127.0.0.1:{broker.port}/site/lock"), asyncio.Event()

    async def equipment() -> None:
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.subscribe("site/lock", qos=1)
            listening.set()
            async for message in client.messages:
                assert message.payload == BODY
                for answer in (b"noise", b'{"id":"another"}', b'{"id":"a","outcome":"failed","note":"jammed"}'):
                    await client.publish("site/lock/confirmed", answer, qos=1)
                return

    async def told() -> Result:
        working = asyncio.create_task(equipment())
        await listening.wait()
        try:
            return await asyncio.to_thread(hand.act, lock("A-1", "a"), BODY, 15)
        finally:
            await asyncio.wait_for(working, 15)

    try:
        silent = hand.act(lock("A-1", "a"), BODY, 1.5)
        assert silent == Result(False, "no answer on site/lock/confirmed within 1.5 s")
        assert asyncio.run(told()) == Result(False, "jammed")
    finally:
        broker.stop()
    assert not hand.act(lock("A-1", "a"), BODY, 2).done


@installed
def test_a_cancellation_that_the_mqtt_client_loses_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def losing(*_: object, **__: object) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    monkeypatch.setattr(aiomqtt.Client, "publish", losing)
    broker = Broker(tmp_path)
    try:
        silent = Mqtt(f"mqtt://127.0.0.1:{broker.port}/site/lock").act(lock("A-1", "a"), BODY, 1)
    finally:
        broker.stop()
    assert silent == Result(False, "no answer on site/lock/confirmed within 1 s")
