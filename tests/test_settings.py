"""Settings come from the environment, and a wrong one says which."""

from pathlib import Path

import msgspec
import pytest

from streams.settings import FIELDS, Settings, SettingsError, librdkafka_config


def test_everything_has_a_default_and_a_meaning() -> None:
    assert Settings.from_env({}) == Settings()
    assert [field.name for field in FIELDS] == list(Settings.__struct_fields__)
    for field in FIELDS:
        assert field.env == f"TOCSIN_{field.name.upper()}"
        assert field.meaning
        assert Settings.from_env({field.env: field.default}) == Settings(), "the default as shown means the default"


def test_variables_are_read() -> None:
    settings = Settings.from_env(
        {
            "TOCSIN_BROKERS": "a:1, b:2",
            "TOCSIN_PARTITIONS": "12",
            "TOCSIN_TICK_S": "0.5",
            "TOCSIN_CLOCK": "log",
            "TOCSIN_ALERTMANAGERS": "http://a:9093/, http://b:9093",
            "TOCSIN_REPLICATION": " ",
            "HOME": "/nowhere",
        }
    )
    assert (settings.brokers, settings.partitions, settings.tick_s, settings.clock) == ("a:1, b:2", 12, 0.5, "log")
    assert settings.alertmanagers == ("http://a:9093", "http://b:9093")
    assert settings.replication == 1, "an empty variable counts as unset, as docker-compose passes them"


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("TOCSIN_PARTITIONS", "eight", "TOCSIN_PARTITIONS=eight: expected a whole number"),
        ("TOCSIN_PARTITIONS", "0", "TOCSIN_PARTITIONS=0: expected a whole number >= 1"),
        ("TOCSIN_TICK_S", "-1", "TOCSIN_TICK_S=-1: expected a number > 0"),
        ("TOCSIN_TICK_S", "nan", "TOCSIN_TICK_S=nan: expected a number"),
        ("TOCSIN_TICK_S", "inf", "TOCSIN_TICK_S=inf: expected a number <= 60"),
        ("TOCSIN_METRICS_PORT", "70000", "TOCSIN_METRICS_PORT=70000: expected a whole number <= 65535"),
        ("TOCSIN_CLOCK", "sun", "TOCSIN_CLOCK=sun: expected one of wall, log"),
        ("TOCSIN_SECURITY_PROTOCOL", "TLS", "expected one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ("TOCSIN_SECURITY_PROTOCOL", "SASL_SSL", "set TOCSIN_SASL_USERNAME and TOCSIN_SASL_PASSWORD_FILE"),
        ("TOCSIN_BROKERS", "kafka", "TOCSIN_BROKERS=kafka: expected host:port"),
        ("TOCSIN_CA_FILE", "/nowhere/ca.pem", "TOCSIN_CA_FILE=/nowhere/ca.pem: there is no such file"),
        ("TOCSIN_GRAFANA_TOKEN_FILE", "/nowhere/token", "TOCSIN_GRAFANA_TOKEN_FILE=/nowhere/token: No such file"),
    ],
)
def test_a_bad_value_names_its_variable(variable: str, value: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({variable: value})
    assert complaint in str(refused.value)


def test_secrets_come_from_files_and_never_show(tmp_path: Path) -> None:
    token, password = tmp_path / "token", tmp_path / "password"
    token.write_text("glsa_hush\n")
    password.write_text("hush-hush\n")
    settings = Settings.from_env(
        {
            "TOCSIN_GRAFANA_TOKEN_FILE": str(token),
            "TOCSIN_SASL_PASSWORD_FILE": str(password),
            "TOCSIN_SASL_USERNAME": "worker",
            "TOCSIN_SECURITY_PROTOCOL": "SASL_SSL",
        }
    )
    assert settings.grafana_token == "glsa_hush"
    assert settings.sasl_password == "hush-hush"
    assert "hush" not in f"{settings} {settings!r}"


def test_clients_get_addresses_and_security(tmp_path: Path) -> None:
    assert librdkafka_config(Settings(brokers="a:1")) == {"bootstrap.servers": "a:1", "security.protocol": "PLAINTEXT"}
    secure = msgspec.structs.replace(
        Settings(), security_protocol="SASL_SSL", sasl_username="worker", sasl_password="hush", ca_file="ca.pem"
    )
    assert librdkafka_config(secure, acks="all") == {
        "bootstrap.servers": "127.0.0.1:9092",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "worker",
        "sasl.password": "hush",
        "ssl.ca.location": "ca.pem",
        "acks": "all",
    }


def test_the_cache_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert Settings().cache_folder == Path("/somewhere/tocsin")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert Settings().cache_folder == Path.home() / ".cache/tocsin"
    assert Settings(cache="~/jars").cache_folder == Path.home() / "jars"


def test_the_command_line_goes_before_the_environment() -> None:
    given = {"TOCSIN_BROKERS": "b:2", "TOCSIN_PARTITIONS": 3, "TOCSIN_REPLICATION": None}
    environ = {"TOCSIN_BROKERS": "a:1", "TOCSIN_REPLICATION": "2"}
    settings = Settings.from_env(environ, given)
    assert (settings.brokers, settings.partitions, settings.replication) == ("b:2", 3, 2)
