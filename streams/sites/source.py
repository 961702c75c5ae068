"""What every source of the gateway is, and what it may ask of the gateway."""

import asyncio
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from streams.sites import sources
from streams.sites.wire import RefusedError
from streams.telemetry.envelope import Device, Telemetry

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}(?!\n)$", description="lower case, digits, - and _")]
Port = Annotated[int, Meta(ge=0, le=65535)]
Host = Annotated[str, Meta(min_length=1, max_length=253)]
Period = Annotated[float, Meta(ge=0.1, le=86400, description="s")]
Poll = Annotated[float, Meta(ge=0.1, le=60, description="s between two looks")]

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SourceError(Exception):
    """The equipment can't be used as it is now; the message says what to do. The source is started again later."""


class Complaint(NamedTuple):
    """Something in a source's configuration that can't be right: the field, and what to do about it."""

    field: str
    text: str


class Sends(NamedTuple):
    """What a source sends: the device (or in words, which), the types, and how often in words."""

    device: str
    types: tuple[str, ...]
    when: str


class Outlet(Protocol):
    """The gateway, as one source sees it."""

    @property
    def site(self) -> str:
        """The site's id."""
        ...

    @property
    def folder(self) -> Path:
        """Where `site.toml` lies; its relative paths start here."""
        ...

    def now(self) -> datetime:
        """Return the time in UTC, to the millisecond."""
        ...

    async def publish(self, event: Telemetry | dict[str, Any] | bytes) -> None:
        """Take an object, or the JSON of one; returns once it is safe on disk.

        Raises
        ------
        RefusedError
            When it is none that the platform would take.
        """
        ...

    def alive(self) -> None:
        """Say that the source works: it listens, or its equipment answers. To be said at least every `PATIENCE_S`."""
        ...

    def refuse(self, reason: str) -> None:
        """Count and log what the equipment sent and nobody can take."""
        ...


PATIENCE_S = 90.0
"""A source that has not said that it is alive for so long counts as silent, s."""


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """One `[[source]]` of a site: its configuration, and how it is run.

    A plug-in is a subclass in a file of its own under `sources/`, with a `tag`, a docstring whose first line says what
    it listens to, `sends`, `run` and, where types can't tell right from wrong, `check`.
    """

    name: Name = ""

    def sends(self) -> Iterable[Sends]:
        """Tell what this source sends, for `tocsin gateway --check`."""
        raise NotImplementedError

    def where(self) -> str:
        """Tell what it listens on or connects to."""
        raise NotImplementedError

    def check(self, folder: Path) -> Iterable[Complaint]:
        """Find what the types alone can't: files that are missing, settings that contradict each other."""
        return ()

    async def run(self, outlet: Outlet) -> None:
        """Work until cancelled. To return says that nothing more will come; to raise, that it must be restarted."""
        raise NotImplementedError


def kinds() -> Iterator[type[Source]]:
    """Find every plug-in, in the order of the files' names."""
    for module in sorted(found.name for found in pkgutil.iter_modules(sources.__path__)):
        members = vars(importlib.import_module(f"{sources.__name__}.{module}")).values()
        for member in members:
            own = getattr(member, "__module__", "").endswith(f".{module}")
            if own and isinstance(member, type) and issubclass(member, Source) and member.__struct_config__.tag:
                yield member


def secret(folder: Path, file: str) -> str:
    """Read a secret from a file, relative to `site.toml`.

    Raises
    ------
    OSError
        When it can't be read.
    """
    return (folder / Path(file).expanduser()).read_text("utf-8").strip()


def missing_file(folder: Path, field: str, file: str | None) -> Iterator[Complaint]:
    """Complain of a file that is not there or can't be read."""
    if file is None:
        return
    path = folder / Path(file).expanduser()
    try:
        path.open("rb").close()
    except OSError as error:
        yield Complaint(field, f"{path}: {error.strerror or error}; put the secret there, readable by this user alone")


def zone_flaws(timezone: str | None) -> Iterator[Complaint]:
    """Complain of a time zone that nobody knows."""
    try:
        ZoneInfo(timezone or "UTC")
    except (KeyError, ValueError, OSError):
        yield Complaint("timezone", f"must be an IANA name like Europe/Paris, got {timezone}")


async def forward(events: Iterable[Telemetry], outlet: Outlet) -> list[str]:
    """Publish many events in order, together; answer why some were refused, which is counted and logged as well."""
    kept = list(events)
    answers = await asyncio.gather(*map(outlet.publish, kept), return_exceptions=True)
    reasons = []
    for event, answer in zip(kept, answers, strict=True):
        if isinstance(answer, RefusedError):
            reasons.append(f"{event.device}: {answer}")
            outlet.refuse(reasons[-1])
        elif answer is not None:
            raise answer
    return reasons


def device_of(text: str) -> Device:
    """Make a device's name of any text: at most 64 characters, its end where it is longer."""
    return text.strip()[-64:] or "unknown"
