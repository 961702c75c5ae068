"""Commands by HTTP."""

import asyncio
import logging
from urllib.parse import urlsplit

import httpx

from streams.incidents.model import Command
from streams.sites.actuator.hand import HandError, Result, last_line

log = logging.getLogger("tocsin.actuate")

AGAIN_S = 0.5
"""Seconds after which an address that takes no connection is tried again."""


class Webhook:
    """POSTs the command as JSON, with its id as `Idempotency-Key`; any answer of 2xx means done.

    A connection that is refused is tried again until the time is over. What may have been heard is never sent twice.

    Parameters
    ----------
    token
        Sent as a bearer's, where there is one.
    """

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HandError(f"--webhook {url}: expected http://HOST/PATH or https://HOST/PATH")
        self._url = url
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def act(self, command: Command, body: bytes, timeout: float) -> Result:
        """See `Hand`."""
        try:
            return asyncio.run(asyncio.wait_for(self._post(command, body), timeout))
        except TimeoutError:
            return Result(False, f"no answer within {timeout:g} s")
        except httpx.HTTPError as error:
            return Result(False, f"no answer: {str(error) or type(error).__name__}")

    async def _post(self, command: Command, body: bytes) -> Result:
        headers = {**self._headers, "Idempotency-Key": command.id}
        async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
            while True:
                try:
                    answer = await client.post(self._url, content=body, headers=headers)
                except httpx.ConnectError as error:
                    log.warning("%s: %s. Trying again.", command.id, error)
                    await asyncio.sleep(AGAIN_S)
                else:
                    words = last_line(answer.text)
                    return Result(answer.is_success, words if answer.is_success else f"{answer.status_code} {words}")
