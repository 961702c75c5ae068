"""`site.toml`: read whole, and every fault in it told with its line, its field and what to do."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo, fields

from streams.settings import Mechanism, Protocol, Settings
from streams.sites.lines import Steps, line_of, locate
from streams.sites.source import LOOPBACK, Complaint, Period, Port, Source, kinds, missing_file, secret
from streams.telemetry.envelope import SITE_PATTERN, Text

Table = dict[str, Any]


class Fault(NamedTuple):
    """One thing that is wrong in a file: `line` from 1, the field's dotted path, and what to do."""

    file: Path
    line: int
    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field + ': ' if self.field else ''}{self.text}"


class ConfigurationError(Exception):
    """A `site.toml` that can't be used; `faults` are all that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Kafka(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cluster, and as whom to publish there."""

    brokers: Annotated[Text, Meta(description="host:port, separated by commas")] = "127.0.0.1:9092"
    topic: Annotated[Text, Meta(description="the site's own topic; telemetry.* directly when left out")] | None = None
    username: Text | None = None
    password_file: Text | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    tls: bool = False
    ca_file: Text | None = None

    def settings(self, folder: Path) -> Settings:
        """Make the platform's settings of these; a password is read from its file now.

        Raises
        ------
        OSError
            When that can't be read.
        """
        protocol: Protocol = "SASL_SSL" if self.tls else "SASL_PLAINTEXT"
        if self.username is None:
            protocol = "SSL" if self.tls else "PLAINTEXT"
        return Settings(
            brokers=self.brokers,
            security_protocol=protocol,
            sasl_mechanism=self.mechanism,
            sasl_username=self.username or "",
            sasl_password=secret(folder, self.password_file) if self.password_file else "",
            ca_file=str(folder / Path(self.ca_file).expanduser()) if self.ca_file else "",
        )

    def check(self, folder: Path) -> Iterator[Complaint]:
        """Find what the types can't."""
        for broker in self.brokers.split(","):
            if not broker.strip().rpartition(":")[2].isdecimal():
                yield Complaint("brokers", f"expected host:port, separated by commas, got {self.brokers}")
        if (self.username is None) != (self.password_file is None):
            yield Complaint("username", "username and password_file belong together; give both or neither")
        if self.ca_file and not self.tls:
            yield Complaint("ca_file", "a ca_file is of use with tls = true only")
        yield from missing_file(folder, "password_file", self.password_file)
        yield from missing_file(folder, "ca_file", self.ca_file)


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole `site.toml`."""

    site: Annotated[str, Meta(pattern=SITE_PATTERN, description="the site's id, 3 to 32 of A-Z, 0-9 and -")]
    spool: Annotated[Text, Meta(description="folder where objects wait while the line is down")] = "spool"
    heartbeat_s: Period = 30.0
    metrics_host: Text = "127.0.0.1"
    metrics_port: Port = 9466
    metrics_token_file: Text | None = None
    kafka: Kafka = Kafka()
    source: list[Source]
    folder: Path = Path()

    def check(self, folder: Path) -> Iterator[Complaint]:
        """Find what the types can't, of the table itself."""
        if self.metrics_host not in LOOPBACK and self.metrics_token_file is None:
            text = f"{self.metrics_host} is open to others: set metrics_token_file as well, or take 127.0.0.1"
            yield Complaint("metrics_host", text)
        yield from missing_file(folder, "metrics_token_file", self.metrics_token_file)

    @property
    def spool_folder(self) -> Path:
        """Where the spool lies; relative to `site.toml`."""
        return self.folder / Path(self.spool).expanduser()


