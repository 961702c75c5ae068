"""Everything that may be set from outside: read once from the environment's `TOCSIN_*`, then never changed."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from ssl import create_default_context
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Meta, Struct

PREFIX = "TOCSIN_"
SECRET = frozenset({"sasl_password", "metrics_token", "grafana_token", "grafana_password", "ledger_key"})
"""Fields that never show: not in a repr, not in a message."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Clock = Literal["wall", "log"]
Front = Literal["none", "tls", "loopback"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class SettingsError(ValueError):
    """A variable has a value that can't be used; the message names it and says what would do."""


class Field(NamedTuple):
    """One setting, as the README's table shows it."""

    name: str
    env: str
    default: str
    meaning: str


def about(meaning: str, **bounds: Any) -> Any:
    """Say what a setting means, and within which bounds it must lie."""
    return Meta(description=meaning, **bounds)


class Settings(Struct, frozen=True, kw_only=True):
    """What a process of the platform needs to know of its surroundings."""

    brokers: Annotated[str, about("Kafka's addresses, host:port, separated by commas")] = "127.0.0.1:9092"
    partitions: Annotated[int, about("partitions of each topic that is made", ge=1, le=10_000)] = 8
    replication: Annotated[int, about("copies of each partition; 3 in production", ge=1, le=9)] = 1
    retention_h: Annotated[float, about("hours that telemetry stays in Kafka; 0: for ever", ge=0, le=1e6)] = 168
    security_protocol: Annotated[Protocol, about("how to talk to Kafka")] = "PLAINTEXT"
    sasl_mechanism: Annotated[Mechanism, about("how to log in at Kafka")] = "SCRAM-SHA-512"
    sasl_username: Annotated[str, about("user at Kafka")] = ""
    sasl_password: Annotated[str, about("that user's password; better in a file, TOCSIN_SASL_PASSWORD_FILE")] = ""
    ca_file: Annotated[str, about("PEM file of the authority behind Kafka's certificate; else the system's")] = ""
    web_ca_file: Annotated[
        str, about("the same for the certificates of Alertmanager, Grafana and, as Grafana sees it, Prometheus")
    ] = ""
    group: Annotated[str, about("the workers' consumer group")] = "tocsin-worker"
    instance: Annotated[
        str, about("a worker's own name, by which it finds its partitions again; host: the machine's")
    ] = ""
    clock: Annotated[Clock, about("who makes time: the worker's own clock, or the log that a player writes")] = "wall"
    tick_s: Annotated[float, about("seconds between two ticks; more when busy", gt=0, le=60)] = 0.05
    snapshot_s: Annotated[float, about("seconds between two snapshots, at least", gt=0, le=3600)] = 10.0
    metrics_host: Annotated[str, about("address on which /metrics answers")] = "127.0.0.1"
    metrics_token: Annotated[
        str, about("what /metrics asks for; needed beyond the loopback; better in a file, TOCSIN_METRICS_TOKEN_FILE")
    ] = ""
    metrics_certificate: Annotated[str, about("PEM file of the certificate of /metrics, for TLS")] = ""
    metrics_key: Annotated[str, about("PEM file of that certificate's key")] = ""
    metrics_port: Annotated[int, about("port on which /metrics answers; 0: a free one", ge=0, le=65535)] = 9464
    alertmanagers: Annotated[tuple[str, ...], about("all Alertmanagers' addresses; none: nobody is paged")] = ()
    grafana_url: Annotated[str, about("Grafana's address; empty: no annotations")] = ""
    grafana_token: Annotated[str, about("Grafana's token; better in a file, TOCSIN_GRAFANA_TOKEN_FILE")] = ""
    grafana_user: Annotated[str, about("Grafana's user, where there is no token")] = ""
    grafana_password: Annotated[str, about("that user's password; better in a file, TOCSIN_GRAFANA_PASSWORD_FILE")] = ""
    dashboards_url: Annotated[str, about("where people reach Grafana; alerts link there")] = "http://127.0.0.1:3000"
    prometheus_url: Annotated[str, about("where Grafana reaches Prometheus")] = "http://127.0.0.1:9090"
    runbooks_url: Annotated[str, about("where people reach the runbooks")] = "http://127.0.0.1:9465/runbooks"
    notifier_port: Annotated[int, about("port on which the notifier's /metrics answers", ge=0, le=65535)] = 9465
    gate_port: Annotated[int, about("port on which the gate's /metrics answers", ge=0, le=65535)] = 9467
    ledger_port: Annotated[int, about("port on which the ledger's /metrics answers", ge=0, le=65535)] = 9468
    ledger_folder: Annotated[str, about("folder in another place, into which the ledger seals")] = ""
    ledger_key: Annotated[str, about("the ledger's private key in PEM; better in a file, TOCSIN_LEDGER_KEY_FILE")] = ""
    seal_s: Annotated[float, about("seconds in which what was found, decided or done is sealed", gt=0, le=3600)] = 5.0
    seal_telemetry_s: Annotated[float, about("seconds in which all else is sealed", gt=0, le=86400)] = 300.0
    keep_before_h: Annotated[float, about("hours of telemetry before an incident that are kept", ge=0, le=168)] = 24.0
    actuator_port: Annotated[int, about("port on which the actuator's /metrics answers", ge=0, le=65535)] = 9469
    console_host: Annotated[str, about("address on which the console answers")] = "127.0.0.1"
    console_port: Annotated[int, about("port on which the console answers; 0: a free one", ge=0, le=65535)] = 9480
    console_metrics_port: Annotated[int, about("port on which its /metrics answers", ge=0, le=65535)] = 9481
    console_url: Annotated[str, about("where people reach the console; alerts link there")] = "http://127.0.0.1:9480"
    console_users: Annotated[str, about("TOML file of the console's users")] = "~/.config/tocsin/console.toml"
    console_certificate: Annotated[str, about("PEM file of the console's certificate, for TLS")] = ""
    console_key: Annotated[str, about("PEM file of that certificate's key")] = ""
    console_front: Annotated[
        Front, about("what stands before the console: something that speaks TLS, or a port of this machine's loopback")
    ] = "none"
    console_idle_min: Annotated[float, about("minutes without a request after which a session ends", gt=0)] = 30.0
    console_session_h: Annotated[float, about("hours after which a session ends in any case", gt=0, le=168)] = 12.0
    resend_s: Annotated[float, about("seconds between two sendings of an alert that stands", gt=0)] = 30.0
    flood_pages: Annotated[int, about("pages that go out alone in TOCSIN_FLOOD_S; more are told together", ge=1)] = 3
    flood_warnings: Annotated[int, about("the same for warnings; more are told as one list", ge=1)] = 10
    flood_s: Annotated[float, about("seconds over which these are counted", gt=0)] = 600.0
    cache: Annotated[str, about("folder for the embedded Kafka's jars; ~/.cache/tocsin when empty")] = ""

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, given: Mapping[str, object] | None = None
    ) -> "Settings":
        """Read the settings; raises `SettingsError`, which names the variable. An empty variable counts as unset.

        What was `given` on the command line, under the variable's name, takes its place; None was not given.
        """
        options = {name: str(value) for name, value in (given or {}).items() if value is not None}
        environ = {**(os.environ if environ is None else environ), **options}
        found = {name: read(environ) for name, read in READERS.items()}
        settings = cls(**{name: value for name, value in found.items() if value is not UNSET})
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what can't be right together."""
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise SettingsError(
                f"TOCSIN_SECURITY_PROTOCOL={self.security_protocol} logs in: "
                "set TOCSIN_SASL_USERNAME and TOCSIN_SASL_PASSWORD_FILE as well"
            )
        if self.metrics_host not in LOOPBACK and not self.metrics_token:
            raise SettingsError(
                f"TOCSIN_METRICS_HOST={self.metrics_host} can be reached by others: "
                "set TOCSIN_METRICS_TOKEN_FILE, which they will be asked for, or leave the host at 127.0.0.1"
            )
        for name, file in (("CA", self.ca_file), ("WEB_CA", self.web_ca_file)):
            if file and not Path(file).is_file():
                raise SettingsError(f"TOCSIN_{name}_FILE={file}: there is no such file")
        pairs = {
            "METRICS": (self.metrics_certificate, self.metrics_key),
            "CONSOLE": (self.console_certificate, self.console_key),
        }
        for name, (certificate, key) in pairs.items():
            if bool(certificate) != bool(key):
                names = f"TOCSIN_{name}_CERTIFICATE and TOCSIN_{name}_KEY"
                raise SettingsError(f"{names} belong together: set both, or none")
        if self.console_host not in LOOPBACK and not self.console_certificate and self.console_front == "none":
            raise SettingsError(
                f"TOCSIN_CONSOLE_HOST={self.console_host} can be reached by others: set TOCSIN_CONSOLE_CERTIFICATE and "
                "TOCSIN_CONSOLE_KEY, or TOCSIN_CONSOLE_FRONT=tls where something before it speaks TLS"
            )
        for broker in self.brokers.split(","):
            if not broker.strip().rpartition(":")[2].isdecimal():
                raise SettingsError(f"TOCSIN_BROKERS={self.brokers}: expected host:port, separated by commas")

    @property
    def cache_folder(self) -> Path:
        """Where downloads are kept for this user."""
        if self.cache:
            return Path(self.cache).expanduser()
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "tocsin"

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        shown = {name: "***" if value and name in SECRET else value for name, value in values.items()}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def librdkafka_config(settings: Settings, **more: Any) -> dict[str, Any]:
    """Make the configuration of a confluent-kafka client: addresses and security, and whatever `more` says."""
    config: dict[str, Any] = {"bootstrap.servers": settings.brokers, "security.protocol": settings.security_protocol}
    if settings.security_protocol.startswith("SASL"):
        config["sasl.mechanism"] = settings.sasl_mechanism
        config["sasl.username"] = settings.sasl_username
        config["sasl.password"] = settings.sasl_password
    if settings.ca_file:
        config["ssl.ca.location"] = settings.ca_file
    return config | more


