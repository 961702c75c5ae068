"""Commands by MQTT."""

import asyncio
import logging
import ssl
from urllib.parse import urlsplit

import aiomqtt
import msgspec

from streams.incidents.model import Command
from streams.sites.actuator.hand import HandError, Result, last_line

log = logging.getLogger("tocsin.actuate")

AGAIN_S = 0.5
"""Seconds after which a broker that is not there is tried again."""


class Answer(msgspec.Struct):
    """What the equipment says on the topic of answers."""

    id: str
    outcome: str = "done"
    note: str = ""


_ANSWER = msgspec.json.Decoder(Answer)


class Mqtt:
    """Publishes the command as JSON on a topic, and waits for its answer on `TOPIC/confirmed`.

    The answer names the command: `{"id": …, "outcome": "done" | "failed", "note": …}`. That the broker has taken the
    command is none.

    Parameters
    ----------
    url
        `mqtt://[USER@]HOST[:PORT]/TOPIC`, or `mqtts://` over TLS.
    password
        That user's.
    """

    def __init__(self, url: str, password: str = "") -> None:
        parts = urlsplit(url)
        self._topic = parts.path.strip("/")
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or not self._topic:
            raise HandError(f"--mqtt {url}: expected mqtt://HOST/TOPIC or mqtts://HOST/TOPIC")
        self._host, self._user, self._password = parts.hostname, parts.username, password
        self._tls = parts.scheme == "mqtts"
        try:
            self._port = parts.port or (8883 if self._tls else 1883)
        except ValueError as error:
            raise HandError(f"--mqtt {url}: {error}") from error

    def act(self, command: Command, body: bytes, timeout: float) -> Result:
        """See `Hand`."""
        try:
            return asyncio.run(self._ask(command, body, timeout))
        except TimeoutError:
            return Result(False, f"no answer on {self._topic}/confirmed within {timeout:g} s")
        except aiomqtt.MqttError as error:
            return Result(False, f"the broker does not answer: {error}")

    async def _ask(self, command: Command, body: bytes, seconds: float) -> Result:
        """Reach the broker, whenever it is there, and ask once."""
        # Each step sees to the end of time by itself: Python 3.11 loses a cancellation that comes as what the client
        # waits for is there, and then the next step would wait for ever.
        end = asyncio.get_running_loop().time() + seconds
        async with asyncio.timeout_at(end):
            client = await self._reach(command)
        try:
            return await self._answer(client, command, body, end)
        finally:
            await client.__aexit__(None, None, None)

    async def _reach(self, command: Command) -> aiomqtt.Client:
        while True:
            client = aiomqtt.Client(
                *(self._host, self._port),
                username=self._user,
                password=self._password or None,
                tls_context=ssl.create_default_context() if self._tls else None,
            )
            try:
                await client.__aenter__()
            except aiomqtt.MqttError as error:
                log.warning("%s: %s. Trying again.", command.id, error)
                await asyncio.sleep(AGAIN_S)
            else:
                return client

    async def _answer(self, client: aiomqtt.Client, command: Command, body: bytes, end: float) -> Result:
        async with asyncio.timeout_at(end):
            await client.subscribe(f"{self._topic}/confirmed", qos=1)
        async with asyncio.timeout_at(end):
            await client.publish(self._topic, body, qos=1)
        async with asyncio.timeout_at(end):
            async for message in client.messages:
                payload = message.payload
                try:
                    answer = _ANSWER.decode(payload if isinstance(payload, bytes) else str(payload))
                except msgspec.MsgspecError:
                    continue  # somebody else's
                if answer.id == command.id:
                    return Result(answer.outcome == "done", last_line(answer.note))
        return Result(False, "the broker hung up")