def load(path: Path) -> Site:
    """Read a `site.toml`.

    Raises
    ------
    ConfigurationError
        With everything that is wrong in it.
    """
    try:
        text = path.read_text("utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError([Fault(path, 1, "", f"can't be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([Fault(path, 1, "", "is not UTF-8 text; save it as UTF-8")]) from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        raise ConfigurationError([Fault(path, int(found[1]) if found else 1, "", f"not TOML: {error}")]) from error
    lines = locate(text)
    folder = path.parent.resolve()
    told = list(_faults(table, folder))
    if told:
        raise ConfigurationError([Fault(path, line_of(lines, steps), _dotted(steps), text) for steps, text in told])
    return _site(table, folder)


def _site(table: Table, folder: Path) -> Site:
    sources = [_named(msgspec.convert(one, _kinds()[one["type"]]), one["type"]) for one in table["source"]]
    rest = {name: value for name, value in table.items() if name != "source"}
    kafka = msgspec.convert(rest.pop("kafka", {}), Kafka)
    return Site(**rest, kafka=kafka, source=sources, folder=folder)


def _named(source: Source, kind: str) -> Source:
    return source if source.name else msgspec.structs.replace(source, name=kind)


def _kinds() -> dict[str, type[Source]]:
    return {str(kind.__struct_config__.tag): kind for kind in kinds()}


def _faults(table: Table, folder: Path) -> Iterator[tuple[Steps, str]]:
    own = {name: value for name, value in table.items() if name not in ("kafka", "source")}
    flaws = list(_flaws(own, Site, (), ("folder",)))
    yield from flaws
    if not flaws:
        for field, text in Site(**own, source=[]).check(folder):
            yield (field,), text
    kafka = table.get("kafka", {})
    yield from _part(kafka, Kafka, ("kafka",), folder)
    listed = table.get("source")
    if not isinstance(listed, list) or not listed:
        yield ("source",), 'a site has at least one [[source]]; the shortest is: [[source]] with type = "stdin"'
        return
    seen: dict[str, int] = {}
    for index, one in enumerate(listed):
        steps: Steps = ("source", index)
        kind = one.get("type") if isinstance(one, dict) else None
        if kind not in _kinds():
            got = "it is missing" if kind is None else f"got {kind!r}"
            yield (*steps, "type"), f"must be one of {', '.join(_kinds())}; {got}"
            continue
        yield from _part(one, _kinds()[kind], steps, folder)
        name = one.get("name") or kind
        if seen.setdefault(str(name), index) != index:
            yield (*steps, "name"), f"two sources are called {name}; give one another name"


def _part(table: Any, kind: type[Any], steps: Steps, folder: Path) -> Iterator[tuple[Steps, str]]:
    if not isinstance(table, dict):
        yield steps, "must be a table"
        return
    flaws = list(_flaws(table, kind, steps))
    yield from flaws
    if not flaws:
        try:
            part = msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            yield steps, str(error)
            return
        for field, text in part.check(folder):
            yield (*steps, *field.split(".")), text


def _flaws(table: Table, kind: type[Any], steps: Steps, hidden: tuple[str, ...] = ()) -> Iterator[tuple[Steps, str]]:
    """Judge each field of a table by itself, so that one fault does not hide the next."""
    known: Mapping[str, FieldInfo] = {one.encode_name: one for one in fields(kind) if one.name not in hidden}
    apart = {"kafka", "source"} if kind is Site else set()
    for name, value in table.items():
        if name == "type" and kind is not Site:
            continue
        if name not in known:
            yield (*steps, name), f"is no setting here; there are {', '.join(sorted(known))}"
            continue
        try:
            msgspec.convert(value, known[name].type)
        except msgspec.ValidationError as error:
            yield (*steps, name, *_inner(str(error))), _plain(str(error), known[name].type)
    for name, field in known.items():
        if field.required and name not in table and name not in apart:
            yield (*steps, name), "is missing"


def _inner(text: str) -> Iterator[str]:
    """Read msgspec's path to the fault inside a field, `$[1].key` as ("1", "key")."""
    found = re.search(r" - at `\$(.*)`$", text)
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]", found[1] if found else ""):
        yield name or index


def _plain(text: str, kind: Any) -> str:
    """Say msgspec's message in the words of a field's own description, where a pattern would tell little."""
    what = re.sub(r" - at `.*`$", "", text).replace("Expected", "expected").replace("`", "")
    described = [meta.description for meta in getattr(kind, "__metadata__", ()) if meta.description]
    return f"expected {described[0]}" if described and "matching regex" in what else what


def _dotted(steps: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) or step.isdigit() else f".{step}" for step in steps).lstrip(".")