def aiokafka_config(settings: Settings) -> dict[str, Any]:
    """Make aiokafka's arguments for logging in and encrypting."""
    arguments: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if settings.security_protocol.endswith("SSL"):
        arguments["ssl_context"] = create_default_context(cafile=settings.ca_file or None)
    if settings.security_protocol.startswith("SASL"):
        arguments["sasl_mechanism"] = settings.sasl_mechanism
        arguments["sasl_plain_username"] = settings.sasl_username
        arguments["sasl_plain_password"] = settings.sasl_password
    return arguments


def _reader(name: str, kind: Any) -> Callable[[Mapping[str, str]], Any]:
    env = PREFIX + name.upper()

    def read(environ: Mapping[str, str]) -> Any:
        text = environ.get(env, "").strip()
        if name in SECRET and not text and (file := environ.get(f"{env}_FILE", "").strip()):
            text = _secret(f"{env}_FILE", file)
        if not text:
            return UNSET
        listed = get_origin(kind.__origin__) is tuple
        value = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip()) if listed else text
        try:
            return msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError as error:
            shown = "***" if name in SECRET else text
            raise SettingsError(f"{env}={shown}: {_expected(error, kind)}") from None

    return read


def _expected(error: Exception, kind: Any) -> str:
    inner = kind.__origin__
    if get_origin(inner) is Literal:
        return f"expected one of {', '.join(get_args(inner))}"
    text = str(error).removesuffix(", got `str`").replace("Expected", "expected")
    return text.replace("`int`", "a whole number").replace("`float`", "a number")


def _secret(env: str, file: str) -> str:
    try:
        return Path(file).expanduser().read_text().strip()
    except OSError as error:
        raise SettingsError(f"{env}={file}: {error.strerror or error}") from None


def _field(name: str, kind: Any, default: Any) -> Field:
    meaning = next(meta.description for meta in kind.__metadata__ if meta.description)
    text = ",".join(default) if isinstance(default, tuple) else str(default)
    return Field(name, PREFIX + name.upper(), text, meaning)


KINDS = get_type_hints(Settings, include_extras=True)
READERS = {name: _reader(name, KINDS[name]) for name in Settings.__struct_fields__}
FIELDS = [_field(n, KINDS[n], d) for n, d in zip(Settings.__struct_fields__, Settings.__struct_defaults__, strict=True)]
"""Every setting in order, for the README's table and its test."""
