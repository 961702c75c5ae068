"""What the worker asks of the pure core, and how it fails when something does that must not."""

import logging
import os
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn, Protocol

from streams.incidents.census import Census
from streams.incidents.model import Output
from streams.incidents.stats import Stats
from streams.telemetry.control import Control
from streams.telemetry.decode import Arrival

FAILED = 70
"""The exit code of a worker that met what it did not expect (EX_SOFTWARE)."""
TWIN = "Should that come again with Kafka well, see that no other worker has this one's name, TOCSIN_INSTANCE, too"
"""What may be behind a refusal without a reason: aiokafka knows not all of Kafka's words for two of one name."""


class Core(Protocol):
    """All sites of one partition; `streams.incidents.shard.Shard` is it."""

    stats: Stats

    def advance(
        self, clock: float, arrivals: list[Arrival], controls: list[Control], complete: bool = True
    ) -> list[Output]: ...
    def due(self) -> float: ...
    def sites(self) -> Iterable[str]: ...
    def freeze(self, site: str) -> bytes: ...
    def thaw(self, site: str, blob: bytes) -> None: ...
    def seed(self, site: str, blob: bytes) -> None: ...
    def reset(self, site: str, device: str) -> None: ...
    def take_dirty(self) -> set[str]: ...
    def census(self) -> Census: ...


MakeCore = Callable[[], Core]


class FatalError(Exception):
    """An error that says by itself why the worker has to end."""


class Fatal:
    """A context whose exceptions end the process, with a sentence that says what it was."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            fail(str(error) if isinstance(error, FatalError) else self.reason, error)


def fail(reason: str, error: BaseException | None = None) -> NoReturn:
    """End the process at once, saying why: what is not durable is read again, what went wrong is not carried on."""
    logging.getLogger("tocsin.worker").critical("%s; the worker ends", reason, exc_info=error)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(FAILED)
